"""The events of one answer as they come, each awaited for so long and no longer.

Owns the two clocks of an answer: silence (no complete event and no comment) and the whole. It knows where bytes come
from only as a function.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from ..errors import ProviderError, Service
from ..limits import Limits
from .framing import EventTooLarge, Framing, KeepAlive, ServerEvent, event_reader

_STOOD_STILL = 0.25
"""Seconds by which a clock is late only if this process stood still: a host that renders blocks its loop for long."""
_SECOND_LOOK = 1.0
"""Seconds for what was sent meanwhile to come in."""
_ONE_TURN = 2**18
"""Bytes that are made into events before others have their turn: unpacked, a piece may have many megabytes."""


class ReadPiece(Protocol):
    """The next bytes within `seconds`; b"" at the end.

    Raises ProviderError: of the kind `too_late` when they do not come, which speaks of `limit` seconds.
    """

    async def __call__(self, seconds: float, too_late: str, limit: float) -> bytes: ...


class EventStream:
    """The events, read as they come. `began`: when the question was sent, by the loop's clock."""

    def __init__(
        self, read: ReadPiece, service: Service, limits: Limits, began: float, framing: Framing = "sse"
    ) -> None:
        self._read = read
        self._service = service
        self._limits = limits
        self._reader = event_reader(framing, limits.event_bytes)
        self._ended = False
        self._rest = memoryview(b"")
        self._patience = limits.until_first_event(service.local)
        self._heard = began
        self._left = asyncio.get_running_loop().time()
        self._heard_an_event = False
        self._last_moment = began + limits.total

    async def read(self) -> list[ServerEvent]:
        """The next events, all that came in one piece; none if the answer has ended. Raises ProviderError."""
        events: list[ServerEvent] = []
        while not (events or self._ended):
            events = await self._read_on()
        return events

    def expect_end(self, seconds: float) -> None:
        """What matters has come: the rest is waited for no longer than this."""
        self._patience = min(self._patience, seconds)

    async def _read_on(self) -> list[ServerEvent]:
        piece = await self._one_turn() if self._rest else await self._next_piece()
        if len(piece) > _ONE_TURN:
            self._rest = memoryview(piece)
            piece = await self._one_turn()
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
        return events

    async def _one_turn(self) -> bytes:
        """The beginning of what is still to be read."""
        await asyncio.sleep(0)
        self._check_time(asyncio.get_running_loop().time())
        piece, self._rest = self._rest[:_ONE_TURN].tobytes(), self._rest[_ONE_TURN:]
        return piece

    def _check_time(self, now: float) -> None:
        if now >= self._last_moment:  # also if there is always something to read at once
            raise self._service.error("took_too_long", seconds=self._limits.total)

    async def _next_piece(self) -> bytes:
        clock = asyncio.get_running_loop().time
        now = clock()
        self._check_time(now)
        self._heard += now - self._left  # while nobody listened, nobody was silent
        try:
            return await self._listen(now)
        finally:
            self._left = clock()

    async def _listen(self, now: float) -> bytes:
        silence = self._heard + self._patience
        if silence > self._last_moment:
            return await self._read(self._last_moment - now, "took_too_long", self._limits.total)
        try:
            return await self._read(silence - now, "timeout_silence", self._patience)
        except ProviderError:
            if asyncio.get_running_loop().time() - silence < _STOOD_STILL:
                raise
        return await self._read(_SECOND_LOOK, "timeout_silence", self._patience)


def _size(limit: int) -> str:
    return f"{limit / 2**20:.0f} MB" if limit >= 2**20 else f"{limit} bytes"
