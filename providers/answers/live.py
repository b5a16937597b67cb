"""One answer on its way: the events of a live reply, read through the format's `AnswerReader` until it is over.

Owns the order at the end: what had arrived is given out before the error that followed it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator

from ..errors import ProviderError
from ..messages import StreamEvent
from ..wire.event_stream import EventStream
from ..wire.framing import ServerEvent
from .reader import AnswerReader

_AFTER_THE_END = 5.0
"""Seconds that a server may take for its counts after the model said that it is done."""


class LiveAnswer:
    """Iterates over `StreamEvent`, ending with `Finished`. Raises ProviderError, after all that came before it.

    `on_complete` is called if the service ended the answer in order.
    """

    def __init__(self, reader: AnswerReader, events: EventStream, on_complete: Callable[[], None]) -> None:
        self._reader = reader
        self._events = events
        self._on_complete = on_complete
        self._ready: deque[StreamEvent] = deque()
        self._failure: ProviderError | None = None
        self._over = False

    def __aiter__(self) -> AsyncIterator[StreamEvent]:
        return self

    async def __anext__(self) -> StreamEvent:
        while not self._ready:
            if self._failure is not None:
                raise self._failure
            if self._over:
                raise StopAsyncIteration
            await self._read_on()
        return self._ready.popleft()

    async def _read_on(self) -> None:
        try:
            events = await self._events.read()
        except ProviderError as error:
            if not self._reader.finished:
                self._failure = error
                return
            events = []  # only counts were missing
        self._take(self._told(events))
        if self._reader.finished:
            self._events.expect_end(_AFTER_THE_END)
        if not events or self._reader.done:
            self._end()

    def _told(self, events: Iterable[ServerEvent]) -> Iterator[StreamEvent]:
        for event in events:
            yield from self._reader.feed(event)
            if self._reader.done:
                return

    def _end(self) -> None:
        if self._failure is None:
            self._take(self._reader.finish())
        self._over = True
        if self._reader.done:
            self._on_complete()

    def _take(self, events: Iterable[StreamEvent]) -> None:
        """Keeps what these events give, up to the one that fails."""
        try:
            self._ready.extend(events)
        except ProviderError as error:
            self._failure = error


class WholeAnswer:
    """An answer that came in one piece, given out like a streamed one."""

    def __init__(self, events: Iterator[StreamEvent]) -> None:
        self._events = events

    def __aiter__(self) -> AsyncIterator[StreamEvent]:
        return self

    async def __anext__(self) -> StreamEvent:
        for event in self._events:
            return event
        raise StopAsyncIteration
