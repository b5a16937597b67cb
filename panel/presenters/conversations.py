"""Conversations that outlive the panes that show them.

Owns each conversation's running turn and its record, and which view shows which conversation. A pane is only a view:
Nuke hides, drops and makes them anew, and what was asked goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from ...providers.errors import problem
from ..chat import Chat
from ..tasks import TaskScope
from ..turn import ChatEvent, TurnEnded, TurnStarted
from .record import Answered, Asked, Record, SeenEvent

KEPT = 20
"""Conversations without a view that are kept for one that comes later."""


class Viewer(Protocol):
    """What shows a conversation."""

    @property
    def put_away(self) -> bool:
        """Nobody sees it, and there is no tab to bring it back."""
        ...

    def give_up(self) -> None:
        """Another one shows the conversation from now on."""
        ...


class Conversation:
    """A chat, the turn that is running in it, and what was to be seen so far."""

    def __init__(self, chat: Chat, scope: TaskScope, wall: Callable[[], datetime]) -> None:
        self.chat = chat
        self.record = Record()
        self.viewer: Viewer | None = None
        self.draft: tuple[str, list[str]] = ("", [])
        """What stood in the composer of a view that was given up: text and attachments."""
        self._scope = scope
        self._wall = wall
        self._turn: asyncio.Task[TurnEnded] | None = None
        self._listeners: list[Callable[[SeenEvent], None]] = []
        chat.subscribe(self._heard)

    @property
    def running(self) -> bool:
        return self._turn is not None

    def subscribe(self, listener: Callable[[SeenEvent], None]) -> Callable[[], None]:
        """The listener gets every event as it happens; calling the answer ends the subscription."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def ask(self, prompt: str, who: str, *, again: bool = False) -> None:
        """Starts a turn, which no view's end will end. Raises ScopeClosed."""
        if again:
            self.chat.forget(prompt)
        self._turn = self._scope.start(self.chat.ask(prompt), name="turn")
        self._turn.add_done_callback(self._over)
        self._publish(Asked(prompt, who, self._wall(), again))

    def stop(self) -> None:
        """Ends the running turn; what has come of it stays."""
        if self._turn is not None:
            self._turn.cancel()

    def _heard(self, event: ChatEvent) -> None:
        if isinstance(event, TurnEnded):
            self._turn = None
            self._publish(Answered(event, self._wall()))
        elif not isinstance(event, TurnStarted):
            self._publish(event)

    def _over(self, turn: asyncio.Task[TurnEnded]) -> None:
        if self._turn is turn:
            self._heard(_cut_short(self.chat, fault=not turn.cancelled()))

    def _publish(self, event: SeenEvent) -> None:
        self.record.add(event)
        for listener in tuple(self._listeners):
            listener(event)


class Conversations:
    """All conversations of an application that can still be seen. Their turns run in `scope`."""

    def __init__(
        self, new_chat: Callable[[], Chat], scope: TaskScope, *, wall: Callable[[], datetime] = datetime.now
    ) -> None:
        self._new_chat = new_chat
        self._scope = scope
        self._wall = wall
        self._all: list[Conversation] = []

    def take(self, viewer: Viewer) -> Conversation:
        """For a new view: the one that was left last, else a new one. Views that were put away give up theirs."""
        for conversation in tuple(self._all):
            holder = conversation.viewer
            if holder is not None and holder.put_away:
                holder.give_up()
                self.leave(conversation, holder)
        free = next((each for each in reversed(self._all) if each.viewer is None), None)
        if free is None:
            return self.begin(viewer)
        free.viewer = viewer
        return free

    def begin(self, viewer: Viewer) -> Conversation:
        """A new one for this view."""
        conversation = Conversation(self._new_chat(), self._scope, self._wall)
        conversation.viewer = viewer
        self._all.append(conversation)
        return conversation

    def forget(self, conversation: Conversation) -> None:
        """Nobody is going to look at it again."""
        conversation.stop()
        conversation.viewer = None
        self._all.remove(conversation)

    def leave(self, conversation: Conversation, viewer: Viewer) -> None:
        """This view has ended. What has been said stays for the next one."""
        if conversation.viewer is not viewer:
            return  # another one shows it already, or it was forgotten
        self._all.remove(conversation)
        conversation.viewer = None
        if not conversation.record.empty:
            self._all.append(conversation)
        waiting = [each for each in self._all if each.viewer is None and not each.running]
        for oldest in waiting[: max(0, len(waiting) - KEPT)]:
            self.forget(oldest)


def _cut_short(chat: Chat, fault: bool) -> TurnEnded:
    """The end of a turn that could not tell it: it was stopped before its first step, or could not be begun."""
    trouble = problem("unknown", name="The panel", reason="It has a fault of its own.") if fault else None
    return TurnEnded(
        state="failed" if fault else "stopped",
        finish="unknown" if fault else "cancelled",
        text="",
        provider=chat.provider,
        model=chat.model,
        usage=None,
        tools=(),
        first_token=None,
        total=0.0,
        problem=trouble,
    )
