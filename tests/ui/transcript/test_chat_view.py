"""The transcript: where the reader is kept, how keys move in it, what it asks for."""

from __future__ import annotations

import pytest
from nuke_ai_panel.providers.errors import Problem
from nuke_ai_panel.ui.look.measures import MEASURE
from nuke_ai_panel.ui.transcript.chat_view import ChatView
from nuke_ai_panel.ui.transcript.message_frame import FocusOutline
from nuke_ai_panel.ui.transcript.message_view import AnswerEnd, AnswerView, FooterText
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget
from shiboken6 import delete
from transcript_parts import on_screen, until

FOOTER = FooterText("14:05", "model", "")
DONE = AnswerEnd("done", FOOTER)
LONG = "A paragraph of some words that fills a line or two in a narrow pane.\n\n" * 30


@pytest.fixture
def chat(own) -> ChatView:
    return on_screen(own, ChatView, 400, 300)


def say(chat: ChatView, text: str, answer_id: str = "1", end: AnswerEnd | None = DONE) -> AnswerView:
    answer = chat.begin_answer(answer_id, "model")
    answer.add_text(text)
    if end:
        answer.end(end)
        until(lambda: not answer.running)
    return answer


def bar(chat: ChatView):
    return chat.verticalScrollBar()


def test_it_stays_at_the_end_while_the_reader_is_there(chat):
    chat.add_question("Why?", "14:02")
    answer = say(chat, LONG, end=None)
    until(lambda: answer.idle)
    assert bar(chat).maximum() > 300
    assert chat.at_end and bar(chat).value() == bar(chat).maximum()


def test_a_reader_further_up_is_left_there_and_told(chat):
    answer = say(chat, LONG, end=None)
    until(lambda: answer.idle)
    bar(chat).setValue(50)
    answer.add_text("And more.\n\n" * 20)
    until(lambda: answer.idle)
    assert bar(chat).value() == 50
    assert not chat.at_end
    assert chat._more.isVisible()
    chat._more.click()
    assert bar(chat).value() == bar(chat).maximum()
    assert not chat._more.isVisible()


def test_back_at_the_end_it_sticks_again(chat):
    answer = say(chat, LONG, end=None)
    until(lambda: answer.idle)
    bar(chat).setValue(10)
    bar(chat).setValue(bar(chat).maximum())
    answer.add_text("more\n\n" * 20)
    until(lambda: answer.idle)
    assert bar(chat).value() == bar(chat).maximum()


def test_a_new_question_goes_to_the_end(chat):
    say(chat, LONG)
    bar(chat).setValue(0)
    chat.add_question("And then?", "14:06")
    assert bar(chat).value() == bar(chat).maximum()


@pytest.mark.parametrize(("width", "gutter"), [(320, 8), (359, 8), (360, 12), (400, 12), (600, 16), (1000, 140)])
def test_gutters_follow_the_width_and_text_never_gets_too_wide(own, width, gutter):
    chat = on_screen(own, ChatView, width, 300)
    question = chat.add_question("Why?", "")
    left = question.mapTo(chat, question.rect().topLeft()).x()
    assert left == gutter
    assert question.width() == min(MEASURE, width - 2 * left)


def test_20_above_a_question_12_above_an_answer(chat):
    first = chat.add_question("One", "")
    answer = say(chat, "Text")
    second = chat.add_question("Two", "")
    assert answer.y() - first.geometry().bottom() - 1 == 12
    assert second.y() - answer.geometry().bottom() - 1 == 20


def test_nothing_scrolls_sideways_at_300(own):
    chat = on_screen(own, ChatView, 300, 300)
    chat.add_question("x" * 400, "")
    say(chat, f"{'y' * 400}\n\n```\n{'z' * 400}\n```\n\n|a|b|\n|-|-|\n|{'c' * 200}|{'d' * 300}|\n")
    assert chat.horizontalScrollBar().maximum() == 0
    assert chat._ground.width() == chat.viewport().width()


def test_an_answer_asks_for_another_one_by_its_id(chat):
    asked: list[str] = []
    chat.retry_requested.connect(asked.append)
    for answer_id in ("1", "2"):
        answer = say(chat, "Text", answer_id)
        answer.stops_in_order()[-1].click()
    assert asked == ["1", "2"]


def test_a_failed_answer_leads_to_the_settings_and_a_link_out(chat):
    seen: list[str] = []
    chat.settings_requested.connect(lambda: seen.append("settings"))
    chat.link_activated.connect(seen.append)
    problem = Problem("key_wrong", "error", "Title", "Why.", "Next.")
    answer = say(chat, "See <https://example.org/>", end=AnswerEnd("failed", FOOTER, problem))
    link, _, settings, _ = answer.stops_in_order()
    link.setFocus()
    QTest.keyClick(link, Qt.Key.Key_Return)
    settings.click()
    assert seen == ["https://example.org/", "settings"]


def test_the_empty_page_is_there_until_the_first_message_and_after_clear(chat):
    page = QWidget()
    QVBoxLayout(page).addWidget(QLabel("Choose who answers"))
    chat.set_empty(page)
    assert page.isVisible() and page.height() > 0
    question = chat.add_question("Why?", "")
    assert not page.isVisible()
    assert question.y() == 0
    chat.clear()
    assert page.isVisible()
    assert chat.messages == []


def test_another_empty_page_takes_the_place_of_the_first(chat):
    for words in ("one", "two"):
        page = QWidget()
        QVBoxLayout(page).addWidget(QLabel(words))
        chat.set_empty(page)
    assert [label.text() for label in chat.findChildren(QLabel) if label.isVisible()] == ["two"]


def test_tab_is_one_stop_up_and_down_go_between_messages_and_tab_goes_into_one(own):
    def page(look) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        for widget in (QPushButton("before"), ChatView(look), QPushButton("after")):
            layout.addWidget(widget)
        return page

    host = on_screen(own, page, 400, 400)
    before, after = (each for each in host.findChildren(QPushButton) if each.text() in ("before", "after"))
    chat = host.findChild(ChatView)
    question = chat.add_question("Why?", "14:02")
    answer = chat.begin_answer("1", "model")
    answer.start_tool("a", "list_nodes", "{}")
    answer.end(DONE)
    until(lambda: not answer.running)
    host.window().activateWindow()
    assert QTest.qWaitForWindowActive(host.window())  # an X server without a window manager takes its time
    before.setFocus()

    def pressed(key: Qt.Key) -> QWidget:
        QTest.keyClick(QApplication.focusWidget(), key)
        return QApplication.focusWidget()

    assert pressed(Qt.Key.Key_Tab) is answer
    assert pressed(Qt.Key.Key_Up) is question
    assert pressed(Qt.Key.Key_Down) is answer
    card, copy, again = answer.stops_in_order()
    assert [pressed(Qt.Key.Key_Tab) for _ in range(4)] == [card, copy, again, after]
    assert pressed(Qt.Key.Key_Backtab) is answer
    assert pressed(Qt.Key.Key_Backtab) is before


def test_messages_have_names_for_who_cannot_see_them(chat):
    chat.add_question("Why is it dark?", "14:02")
    answer = say(chat, "Because of **alpha**.")
    assert [message.accessibleName() for message in chat.messages] == [
        "You, 14:02, Why is it dark?",
        "Assistant, 14:05, Because of **alpha**.",
    ]
    assert answer is chat.messages[1]


def test_closed_in_the_middle_of_a_stream_nothing_is_left(own):
    for _ in range(20):
        chat = on_screen(own, ChatView)
        chat.add_question("Why?", "")
        answer = chat.begin_answer("1", "model")
        answer.add_text("word\n\n```py\nx = 1\n```\n\n| a |\n|---|\n| b")
        answer.add_text(" more")
        delete(chat.window())


def test_clear_in_the_middle_of_a_stream_ends_the_view_only(chat):
    answer = say(chat, "Text", end=None)
    chat.clear()
    answer.add_text("more")
    QTest.qWait(1)
    assert chat.messages == []


def test_a_new_font_lays_everything_out_again(chat):
    chat.add_question("Why?", "")
    answer = say(chat, "A paragraph.\n\n- item\n\n```\ncode\n```\n")
    before = answer.height()
    font = chat.window().font()
    font.setPixelSize(22)
    chat.window().setFont(font)
    until(lambda: answer.height() > before)


def test_a_message_that_is_reached_by_key_is_outlined_and_the_outline_grows_with_it(chat):
    question = chat.add_question("Why?", "14:02")
    answer = say(chat, "Because.", end=None)
    chat.activateWindow()
    until(chat.isActiveWindow)
    outline = chat.findChild(FocusOutline)
    for message in (question, answer):
        message.setFocus(Qt.FocusReason.TabFocusReason)
        until(message.hasFocus)
        assert outline.isVisible()
        assert outline.size() == message.size() + QSize(8, 8)
    answer.add_text("\n\nAnd more." * 5)
    until(lambda: answer.idle)
    assert outline.size() == answer.size() + QSize(8, 8)
    answer.clearFocus()
    assert not outline.isVisible()
