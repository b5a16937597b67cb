"""The place of a chat pane: what stands there before, instead of and after it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from nuke_ai_panel.providers.errors import Problem
from nuke_ai_panel.ui.late_pane import LatePane
from PySide6.QtWidgets import QApplication
from shiboken6 import delete

TROUBLE = Problem("not_started", "error", "It could not start", "The disk is full.", "Make room.")


@pytest.fixture
def pane(qapp: QApplication) -> Iterator[LatePane]:
    pane = LatePane("AI Panel")
    pane.resize(380, 600)
    yield pane
    delete(pane)


def wishes(pane: LatePane) -> list[str]:
    seen: list[str] = []
    pane.wanted.connect(lambda: seen.append("wanted"))
    return seen


def test_it_wants_something_to_show_after_its_first_paint_and_once(pane: LatePane, qapp: QApplication) -> None:
    wanted = wishes(pane)
    pane.show()
    pane.grab()
    assert pane.seen and wanted == []  # not inside of the paint
    qapp.processEvents()
    pane.grab()
    qapp.processEvents()
    assert wanted == ["wanted"]


def test_what_was_typed_survives_a_failed_start_and_its_retry(pane: LatePane) -> None:
    wanted, chat = wishes(pane), pane.fill()
    chat.composer.set_draft("a question")
    chat.composer.attach("a long text")
    pane.tell(TROUBLE)
    assert pane.chat is not None and pane.chat is not chat and len(pane.chat.view.messages) == 1
    pane.chat.view.retry_requested.emit("start")
    assert wanted == ["wanted"] and pane.chat.view.messages == []
    assert pane.chat.composer.draft() == "a question" and pane.chat.composer.attached() == ["a long text"]


def test_words_give_way_to_a_pane(pane: LatePane) -> None:
    pane.show()
    pane.say("<b>nothing</b> is here")
    assert pane.notice.isVisible() and pane.notice.text() == "<b>nothing</b> is here"
    pane.fill()
    assert pane.notice.isHidden()


def test_one_that_was_emptied_out_begins_anew_when_it_is_seen(pane: LatePane, qapp: QApplication) -> None:
    pane.show()
    pane.grab()
    qapp.processEvents()
    pane.fill()
    pane.hide()
    pane.empty_out()
    wanted = wishes(pane)
    assert pane.chat is None
    pane.show()
    pane.grab()
    qapp.processEvents()
    assert wanted == ["wanted"]
