"""One question until its answer has come or has failed for good: its place in the line, and its tries.

Owns when a question is sent again, and what is told while it waits. It is sent again only while nothing of the answer
has been shown. It makes no task: whoever iterates over the answer does the waiting, and cancelling that ends it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from types import TracebackType

from ..errors import Problem, ProviderError
from ..messages import (
    ReasoningDelta,
    ReasoningOpaque,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    ToolCallReady,
    ToolCallStarted,
    Waiting,
)
from ..retry import may_pass, wait_after
from .places import Place

_SHOWN = (TextDelta, ReasoningDelta, ReasoningOpaque, ToolCallStarted, ToolCallDelta, ToolCallReady)
"""What an answer consists of. Once one of them was given out, asking again would answer twice."""

_LOOK_AGAIN = 1.0
"""Seconds between two questions to a server that is loading its model."""
_TICK = 1.0
_ONCE = frozenset({"empty_answer", "stream_error"})
"""What is tried once more at the most: a model that gets it wrong twice will go on so."""

Ask = Callable[[], AbstractAsyncContextManager[AsyncIterator[StreamEvent]]]


@dataclass(frozen=True, slots=True)
class RequestPolicy:
    """`retries`: how often a question is sent again. `at_once`: how many one provider is asked at a time."""

    retries: int = 2
    at_once: int = 8


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock that never goes backwards, how time passes, and a number from 0 to 1 by chance."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random


class Question:
    """An async context manager that gives the answer's events, with `Waiting` among them. They raise ProviderError.

    `place`: waited for here, left by whoever took it. `patience`: seconds for a model that is being loaded.
    """

    def __init__(self, ask: Ask, place: Place, policy: RequestPolicy, timing: Timing, *, patience: float) -> None:
        self._ask = ask
        self._place = place
        self._tries = _Tries(policy.retries, timing, patience)
        self._attempt = AsyncExitStack()
        self._events = self._answered()

    async def __aenter__(self) -> AsyncIterator[StreamEvent]:
        return self._events

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._events.aclose()
        await self._attempt.aclose()

    async def _answered(self) -> AsyncGenerator[StreamEvent]:
        if not self._place.free:
            yield Waiting(_in_line(self._place.before))
            await self._place.wait()
        shown = False
        while True:
            failure: ProviderError
            try:
                async for event in await self._attempt.enter_async_context(self._ask()):
                    shown = shown or isinstance(event, _SHOWN)
                    yield event
                return
            except ProviderError as error:
                failure = error
            await self._attempt.__aexit__(type(failure), failure, failure.__traceback__)
            if shown:
                raise failure
            pause = self._tries.pause_after(failure)
            while not pause.over:
                yield pause.told()
                await pause.tick()


class _Tries:
    """What one question has cost so far, and what follows a failure."""

    def __init__(self, retries: int, timing: Timing, patience: float) -> None:
        self._retries = retries
        self._timing = timing
        self._patience = patience
        self._requests = 0
        self._loading_since: float | None = None

    def pause_after(self, failure: ProviderError) -> _Pause:
        """How long to wait before asking again. Raises ProviderError if that is no use any more."""
        problem = failure.problem
        if problem.kind == "model_loading":
            return self._while_loading(failure)
        self._requests += failure.requests
        allowed = min(self._retries, 1) if problem.kind in _ONCE else self._retries
        if self._requests <= allowed and may_pass(problem):
            wait = wait_after(problem, self._requests, self._timing.chance())
            if wait is not None:
                return _Pause(_reason(problem), wait, self._requests, self._timing)
        raise _after(self._requests, failure)

    def _while_loading(self, failure: ProviderError) -> _Pause:
        """A model that is being loaded is no failure: it is waited for as long as for a first word."""
        now = self._timing.clock()
        if self._loading_since is None:
            self._loading_since = now
        if now - self._loading_since >= self._patience:
            raise failure
        return _Pause(failure.problem.title, _LOOK_AGAIN, 0, self._timing, known=False)


class _Pause:
    """A wait that is told second by second. `known`: whether its end is that of the trouble."""

    def __init__(self, reason: str, seconds: float, attempt: int, timing: Timing, *, known: bool = True) -> None:
        self._reason = reason
        self._longest = seconds
        self._attempt = attempt
        self._timing = timing
        self._known = known
        self._end = timing.clock() + seconds

    @property
    def over(self) -> bool:
        return self._left <= 0

    def told(self) -> Waiting:
        return Waiting(self._reason, self._left if self._known else None, self._attempt)

    async def tick(self) -> None:
        await self._timing.sleep(max(0.0, min(_TICK, self._left)))

    @property
    def _left(self) -> float:
        return min(self._end - self._timing.clock(), self._longest)


def _in_line(before: int) -> str:
    if not before:
        return "Waiting for another answer to end"
    return f"Waiting for other answers to end, {before} more question{'' if before == 1 else 's'} first"


def _reason(problem: Problem) -> str:
    return "The connection broke" if problem.kind == "stream_cut" else problem.title


def _after(requests: int, failure: ProviderError) -> ProviderError:
    """The same failure, which also says how often it was met."""
    if requests == 1:
        return failure
    problem = failure.problem
    return ProviderError(replace(problem, why=f"{problem.why} It was tried {requests} times."))
