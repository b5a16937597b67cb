"""The events of one answer as they come, each awaited for so long and no longer.

Owns the two clocks of an answer: silence (no complete event and no comment) and the whole. It knows where bytes come
from only as a function.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from .errors import Service
from .framing import EventTooLarge, KeepAlive, ServerEvent, SseReader
from .limits import Limits


class ReadPiece(Protocol):
    """The next bytes within `seconds`; b"" at the end.

    Raises ProviderError: of the kind `too_late` when they do not come, which speaks of `limit` seconds.
    """

    async def __call__(self, seconds: float, too_late: str, limit: float) -> bytes: ...


class EventStream:
    """Iterates over `ServerEvent`. `began`: when the question was sent, by the loop's clock. Raises ProviderError."""

    def __init__(self, read: ReadPiece, service: Service, limits: Limits, began: float) -> None:
        self._read = read
        self._service = service
        self._limits = limits
        self._reader = SseReader(limits.event_bytes)
        self._ready: deque[ServerEvent] = deque()
        self._ended = False
        self._patience = limits.until_first_event(service.local)
        self._heard = began
        self._heard_an_event = False
        self._last_moment = began + limits.total

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> ServerEvent:
        while not self._ready:
            if self._ended:
                raise StopAsyncIteration
            await self._read_on()
        return self._ready.popleft()

    def expect_end(self, seconds: float) -> None:
        """What matters has come: the rest is waited for no longer than this."""
        self._patience = min(self._patience, seconds)

    async def _read_on(self) -> None:
        piece = await self._next_piece()
        try:
            found = self._reader.feed(piece) if piece else self._reader.finish()
        except EventTooLarge as error:
            raise self._service.error("event_too_large", other=_size(error.limit)) from None
        self._ended = not piece
        if found:
            self._heard = asyncio.get_running_loop().time()
        events = [event for event in found if not isinstance(event, KeepAlive)]
        if events and not self._heard_an_event:
            self._heard_an_event = True
            self._patience = self._limits.between_events(self._service.local)
        self._ready.extend(events)

    async def _next_piece(self) -> bytes:
        now = asyncio.get_running_loop().time()
        if now >= self._last_moment:  # also if there is always something to read at once
            raise self._service.error("took_too_long", seconds=self._limits.total)
        silence = self._heard + self._patience
        if silence <= self._last_moment:
            return await self._read(silence - now, "timeout_silence", self._patience)
        return await self._read(self._last_moment - now, "took_too_long", self._limits.total)


def _size(limit: int) -> str:
    return f"{limit / 2**20:.0f} MB" if limit >= 2**20 else f"{limit} bytes"
