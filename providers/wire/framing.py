"""Bytes to events: server-sent events, and one JSON document a line.

Owns the cutting, incremental and bounded: time in proportion to the bytes however they are cut, memory for at most one
event. It knows nothing of what the events mean, and nothing of the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from ..limits import EVENT_LIMIT

Framing = Literal["sse", "ndjson"]
"""How a stream is cut into events."""

_BOM = "\ufeff"


class EventTooLarge(Exception):
    """One event is larger than the limit of its reader."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"an event of more than {limit} bytes")
        self.limit = limit


class ServerEvent(NamedTuple):
    """One server-sent event. `name` is empty if the stream does not name its events."""

    data: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """A comment: the server is there and has nothing to say yet."""

    text: str = ""


class LineSplitter:
    r"""Lines out of pieces. A line ends with \n, \r\n or a lone \r, and is given out at once when it ends."""

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self._limit = limit
        self._open = bytearray()
        self._after_cr = False
        self._first = True

    def feed(self, piece: bytes) -> list[str]:
        """The lines that end in this piece, without their ends. Raises EventTooLarge."""
        whole, end, begun = self._with_one_ending(piece).rpartition(b"\n")
        if not end:
            self._hold(begun)
            return []
        self._hold(whole)
        lines = self._close().split("\n")
        self._hold(begun)
        return lines

    def finish(self) -> list[str]:
        """The last line, if the stream ended without ending it."""
        return [self._close()] if self._open else []

    def _with_one_ending(self, piece: bytes) -> bytes:
        if not piece:
            return piece
        if self._after_cr:
            piece = piece.removeprefix(b"\n")
        self._after_cr = piece.endswith(b"\r")
        return piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _hold(self, part: bytes) -> None:
        self._open += part
        if len(self._open) > self._limit and max(map(len, self._open.split(b"\n"))) > self._limit:
            raise EventTooLarge(self._limit)

    def _close(self) -> str:
        """What is open, as text: all lines at once, since no byte that is broken reaches over the end of its line."""
        text = self._open.decode("utf-8", errors="replace")
        self._open.clear()
        if self._first:
            text = text.removeprefix(_BOM)
            self._first = False
        return text


class SseReader:
    """Server-sent events out of pieces.

    A JSON document that stands outside of any event is one, too: that is how Google throws an error into a stream.
    """

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self._limit = limit
        self._lines = LineSplitter(limit)
        self._data: list[str] = []
        self._size = 0
        self._name = ""
        self._bare = False

    def feed(self, piece: bytes) -> list[ServerEvent | KeepAlive]:
        """The events and comments that are complete with this piece. Raises EventTooLarge."""
        return self._read(self._lines.feed(piece))

    def finish(self) -> list[ServerEvent | KeepAlive]:
        """What the stream had begun when it ended: some servers leave the last empty line out."""
        return self._read([*self._lines.finish(), ""])

    def _read(self, lines: list[str]) -> list[ServerEvent | KeepAlive]:
        events: list[ServerEvent | KeepAlive] = []
        for line in lines:
            field, _, value = line.partition(":")
            if field == "data":
                self._keep(value.removeprefix(" "))
            elif not line:
                events += self._dispatch()
            elif not field:
                events.append(KeepAlive(value.strip()))
            elif field == "event":
                self._name = value.removeprefix(" ")
            elif self._bare or (not self._data and line.startswith(("{", "["))):
                self._bare = True
                self._keep(line)
        return events

    def _keep(self, data: str) -> None:
        self._data.append(data)
        self._size += len(data) + 1
        if self._size > self._limit:
            raise EventTooLarge(self._limit)

    def _dispatch(self) -> list[ServerEvent | KeepAlive]:
        events: list[ServerEvent | KeepAlive] = [ServerEvent("\n".join(self._data), self._name)] if self._data else []
        self._data, self._size, self._name, self._bare = [], 0, "", False
        return events


class NdjsonReader:
    """Lines with one JSON document each, out of pieces. An empty one is a sign of life."""

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self._lines = LineSplitter(limit)

    def feed(self, piece: bytes) -> list[ServerEvent | KeepAlive]:
        """The documents that are complete with this piece. Raises EventTooLarge."""
        return [ServerEvent(line) if line.strip() else KeepAlive() for line in self._lines.feed(piece)]

    def finish(self) -> list[ServerEvent | KeepAlive]:
        """The last document, if the stream ended without ending its line."""
        return [ServerEvent(line) if line.strip() else KeepAlive() for line in self._lines.finish()]


class EventReader(Protocol):
    """Events out of pieces. Raises EventTooLarge."""

    def feed(self, piece: bytes) -> list[ServerEvent | KeepAlive]: ...

    def finish(self) -> list[ServerEvent | KeepAlive]: ...


def event_reader(framing: Framing, limit: int = EVENT_LIMIT) -> EventReader:
    return NdjsonReader(limit) if framing == "ndjson" else SseReader(limit)
