"""A tool call in one line, and what it opens to."""

from __future__ import annotations

import pytest
from nuke_ai_panel.ui.transcript.block_column import BlockColumn
from nuke_ai_panel.ui.transcript.tool_card import HIGHEST, ToolCard, short_arguments
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from transcript_parts import on_screen


@pytest.fixture
def card(own) -> ToolCard:
    column = on_screen(own, lambda look: BlockColumn())
    card = ToolCard(column.window().look, "list_nodes", '{"class": "Grade"}')
    column.append(card)
    column.settle()
    return card


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ('{"class": "Grade"}', "class=Grade"),
        ('{"to": "Write1", "depth": 3, "deep": [1, 2]}', "to=Write1, depth=3, deep=[1, 2]"),
        ("{}", ""),
        ('{"half', '{"half'),
        ("[1]", "[1]"),
        ('{"a": "x\\ny\\u202ez"}', "a=x yz"),
        ("[" * 100_000, "[" * 400),
    ],
)
def test_arguments_are_short_and_readable_whatever_the_model_wrote(arguments: str, shown: str):
    assert short_arguments(arguments) == shown


def test_it_runs_then_says_how_it_went(card):
    assert card.state == "half"
    card.finish(True, "14 nodes", "Grade4")
    assert (card.state, card.outcome) == ("check", "14 nodes")
    assert card.head.accessibleName() == "Tool list_nodes, 14 nodes"
    card.finish(False, "no such node", "")
    assert (card.state, card.outcome) == ("cross", "no such node")


def test_a_turn_that_ends_first_leaves_no_arc_turning(card):
    card.give_up()
    assert card.state == "dash"
    assert not card.head.state.turning


def test_what_is_done_stays_done(card):
    card.finish(True, "14 nodes", "")
    card.give_up()
    assert card.state == "check"


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_keys_open_it_to_arguments_and_result(card, key):
    closed = card.height()
    card.finish(True, "2 nodes", "Grade4\nGrade5")
    card.head.setFocus()
    QTest.keyClick(card.head, key)
    assert card.opened
    assert card.detail == '{\n  "class": "Grade"\n}\n\nGrade4\nGrade5'
    assert card.height() > closed
    QTest.keyClick(card.head, key)
    assert card.height() == closed


def test_a_result_that_comes_while_it_is_open_is_shown(card):
    card.head.click()
    before = card.height()
    card.finish(True, "9 nodes", "one\n" * 9)
    assert "one" in card.detail
    assert card.height() > before


def test_a_long_result_scrolls_inside(card):
    card.finish(True, "many", "line\n" * 5000)
    card.head.click()
    assert card.height() <= HIGHEST + 60
    assert card._body.verticalScrollBar().maximum() > 0


def test_an_endless_result_is_cut_and_counted(card):
    card.finish(True, "much", "x" * 1_000_000)
    card.head.click()
    assert card.detail.endswith("800,000 more characters are not shown.")


def test_the_arguments_give_way_first(own):
    column = on_screen(own, lambda look: BlockColumn(), 280, 100)
    card = ToolCard(column.window().look, "list_nodes", '{"where": "upstream of Write1 and of everything else"}')
    card.finish(True, "14 nodes", "")
    column.append(card)
    column.settle()
    name, arguments, outcome, chevron = card.head._rooms()
    metrics = card.head.fontMetrics()
    assert outcome.width() > 0 and arguments.width() > 0
    assert name.right() < arguments.left() <= arguments.right() < outcome.left() < chevron.left()
    assert chevron.right() < card.width()
    assert arguments.width() < metrics.horizontalAdvance(card.head.arguments)
