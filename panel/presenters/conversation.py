"""Connects a transcript and a composer to one conversation.

Owns what "Answer again" means, and the catching up of a new pane with what was said before. The conversation is not
its own: when its pane dies it stops looking, and the turn goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from ...providers.catalog import GUIDE
from ...providers.errors import Problem
from ...ui.chat_pane import ChatPane
from ...ui.transcript.message_view import AnswerEnd, FooterText
from ..chat import Chat
from ..tasks import TaskScope
from .answer import GUIDE_NAME, AnswerPresenter, clock_time
from .conversations import Conversation, Conversations
from .record import Answered, Asked, SeenEvent
from .view_tasks import ViewTasks


class ConversationPresenter(QObject):
    """Shows one conversation in one pane; `replace` begins another one there."""

    turn_ended = Signal(object)
    """Carries the `TurnEnded`."""
    given_up = Signal()
    """The pane was put away, and another one shows its conversation."""

    def __init__(
        self,
        pane: ChatPane,
        conversations: Conversations,
        scope: TaskScope,
        *,
        wall: Callable[[], datetime] = datetime.now,
    ) -> None:
        super().__init__(pane)
        self._pane = pane
        self._conversations = conversations
        self._wall = wall
        self._tasks = ViewTasks(pane, scope)
        self._retries: dict[str, Callable[[], None]] = {}
        """What "Answer again" and "Retry" do, by answer."""
        self._answer = AnswerPresenter(pane, wall=wall)
        self._leaving = ExitStack()
        pane.composer.submitted.connect(self.ask)
        pane.composer.stop_requested.connect(self.stop)
        pane.view.retry_requested.connect(self._again)
        pane.destroyed.connect(self._leaving.close)
        self._conversation = conversations.take(self)
        self._look_at(self._conversation)

    @property
    def chat(self) -> Chat:
        return self._conversation.chat

    @property
    def running(self) -> bool:
        return self._conversation.running

    @property
    def put_away(self) -> bool:
        return _is_put_away(self._pane)

    def give_up(self) -> None:
        self._conversation.draft = (self._pane.composer.draft(), self._pane.composer.attached())
        self._leaving.close()
        self._answer.let_go()
        self.given_up.emit()

    def replace(self) -> None:
        """From now on a new conversation is shown, from its beginning; a running turn of this one is stopped."""
        self._conversations.forget(self._conversation)
        self._leaving.close()
        self._answer.let_go()
        self._pane.view.clear()
        self._pane.composer.set_usage(0, None)
        self._retries.clear()
        self._conversation = self._conversations.begin(self)
        self._look_at(self._conversation)

    def ask(self, prompt: str) -> None:
        """Puts the question into the transcript and starts its turn."""
        if not self.running:
            self._conversation.ask(prompt, self._who())
            self._pane.composer.set_running(True)

    def stop(self) -> None:
        """Ends the running turn; what has come of it stays."""
        self._conversation.stop()

    def tell(self, problem: Problem, *, retry: Callable[[], None]) -> None:
        """Shows a problem that no question caused, where the next answer would be."""
        answer = self._pane.view.begin_answer(self._remember(retry), "")
        answer.end(AnswerEnd("failed", FooterText(when=clock_time(self._wall()), model="", tokens=""), problem, ()))

    def _look_at(self, conversation: Conversation) -> None:
        self._leaving.callback(self._conversations.leave, conversation, self)
        text, attached = conversation.draft
        if text:
            self._pane.composer.set_draft(text)
        for each in attached:
            self._pane.composer.attach(each)
        self._pane.composer.set_running(conversation.running)
        newest = conversation.record.after(0)
        if newest is None or conversation.record.is_last(newest):
            self._follow(conversation, 0)
        else:
            task = self._tasks.start(self._catch_up(conversation), name="show what was said")
            self._leaving.callback(task.cancel)

    async def _catch_up(self, conversation: Conversation) -> None:
        """Shows what was said, a turn at a time: a long conversation is no reason to stop the host."""
        shown = 0
        while (turn := conversation.record.after(shown)) and not conversation.record.is_last(turn):
            for event in turn:
                self._show(event)
            shown = turn.number
            await asyncio.sleep(0)
        self._follow(conversation, shown)

    def _follow(self, conversation: Conversation, shown: int) -> None:
        """Shows the turn after `shown`, and from there what happens."""
        for event in conversation.record.after(shown) or ():
            self._show(event)
        self._leaving.callback(conversation.subscribe(self._show))

    def _show(self, event: SeenEvent) -> None:
        match event:
            case Asked():
                self._begin(event)
            case Answered(ended):
                self._pane.composer.set_running(self.running)
                self._answer.end(event)
                if ended.usage and ended.usage.input is not None:
                    self._pane.composer.set_usage(ended.usage.input + (ended.usage.output or 0), None)
                self.turn_ended.emit(ended)
            case _:
                self._answer.show(event)

    def _begin(self, asked: Asked) -> None:
        if not asked.again:
            self._pane.view.add_question(asked.prompt, clock_time(asked.when))
        answer_id = self._remember(partial(self._ask_again, asked.prompt))
        self._pane.composer.set_running(self.running)
        self._answer.begin(self._pane.view.begin_answer(answer_id, asked.who), asked)

    def _again(self, answer_id: str) -> None:
        if retry := self._retries.get(answer_id):
            retry()

    def _ask_again(self, prompt: str) -> None:
        if not self.running:
            self._conversation.ask(prompt, self._who(), again=True)

    def _remember(self, retry: Callable[[], None]) -> str:
        answer_id = str(len(self._retries) + 1)
        self._retries[answer_id] = retry
        return answer_id

    def _who(self) -> str:
        return GUIDE_NAME if self.chat.provider == GUIDE else self.chat.who


def _is_put_away(pane: QWidget) -> bool:
    """Whether a hidden pane is in no tab any more: so Nuke closes tabs, and never destroys what was in them."""
    if pane.isVisible():
        return False
    child, parent, tabbed = pane, pane.parentWidget(), False
    while parent:
        if isinstance(parent, QStackedWidget):
            if parent.indexOf(child) < 0:
                return True
            tabbed = True
        child, parent = parent, parent.parentWidget()
    return not tabbed
