"""An answer: a whole one, or one whose head has come and that is read on piece by piece.

Owns the bounds of a body. What breaks while it is read is translated by the session's `within`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import aiohttp

from ..errors import ProviderError, Service
from ..limits import Limits
from ..wire.event_stream import EventStream
from ..wire.framing import Framing
from ..wire.recording import Tape
from .client import left_in

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return _content_type(self.headers)


class Bounds(Protocol):
    """What a session holds its answers to."""

    service: Service
    limits: Limits

    async def within(self, seconds: float, work: Awaitable[T], *, too_late: str = ..., limit: float | None = ...) -> T:
        """What `work` gives. Raises ProviderError."""
        ...


class StreamReply:
    """An answer whose head has come. Header names are in lower case."""

    def __init__(self, session: Bounds, response: aiohttp.ClientResponse, began: float = 0.0) -> None:
        self._session = session
        self._response = response
        self._began = began
        self._complete = False
        self._tape: Tape | None = None
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.headers.items()}

    @property
    def content_type(self) -> str:
        return _content_type(self.headers)

    def record(self, tape: Tape | None) -> None:
        """What is read from now on is taken down, too."""
        self._tape = tape

    def events(self, framing: Framing, limits: Limits | None = None) -> EventStream:
        """`limits`: for what takes its own time, instead of those of the session."""
        return EventStream(self._read, self._session.service, limits or self._session.limits, self._began, framing)

    async def body(self, limit: int, deadline: float) -> bytes:
        """All of it, or `event_too_large`. Raises ProviderError."""
        body = await self._session.within(deadline, self._read_up_to(limit))
        if len(body) > limit:
            raise self._session.service.error("event_too_large", other=f"{limit / 2**20:.3g} MB")
        return body

    async def error_body(self) -> bytes:
        """As much of it as is worth reading: the status has said that something is wrong already."""
        limit = self._session.limits.error_bytes
        try:
            return (await self._session.within(self._session.limits.connect, self._read_up_to(limit)))[:limit]
        except ProviderError:
            return b""

    def complete(self) -> None:
        """The answer has said that it is over: the connection may serve again."""
        self._complete = True

    def close(self) -> None:
        if self._tape is not None:
            self._tape.end()
        if self._complete:
            self._response.release()
        else:
            self._response.close()

    async def _read_up_to(self, limit: int) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while size <= limit and (piece := await self._response.content.readany()):
            pieces.append(self._taken_down(piece))
            size += len(piece)
        return b"".join(pieces)

    async def _read(self, seconds: float, too_late: str, limit: float) -> bytes:
        content = self._response.content
        try:
            return self._taken_down(
                await self._session.within(seconds, content.readany(), too_late=too_late, limit=limit)
            )
        except ProviderError:
            if left := left_in(content):
                return self._taken_down(left)  # it came before the connection broke, or while this process stood still
            raise

    def _taken_down(self, piece: bytes) -> bytes:
        if self._tape is not None:
            self._tape.take(piece)
        return piece


def _content_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
