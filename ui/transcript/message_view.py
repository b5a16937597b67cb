"""One message of the transcript: a question as it was asked, an answer as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QGuiApplication,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import QWidget

from ...providers.errors import Problem
from ..look.theme import Look
from ..parts.controls import KeyFocus
from .answer_parts import Footer, FooterText, ProblemCard, StatusLine, StoppedLine
from .answer_steps import AnswerEnd, ToolFinished, ToolStarted
from .block_column import BlockColumn
from .clean_text import clean_text
from .code_block import CodeBlock
from .markdown_view import MarkdownView
from .message_frame import NAME_LENGTH, message_name
from .question_view import QuestionView
from .text_block import TextBlock
from .thought_fold import ThoughtFold
from .tool_card import ToolCard
from .trickle import Trickle, Words

__all__ = ["AnswerEnd", "AnswerView", "FooterText", "MessageView", "QuestionView"]

PART_GAP, FOLD_GAP, CARD_GAP = 12, 8, 4


class AnswerView(BlockColumn):
    """The parts of one answer in the order in which they came. Text may come in any pieces and at any speed.

    While it is hidden it only collects. After `end` nothing more is shown.
    """

    retry_requested = Signal()
    settings_requested = Signal()
    link_activated = Signal(str)
    ended = Signal()
    focus_moved = Signal()
    """The end is on the screen."""

    def __init__(
        self,
        look: Look,
        who: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look, self._clock = look, clock
        self._source: list[str] = []
        self._open_text: MarkdownView | None = None
        self._open_thought: ThoughtFold | None = None
        self._thought_since = 0.0
        self._cards: dict[str, ToolCard] = {}
        self._end: AnswerEnd | None = None
        self._focus = KeyFocus(self)
        self._status: StatusLine | None = StatusLine(look)
        self._trickle = Trickle(self)
        self._trickle.ready.connect(self._take)
        self._trickle.flushed.connect(self.settle)
        self._trickle.hold(True)
        self.append(self._status, PART_GAP)
        self.setAccessibleName(message_name(who, "", "answering"))
        look.changed.connect(self.measure_again)

    @property
    def markdown(self) -> str:
        """The text of the answer as it was written, cleaned: what Copy gives."""
        return clean_text("".join(self._source))

    @property
    def running(self) -> bool:
        return self._status is not None

    @property
    def idle(self) -> bool:
        """Everything that came is on the screen."""
        return self._trickle.empty

    @property
    def status(self) -> str:
        return self._status.text if self._status else ""

    def add_text(self, delta: str) -> None:
        if self._end is None and delta:
            self._source.append(delta)
            self._trickle.add(Words("text", delta))

    def add_reasoning(self, delta: str) -> None:
        if self._end is None and delta:
            self._trickle.add(Words("reasoning", delta))

    def start_tool(self, call_id: str, name: str, arguments: str) -> None:
        """`arguments` is the JSON text as the model wrote it."""
        if self._end is None:
            if self._source and not self._source[-1].endswith("\n\n"):
                self._source.append("\n\n")
            self._trickle.add(ToolStarted(call_id, name, arguments))

    def finish_tool(self, call_id: str, ok: bool, outcome: str, detail: str) -> None:
        """`outcome` in two or three words; `detail` is the whole result."""
        if self._end is None:
            self._trickle.add(ToolFinished(call_id, ok, outcome, detail))

    def set_status(self, text: str) -> None:
        """Who is doing what, as "sonnet-4-5 is writing, 3 s"."""
        if self._status:
            self._status.set_text(text)

    def end(self, end: AnswerEnd) -> None:
        if self._end is None:
            self._end = end
            self._trickle.add(end)

    def copy(self) -> None:
        QGuiApplication.clipboard().setText(self.markdown)

    def stops_in_order(self) -> list[QWidget]:
        """What Tab reaches inside this message, in reading order."""
        found: list[QWidget] = []
        for slot in self.slots:
            part = slot.widget
            if isinstance(part, ToolCard | ThoughtFold):
                found.append(part.head)
            elif isinstance(part, MarkdownView):
                found += _actions_of_text(part)
            elif isinstance(part, StoppedLine | Footer | ProblemCard):
                found += part.stops
        return found

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._trickle.hold(False)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._trickle.hold(True)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._focus.note(event)
        self.focus_moved.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_moved.emit()

    @property
    def outlined(self) -> bool:
        """Whether it has the focus by key."""
        return self._focus.shown and self.hasFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    # What comes out of the trickle is shown, one step at a time.

    def _take(self, step: object) -> None:
        match step:
            case Words("text", text):
                self._take_text(text)
            case Words("reasoning", text):
                self._take_thought(text)
            case ToolStarted(call_id, name, arguments):
                self._take_tool(call_id, name, arguments)
            case ToolFinished(call_id, ok, outcome, detail):
                if call_id in self._cards:
                    self._cards[call_id].finish(ok, outcome, detail)
            case AnswerEnd():
                self._take_end(step)
            case _:
                raise TypeError(f"no step of an answer: {step!r}")

    def _take_text(self, text: str) -> None:
        if self._open_text is None:
            if not text.strip():
                return
            self._close_parts()
            self._open_text = MarkdownView(self._look)
            self._open_text.link_activated.connect(self.link_activated)
            self._open_text.set_caret(True)
            self._put(self._open_text)
        self._open_text.feed(text)

    def _take_thought(self, text: str) -> None:
        if self._open_thought is None:
            self._close_parts()
            self._open_thought = ThoughtFold(self._look)
            self._open_thought.link_activated.connect(self.link_activated)
            self._thought_since = self._clock()
            self._put(self._open_thought)
        self._open_thought.add(text)

    def _take_tool(self, call_id: str, name: str, arguments: str) -> None:
        self._close_parts()
        card = ToolCard(self._look, name, arguments)
        self._cards[call_id] = card
        self._put(card)

    def _take_end(self, end: AnswerEnd) -> None:
        self._close_parts()
        for card in self._cards.values():
            card.give_up()
        if self._status:
            self.remove(self._status)
            self._status = None
        for notice in end.notices:
            self._put(ProblemCard(self._look, notice))
        if end.problem:
            self._put_problem(end.problem)
        self._put_last_line(end)
        self.settle()
        said = self._opening() or (end.problem.title if end.problem else "")
        self.setAccessibleName(message_name("Assistant", end.footer.when, said))
        self.ended.emit()

    def _put_problem(self, problem: Problem) -> None:
        card = ProblemCard(self._look, problem)
        card.retry.connect(self.retry_requested)
        card.settings.connect(self.settings_requested)
        self._put(card)

    def _put_last_line(self, end: AnswerEnd) -> None:
        if end.state == "stopped":
            line = StoppedLine(self._look, end.footer.when)
            line.again.connect(self.retry_requested)
            self._put(line)
        elif self._opening() or end.state == "done":
            footer = Footer(self._look, end.footer, again=end.state == "done")
            footer.copy.connect(self.copy)
            footer.again.connect(self.retry_requested)
            self._put(footer)

    def _opening(self) -> str:
        """The first words; the whole text may be megabytes."""
        words = ""
        for piece in self._source:
            words = (words + piece[:NAME_LENGTH]).lstrip()
            if len(words) >= NAME_LENGTH:
                break
        return clean_text(words[:NAME_LENGTH])

    def _close_parts(self) -> None:
        """What comes next is another part: the open text and thought are finished."""
        if self._open_text:
            self._open_text.end()
            self._open_text = None
        if self._open_thought:
            self._open_thought.end(self._clock() - self._thought_since)
            self._open_thought = None

    def _put(self, part: QWidget) -> None:
        """At the end, but above the status line."""
        index = self.count - (self._status is not None)
        above = self.slots[index - 1].widget if index else None
        for action in part.findChildren(QWidget):
            # The transcript is one stop of Tab; it hands the focus on itself.
            if action.focusPolicy() == Qt.FocusPolicy.StrongFocus:
                action.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.insert(index, part, _gap(above, part))


MessageView = QuestionView | AnswerView


def _gap(above: QWidget | None, part: QWidget) -> int:
    if isinstance(part, ToolCard) and isinstance(above, ToolCard):
        return CARD_GAP
    if isinstance(part, ToolCard | ThoughtFold) and isinstance(above, ToolCard | ThoughtFold):
        return FOLD_GAP
    return PART_GAP


def _actions_of_text(text: MarkdownView) -> list[QWidget]:
    found: list[QWidget] = []
    for block in text.widgets:
        if isinstance(block, CodeBlock):
            found += block.buttons
        elif isinstance(block, TextBlock) and block.has_links:
            found.append(block)
    return found
