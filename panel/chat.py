"""One conversation: its history, who answers it, what it is about, and who listens.

Owns the history that is sent to models. It yields nothing and paints nothing: whoever wants to show, print or store
a turn subscribes and gets the values of `turn`. It makes no task.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from ..providers.messages import Message, text_of
from .context import system_message
from .hosts.base import Host
from .tools import ToolBox
from .turn import ChatEvent, Listener, Models, Turn, TurnEnded, TurnSetup


class Chat:
    """A conversation about one host. `provider` and `model` may change between turns; "" is the provider's default."""

    def __init__(
        self,
        *,
        models: Models,
        model_for: Callable[[str], Awaitable[str]],
        host: Host,
        provider: str,
        model: str = "",
        rounds: int = 25,
        context: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`context`: tokens that a local server sets aside; None: as it does by itself."""
        self.provider = provider
        self.model = model
        self.host = host
        self._models = models
        self._model_for = model_for
        self._rounds = rounds
        self._context = context
        self._clock = clock
        self._turns: list[tuple[Message, ...]] = []
        self._listeners: list[Listener] = []

    @property
    def history(self) -> tuple[Message, ...]:
        return tuple(message for turn in self._turns for message in turn)

    @property
    def who(self) -> str:
        """Who answers the next question, for people."""
        return self.model or self._models.label(self.provider)

    def forget(self, prompt: str) -> None:
        """Takes the last turn out of the history if it was this question: it is going to be asked again."""
        if self._turns and text_of(self._turns[-1][0]) == prompt:
            self._turns.pop()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """The listener gets every event as it happens; calling the answer ends the subscription."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    async def ask(self, prompt: str) -> TurnEnded:
        """One turn, to its end. A failure is part of the result, not an exception; only a cancel goes through."""
        tools = ToolBox(self.host)
        turn = Turn(
            prompt,
            TurnSetup(
                models=self._models,
                model_for=self._model_for,
                tools=tools,
                provider=self.provider,
                model=self.model,
                before=self._before,
                rounds=self._rounds,
                context=self._context,
                clock=self._clock,
            ),
            self._publish,
        )
        try:
            return await turn.run()
        finally:
            if turn.worth_keeping:
                self._turns.append(turn.worth_keeping)

    async def _before(self) -> tuple[Message, ...]:
        return (system_message(await self.host.read_ahead()), *self.history)

    def _publish(self, event: ChatEvent) -> None:
        for listener in tuple(self._listeners):
            listener(event)
