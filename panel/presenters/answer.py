"""Tells the view of one answer what comes of its turn: words, tools, who is doing what for how long, the end.

Owns nothing but that view; it neither starts nor stops a turn. While its pane is hidden no timer runs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QObject, QTimer

from ...providers.messages import (
    Progress,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallStarted,
    Waiting,
    waiting_text,
)
from ...ui.chat_pane import ChatPane
from ...ui.transcript.message_view import AnswerEnd, AnswerView, FooterText
from ..turn import ChatEvent, ToolEnded, ToolStarted, TurnEnded
from .record import Answered, Asked

GUIDE_NAME = "Guide"
TICK = 1000
"""Milliseconds between two updates of "is writing, 3 s"."""


class AnswerPresenter(QObject):
    """Shows the turns of one pane, one after the other: `begin`, `show`..., `end`."""

    def __init__(self, pane: ChatPane, *, wall: Callable[[], datetime]) -> None:
        super().__init__(pane)
        self._pane = pane
        self._wall = wall
        self._view: AnswerView | None = None
        self._who = ""
        self._doing = ""
        self._waiting: Waiting | None = None
        self._began = wall()
        self._ticker = QTimer(self)
        self._ticker.setInterval(TICK)
        self._ticker.timeout.connect(self._tell)
        pane.visibility_changed.connect(self._keep_time)

    def begin(self, view: AnswerView, asked: Asked) -> None:
        self._view = view
        self._who = asked.who
        self._began = asked.when
        self._doing, self._waiting = "", None
        self._do("is reading the question")
        self._keep_time(self._pane.isVisible())

    def show(self, event: ChatEvent) -> None:
        view = self._view
        if view is None:
            return
        self._wait(event if isinstance(event, Waiting) else None)
        match event:
            case TextDelta(text):
                self._do("is writing")
                view.add_text(text)
            case ReasoningDelta(text):
                self._do("is thinking")
                view.add_reasoning(text)
            case ToolCallStarted():
                self._do("is choosing a tool")
            case ToolStarted(call):
                view.start_tool(call.id, call.name, call.arguments)
            case ToolEnded(call, outcome):
                self._do("is reading the result")
                view.finish_tool(call.id, outcome.result.ok, outcome.outcome, outcome.result.text)
            case _:
                self._show_state(event)

    def end(self, answered: Answered) -> None:
        view, ended = self._view, answered.ended
        self.let_go()
        if view is not None:
            footer = FooterText(when=clock_time(answered.when), model=self._who, tokens=_tokens(ended))
            view.end(AnswerEnd(ended.state, footer, ended.problem, ended.notices))

    def let_go(self) -> None:
        """What comes is not shown any more."""
        self._view = None
        self._ticker.stop()

    def _keep_time(self, shown: bool) -> None:
        if self._view is not None and shown:
            self._tell()
            self._ticker.start()
        else:
            self._ticker.stop()

    def _show_state(self, event: ChatEvent) -> None:
        match event:
            case Started(model) if model and self._who != GUIDE_NAME:
                self._who = model
            case Progress(kind, fraction) if fraction is not None:
                self._do(f"{kind}, {fraction:.0%}")
            case _:
                pass

    def _wait(self, waiting: Waiting | None) -> None:
        if waiting != self._waiting:
            self._waiting = waiting
            self._tell()

    def _do(self, doing: str) -> None:
        if doing != self._doing:
            self._doing = doing
            self._tell()

    def _tell(self) -> None:
        if self._view is not None:
            seconds = int((self._wall() - self._began).total_seconds())
            took = f", {seconds} s" if seconds > 0 else ""
            self._view.set_status(self._said(took))

    def _said(self, took: str) -> str:
        """A wait whose end is known counts down; everything else counts up."""
        if self._waiting is None:
            return f"{self._who} {self._doing}{took}"
        return waiting_text(self._waiting) + ("" if self._waiting.seconds is not None else took)


def clock_time(when: datetime) -> str:
    return when.strftime("%H:%M")


def _tokens(ended: TurnEnded) -> str:
    usage = ended.usage
    counted = usage is not None and usage.input is not None and usage.output is not None
    return f"{usage.input:,} in, {usage.output:,} out" if usage is not None and counted else ""
