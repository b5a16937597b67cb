"""Connects a transcript and a composer to one conversation.

Owns the running turn and the way its events are shown. It reads no network and no file; the services do. When its
pane dies it stops listening; the turn goes on and ends in its scope.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from ...providers.catalog import GUIDE
from ...providers.errors import Problem
from ...providers.messages import (
    Progress,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallStarted,
    Waiting,
)
from ...ui.chat_pane import ChatPane
from ...ui.transcript.message_view import AnswerEnd, AnswerView, FooterText
from ..tasks import TaskScope
from ..turn import ChatEvent, ToolEnded, ToolStarted, TurnEnded

if TYPE_CHECKING:
    from ..chat import Chat

TICK = 1000
"""Milliseconds between two updates of "is writing, 3 s"."""


class ConversationPresenter(QObject):
    """Shows one `Chat` in one pane. `replace` puts another conversation in."""

    turn_ended = Signal(object)
    """Carries the `TurnEnded`."""

    def __init__(
        self, pane: ChatPane, chat: Chat, scope: TaskScope, *, wall: Callable[[], datetime] = datetime.now
    ) -> None:
        super().__init__(pane)
        self._pane = pane
        self._scope = scope
        self._wall = wall
        self._retries: dict[str, Callable[[], None]] = {}
        """What "Answer again" and "Retry" do, by answer."""
        self._answer: AnswerView | None = None
        self._turn: asyncio.Task[TurnEnded] | None = None
        self._who = ""
        self._doing = ""
        self._seconds = 0
        self._ticker = QTimer(self)
        self._ticker.setInterval(TICK)
        self._ticker.timeout.connect(self._tick)
        self.chat = chat
        self._leaving = ExitStack()
        self._listen(chat)
        pane.composer.submitted.connect(self.ask)
        pane.composer.stop_requested.connect(self.stop)
        pane.view.retry_requested.connect(self._again)
        pane.destroyed.connect(self._leaving.close)

    @property
    def running(self) -> bool:
        return self._turn is not None

    def replace(self, chat: Chat) -> None:
        """From now on this conversation is shown, from its beginning; a running turn of the other one is stopped."""
        self.stop()
        self._leaving.close()
        self._rest()
        self._pane.view.clear()
        self._pane.composer.set_usage(0, None)
        self._retries.clear()
        self.chat = chat
        self._listen(chat)

    def ask(self, prompt: str) -> None:
        """Puts the question into the transcript and starts its turn."""
        if self.running:
            return
        self._pane.view.add_question(prompt, self._now())
        self._start(prompt)

    def stop(self) -> None:
        """Ends the running turn; what has come of it stays."""
        if self._turn is not None:
            self._turn.cancel()

    def tell(self, problem: Problem, *, retry: Callable[[], None]) -> None:
        """Shows a problem that no question caused, where the next answer would be."""
        answer = self._pane.view.begin_answer(self._remember(retry), "")
        answer.end(AnswerEnd("failed", FooterText(when=self._now(), model="", tokens=""), problem, ()))

    def _listen(self, chat: Chat) -> None:
        self._leaving.callback(self._let_go)
        self._leaving.callback(chat.subscribe(self._show))

    def _let_go(self) -> None:
        """No widget is touched any more: this is called when they are gone, too."""
        self._answer = None
        self._turn = None

    def _again(self, answer_id: str) -> None:
        if retry := self._retries.get(answer_id):
            retry()

    def _ask_again(self, prompt: str) -> None:
        if not self.running:
            self.chat.forget(prompt)
            self._start(prompt)

    def _remember(self, retry: Callable[[], None]) -> str:
        answer_id = str(len(self._retries) + 1)
        self._retries[answer_id] = retry
        return answer_id

    def _start(self, prompt: str) -> None:
        answer_id = self._remember(partial(self._ask_again, prompt))
        self._who = "Guide" if self.chat.provider == GUIDE else self.chat.who
        self._answer = self._pane.view.begin_answer(answer_id, self._who)
        self._turn = self._scope.start(self.chat.ask(prompt), name="turn")
        self._turn.add_done_callback(self._turn_over)
        self._begin()

    def _turn_over(self, turn: asyncio.Task[TurnEnded]) -> None:
        if self._turn is not turn:
            return
        answer = self._answer
        self._rest()
        if answer is not None:  # it was stopped before its first step
            answer.end(AnswerEnd("stopped", FooterText(when=self._now(), model=self._who, tokens=""), None, ()))

    def _rest(self) -> None:
        """No turn is shown as running."""
        self._let_go()
        self._ticker.stop()
        self._pane.composer.set_running(False)

    def _show(self, event: ChatEvent) -> None:
        answer = self._answer
        if answer is None:
            return
        match event:
            case TextDelta(text):
                self._do("is writing")
                answer.add_text(text)
            case ReasoningDelta(text):
                self._do("is thinking")
                answer.add_reasoning(text)
            case ToolCallStarted():
                self._do("is choosing a tool")
            case ToolStarted(call):
                answer.start_tool(call.id, call.name, call.arguments)
            case ToolEnded(call, outcome):
                self._do("is reading the result")
                answer.finish_tool(call.id, outcome.result.ok, outcome.outcome, outcome.result.text)
            case TurnEnded():
                self._end(answer, event)
            case _:
                self._show_state(event)

    def _show_state(self, event: ChatEvent) -> None:
        match event:
            case Started(model) if model and self.chat.provider != GUIDE:
                self._who = model
            case Waiting(reason, seconds):
                self._do(reason if seconds is None else f"{reason}, {seconds:.0f} s")
            case Progress(kind, fraction) if fraction is not None:
                self._do(f"{kind}, {fraction:.0%}")
            case _:
                pass

    def _begin(self) -> None:
        self._pane.composer.set_running(True)
        self._seconds = 0
        self._doing = ""
        self._do("is reading the question")
        self._ticker.start()

    def _do(self, doing: str) -> None:
        if doing != self._doing:
            self._doing = doing
            self._tell()

    def _tick(self) -> None:
        self._seconds += 1
        self._tell()

    def _tell(self) -> None:
        if self._answer is not None:
            took = f", {self._seconds} s" if self._seconds else ""
            self._answer.set_status(f"{self._who} {self._doing}{took}")

    def _end(self, answer: AnswerView, ended: TurnEnded) -> None:
        self._rest()
        answer.end(AnswerEnd(ended.state, self._footer(ended), ended.problem, ended.notices))
        if ended.usage and ended.usage.input is not None:
            self._pane.composer.set_usage(ended.usage.input + (ended.usage.output or 0), None)
        self.turn_ended.emit(ended)

    def _footer(self, ended: TurnEnded) -> FooterText:
        usage = ended.usage
        counted = usage is not None and usage.input is not None and usage.output is not None
        tokens = f"{usage.input:,} in, {usage.output:,} out" if usage is not None and counted else ""
        return FooterText(when=self._now(), model=self._who, tokens=tokens)

    def _now(self) -> str:
        return self._wall().strftime("%H:%M")
