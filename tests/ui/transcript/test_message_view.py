"""An answer as it comes: its parts in order, its ends, and what it costs while nobody looks."""

from __future__ import annotations

import pytest
from nuke_ai_panel.providers.errors import Problem
from nuke_ai_panel.ui.transcript.answer_parts import Footer, ProblemCard, StatusLine, StoppedLine
from nuke_ai_panel.ui.transcript.block_column import BlockColumn
from nuke_ai_panel.ui.transcript.markdown_view import MarkdownView
from nuke_ai_panel.ui.transcript.message_view import AnswerEnd, AnswerView, FooterText, QuestionView
from nuke_ai_panel.ui.transcript.thought_fold import ThoughtFold
from nuke_ai_panel.ui.transcript.tool_card import ToolCard
from nuke_ai_panel.ui.transcript.trickle import INTERVAL_MS, SLICE, Trickle, Words
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QWidget
from shiboken6 import delete
from transcript_parts import on_screen, until

FOOTER = FooterText("14:05", "sonnet-4-5", "2,184 in, 412 out")
DONE = AnswerEnd("done", FOOTER)
REFUSED = Problem(
    "key_wrong", "error", "Anthropic refused the key", "It may be revoked.", "Replace the key.", "HTTP 401 {...}"
)
CUT = Problem("length", "notice", "The answer was cut", "The model stopped at its limit.", "Ask it to go on.")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def answer(own, clock) -> AnswerView:
    column = on_screen(own, lambda look: BlockColumn())
    view = AnswerView(column.window().look, "sonnet-4-5", clock=clock)
    column.append(view)
    column.settle()
    return view


def parts(answer: AnswerView) -> list:
    return [slot.widget for slot in answer.slots]


def part(answer: AnswerView, kind: type):
    return next(each for each in parts(answer) if isinstance(each, kind))


def words(answer: AnswerView) -> str:
    texts = [each for each in parts(answer) if isinstance(each, MarkdownView)]
    return " | ".join(block.text for text in texts for block in text.widgets)


def ended(answer: AnswerView, end: AnswerEnd) -> AnswerView:
    answer.end(end)
    until(lambda: not answer.running)
    return answer


def press(answer: AnswerView, word: str) -> None:
    [button] = [each for each in answer.stops_in_order() if word in (each.text(), each.accessibleName())]
    button.click()


def test_the_first_word_is_on_screen_before_the_call_returns(answer):
    answer.add_text("Yes")
    assert words(answer) == "Yes"
    assert answer.idle


def test_what_follows_at_once_is_shown_together_a_frame_later(answer):
    answer.add_text("Yes")
    for word in (", it", " is", " so."):
        answer.add_text(word)
    assert words(answer) == "Yes"
    until(lambda: answer.idle)
    assert words(answer) == "Yes, it is so."


def test_parts_stand_in_the_order_in_which_they_came(answer):
    answer.add_reasoning("hm")
    answer.start_tool("a", "list_nodes", "{}")
    answer.add_text("First.")
    answer.start_tool("b", "trace_bbox", "{}")
    answer.add_text("Then.")
    ended(answer, DONE)
    kinds = [type(each) for each in parts(answer)]
    assert kinds == [ThoughtFold, ToolCard, MarkdownView, ToolCard, MarkdownView, Footer]
    assert words(answer) == "First. | Then."


def test_gaps_are_12_between_parts_8_below_the_fold_and_4_between_cards(answer):
    answer.add_reasoning("hm")
    answer.start_tool("a", "x", "{}")
    answer.start_tool("b", "y", "{}")
    answer.add_text("Text.")
    ended(answer, DONE)
    tops = [(above.bottom, below.top) for above, below in zip(answer.slots, answer.slots[1:], strict=False)]
    assert [below - above for above, below in tops] == [8, 4, 12, 12]


def test_tools_end_in_their_own_cards(answer):
    answer.start_tool("a", "list_nodes", "{}")
    answer.start_tool("b", "read_node", "{}")
    answer.finish_tool("b", False, "no such node", "")
    answer.finish_tool("a", True, "14 nodes", "")
    answer.finish_tool("stranger", True, "", "")
    until(lambda: answer.idle)
    assert [card.outcome for card in parts(answer)[:2]] == ["14 nodes", "no such node"]


def test_a_tool_that_never_ended_does_not_turn_for_ever(answer):
    answer.start_tool("a", "list_nodes", "{}")
    ended(answer, AnswerEnd("stopped", FOOTER))
    assert part(answer, ToolCard).state == "dash"


def test_thinking_is_timed_and_opens(answer, clock):
    answer.add_reasoning("I look at the **graph**.")
    fold = part(answer, ThoughtFold)
    assert fold.words == "Thinking..."
    clock.now += 6.2
    answer.add_text("So.")
    until(lambda: answer.idle)
    assert fold.words == "Thought for 6 s"
    closed = fold.height()
    fold.head.click()
    until(lambda: fold.height() > closed)
    assert fold._body.widgets[0].text == "I look at the graph."
    fold.head.click()
    assert fold.height() == closed


def test_text_stays_still_when_the_footer_takes_the_place_of_the_status(answer):
    answer.add_text("Text.")
    answer.set_status("sonnet-4-5 is writing, 3 s")
    status = part(answer, StatusLine).geometry()
    height = answer.height()
    ended(answer, DONE)
    assert part(answer, Footer).geometry() == status
    assert answer.height() == height


def test_the_status_is_silent_for_the_first_moment(answer):
    answer.set_status("sonnet-4-5 is writing")
    status = part(answer, StatusLine)
    assert not status.speaking
    assert status.height() > 0
    until(lambda: status.speaking)
    assert answer.status == "sonnet-4-5 is writing"


def test_a_stopped_answer_keeps_its_text_and_says_when(answer):
    answer.add_text("The box first grows")
    asked: list[bool] = []
    answer.retry_requested.connect(lambda: asked.append(True))
    ended(answer, AnswerEnd("stopped", FOOTER))
    assert words(answer) == "The box first grows"
    assert part(answer, StoppedLine).accessibleName() == "Stopped by you at 14:05"
    press(answer, "Answer again")
    assert asked == [True]


def test_a_failed_answer_says_what_why_and_next_and_offers_ways_out(answer):
    asked: list[str] = []
    answer.retry_requested.connect(lambda: asked.append("retry"))
    answer.settings_requested.connect(lambda: asked.append("settings"))
    ended(answer, AnswerEnd("failed", FOOTER, REFUSED))
    card = part(answer, ProblemCard)
    assert [label.text() for label in card.findChildren(QLabel)][:2] == [
        "Anthropic refused the key",
        "It may be revoked. Replace the key.",
    ]
    press(answer, "Retry")
    press(answer, "Open settings")
    assert asked == ["retry", "settings"]
    assert answer.accessibleName() == "Assistant, 14:05, Anthropic refused the key"


def test_details_open_below_and_the_answer_grows(answer):
    ended(answer, AnswerEnd("failed", FOOTER, REFUSED))
    height = answer.height()
    press(answer, "Details")
    until(lambda: answer.height() > height)
    assert part(answer, ProblemCard).findChild(QPlainTextEdit).toPlainText() == "HTTP 401 {...}"


def test_a_notice_is_no_error(answer):
    answer.add_text("Text")
    ended(answer, AnswerEnd("done", FOOTER, None, (CUT,)))
    assert part(answer, ProblemCard).kind == "card"
    assert "Retry" not in [getattr(each, "text", str)() for each in answer.stops_in_order()]
    assert type(parts(answer)[-1]) is Footer


def test_the_footer_loses_time_and_model_in_a_narrow_pane(answer):
    ended(answer, DONE)
    footer = part(answer, Footer)
    assert footer.text == "14:05, sonnet-4-5, 2,184 in, 412 out"
    answer.window().resize(304, 600)
    until(lambda: footer.text == "2,184 in, 412 out")
    assert footer._words.toolTip() == "14:05, sonnet-4-5, 2,184 in, 412 out"


def test_copy_gives_the_markdown_as_it_was_written(answer):
    answer.add_text("**Bold** and `code`\n\n- it")
    answer.start_tool("a", "x", "{}")
    answer.add_text("em \u202e\x00")
    ended(answer, DONE)
    press(answer, "Copy as Markdown")
    assert QGuiApplication.clipboard().text() == "**Bold** and `code`\n\n- it\n\nem \ufffd"


def test_nothing_more_is_shown_after_the_end(answer):
    answer.add_text("Text")
    ended(answer, DONE)
    answer.add_text(" more")
    answer.end(AnswerEnd("failed", FOOTER, REFUSED))
    assert words(answer) == "Text"
    assert answer.markdown == "Text"


def test_the_end_waits_for_the_text_before_it(answer):
    text = "word " * 20_000
    answer.add_text(text)
    answer.end(DONE)
    assert answer.running
    until(lambda: not answer.running)
    assert words(answer).count("word") == 20_000


def test_hidden_it_only_collects_and_shows_it_all_when_it_is_back(answer):
    answer.add_text("One")
    answer.window().hide()
    answer.add_text(" two")
    answer.start_tool("a", "x", "{}")
    answer.end(DONE)
    assert words(answer) == "One"
    assert not answer._trickle.isActive()
    answer.window().show()
    until(lambda: not answer.running)
    assert words(answer) == "One two"
    assert part(answer, ToolCard)


def test_the_caret_is_behind_the_last_word_until_the_end(answer):
    answer.add_text("One\n\nTwo")
    blocks = part(answer, MarkdownView).widgets
    assert [block._caret for block in blocks] == [False, True]
    ended(answer, DONE)
    assert [block._caret for block in blocks] == [False, False]


def test_finished_blocks_keep_their_widgets_while_the_text_goes_on(answer):
    answer.add_text("One\n\n| a |\n|---|\n| 1 |\n\n```py\nx\n```\n\nTwo")
    before = list(part(answer, MarkdownView).widgets)
    for piece in (" and", " more\n\n", "- Three\n", "- Four"):
        answer.add_text(piece)
        until(lambda: answer.idle)
    assert part(answer, MarkdownView).widgets[: len(before)] == before
    assert len(part(answer, MarkdownView).widgets) == len(before) + 2


def test_what_turns_out_to_be_something_else_is_another_widget(answer):
    answer.add_text("| a | b |")
    assert [type(each).__name__ for each in part(answer, MarkdownView).widgets] == ["TableBlock"]
    answer.add_text("\nno dashes")
    until(lambda: answer.idle)
    assert [type(each).__name__ for each in part(answer, MarkdownView).widgets] == ["TextBlock"]


def test_blocks_of_every_kind_lie_below_one_another_without_overlap(answer):
    answer.add_text("# T\n\npara\n\n- a\n  - b\n\n> q\n\n---\n\n```\nx\n```\n\n| a |\n|---|\n| 1 |\n\nend")
    ended(answer, DONE)
    slots = part(answer, MarkdownView).slots
    assert len(slots) == 9
    for above, below in zip(slots, slots[1:], strict=False):
        assert above.bottom < below.top
    assert all(slot.widget.geometry().top() == slot.top for slot in slots)


def test_a_destroyed_answer_leaves_nothing_running(own):
    column = on_screen(own, lambda look: BlockColumn())
    for number in range(30):
        view = AnswerView(column.window().look, "x")
        column.append(view)
        column.settle()
        view.add_text("word\n\n" * number)
        view.add_reasoning("hm")
        view.start_tool("a", "x", "{}")
        view.set_status("busy")
        if number % 3 == 0:
            view.end(DONE)
        column.remove(view)
        delete(view)
    QTest.qWait(1)


def test_a_question_is_shown_as_it_was_typed(own):
    question = on_screen(own, lambda look: QuestionView(look, "**Why** <b>\nis it\u202e so?", "14:02"), 400, 100)
    assert question.text == "**Why** <b>\nis it so?"
    assert question.toolTip() == "14:02"
    assert question.accessibleName() == "You, 14:02, **Why** <b> is it so?"


def test_one_line_of_a_question_stands_8_from_the_edges(own):
    question = on_screen(own, lambda look: QuestionView(look, "Why?", ""), 400, 100)
    assert question.heightForWidth(400) == question.look.theme.control + 8
    question.setFocus()
    QTest.keyClick(question, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "Why?"


def test_long_texts_are_handed_on_in_slices_and_short_ones_together(own):
    trickle = Trickle(own(QWidget()))
    seen: list[Words] = []
    trickle.ready.connect(seen.append)
    trickle.hold(True)
    for piece in ("a" * 300, "b" * 300, "c" * 5000):
        trickle.add(Words("text", piece))
    trickle.add("step")
    trickle.hold(False)
    until(lambda: trickle.empty)
    assert seen[-1] == "step"
    assert all(len(words.text) <= SLICE for words in seen[:-1])
    assert "".join(words.text for words in seen[:-1]) == "a" * 300 + "b" * 300 + "c" * 5000


def test_a_slow_screen_is_given_time(own, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("nuke_ai_panel.ui.transcript.trickle.perf_counter", lambda: now[0])
    trickle = Trickle(own(QWidget()))
    trickle.ready.connect(lambda step: now.__setitem__(0, now[0] + step))
    trickle.add(0.001)
    assert trickle.interval() == INTERVAL_MS
    trickle.stop()
    trickle.add(0.2)
    assert trickle.interval() == 400


def test_a_file_that_cannot_be_read_is_not_blamed_on_the_settings(answer):
    damaged = Problem("script_damaged", "error", "The script is damaged", "Line 3: a brace is open.", "Mend it.")
    ended(answer, AnswerEnd("failed", FOOTER, damaged))
    assert [stop.text() for stop in part(answer, ProblemCard).stops] == ["Retry"]


def test_a_card_shows_the_name_of_a_command_without_the_marks_of_a_terminal(own):
    refused = Problem("refused", "error", "Nothing is listening", "It is not running.", "Start `llama-server`.", "")
    card = on_screen(own, lambda look: ProblemCard(look, refused))
    assert "It is not running. Start llama-server." in [label.text() for label in card.findChildren(QLabel)]
