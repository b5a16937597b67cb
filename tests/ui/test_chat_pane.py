"""The whole pane by key."""

from __future__ import annotations

import pytest
from looks import names, pressing, tab_stops
from nuke_ai_panel.ui.chat_pane import ChatPane
from nuke_ai_panel.ui.empty_chat import EmptyChat
from nuke_ai_panel.ui.late_pane import LatePane
from nuke_ai_panel.ui.look.measures import gutter, text_left
from nuke_ai_panel.ui.parts.frames import column
from nuke_ai_panel.ui.transcript.message_view import AnswerEnd, FooterText
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from shiboken6 import isValid
from transcript_parts import until

INSIDE = ["Open a script", "Message", "Send"]
HEADER = ["Model: none, not set up", "Open a script", "New chat", "Settings", "Diagnostics"]


@pytest.fixture
def pane(own) -> ChatPane:
    pane = own(ChatPane())
    pane.resize(400, 600)
    pane.show()
    return pane


def test_tab_goes_from_the_header_through_an_empty_chat_to_the_composer(pane):
    pane.composer.set_draft("Why?")
    pane.view.set_empty(EmptyChat(pane.look))
    assert names(tab_stops(pane)) == [*HEADER, "Open a script", "Message", "Send"]
    pane.view.add_question("Why?", "14:02")
    assert names(tab_stops(pane))[len(HEADER)] == "Conversation"


def test_one_types_into_the_composer_at_once(pane):
    pane.setFocus()
    pane.activateWindow()
    until(pane.composer.field.hasFocus)


def test_pressing_tab_goes_round_the_whole_pane_and_back_again(pane):
    pane.composer.attach("a long paste")
    pane.view.set_empty(EmptyChat(pane.look))
    pane.activateWindow()
    pane.setFocus()
    until(pane.composer.field.hasFocus)
    chip = "Pasted text, 0 kB. Delete removes it."
    assert pressing(Qt.Key.Key_Tab, 9) == ["Send", *HEADER, "Open a script", chip, "Message"]
    assert pressing(Qt.Key.Key_Backtab, 9) == [chip, "Open a script", *reversed(HEADER), "Send", "Message"]


def test_tab_comes_from_a_host_into_the_header_and_leaves_after_send(own):
    host = own(QWidget())
    before, late, after = QLineEdit(), LatePane("AI Panel"), QLineEdit()
    for name, widget in (("before", before), ("", late), ("after", after)):
        widget.setAccessibleName(name)
    late.fill().view.set_empty(EmptyChat(late.fill().look))
    late.fill().composer.set_blocked("")
    column(before, late, after, into=host)
    host.show()
    host.activateWindow()
    before.setFocus()
    until(before.hasFocus)
    assert pressing(Qt.Key.Key_Tab, 8) == [*(each for each in HEADER if each != HEADER[1]), *INSIDE, "after"]
    late.setFocus()
    assert late.fill().composer.field.hasFocus()


@pytest.mark.parametrize("where", ["field", "chip", "transcript"])
def test_esc_stops_once_wherever_the_focus_is(pane, where):
    asked: list[int] = []
    pane.composer.stop_requested.connect(lambda: asked.append(1))
    question = pane.view.add_question("Why?", "14:02")
    places: dict[str, QWidget] = {"field": pane.composer.field, "chip": pane.header.chip, "transcript": question}
    QTest.keyClick(places[where], Qt.Key.Key_Escape)
    assert asked == []
    pane.composer.set_running(True)
    QTest.keyClick(places[where], Qt.Key.Key_Escape)
    assert asked == [1]


def test_looking_for_tab_stops_leaves_no_bar_of_the_transcript_dead_when_a_message_dies(pane):
    bar = pane.view.verticalScrollBar()
    for _ in range(2):
        answer = pane.view.begin_answer("1", "model")
        answer.add_text("```python\nx = 1\n```\n")
        answer.end(AnswerEnd("done", FooterText("14:05", "model", "")))
        until(lambda answer=answer: not answer.running)
        answer.setFocus(Qt.FocusReason.TabFocusReason)
        for _ in range(6):
            QTest.keyClick(pane.focusWidget(), Qt.Key.Key_Tab)
        pane.view.clear()
        pane.view.set_empty(EmptyChat(pane.look))
        QTest.qWait(10)
    assert isValid(bar)


@pytest.mark.parametrize("width", [320, 400, 560, 640, 1400])
def test_text_and_what_is_written_share_their_edges_at_every_width(pane, width):
    empty = EmptyChat(pane.look)
    pane.view.set_empty(empty)
    pane.resize(width, 700)
    box, button, left = pane.composer._box, empty._open, text_left(width)
    until(lambda: box.mapTo(pane, QPoint()).x() == left == button.mapTo(pane, QPoint()).x())
    question = pane.view.add_question("Why?", "14:02")
    assert question.mapTo(pane, QPoint()).x() == left
    assert question.width() == box.width()
    assert pane.header._name.x() == gutter(width)


def test_a_new_chat_is_written_into_at_once(pane):
    pane.activateWindow()
    pane.header._new.setFocus()
    until(pane.header._new.hasFocus)
    QTest.keyClick(pane.header._new, Qt.Key.Key_Return)
    assert pane.composer.field.hasFocus()
