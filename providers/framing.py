"""Bytes to events: server-sent events, and one JSON document a line.

Owns the cutting, incremental and bounded: time in proportion to the bytes however they are cut, memory for at most one
event. It knows nothing of what the events mean, and nothing of the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

EVENT_LIMIT = 16 * 2**20
"""Bytes of one event. Images and signatures make single lines of several MiB."""

Framing = Literal["sse", "ndjson"]
"""How a stream is cut into events."""

_BOM = b"\xef\xbb\xbf"


class EventTooLarge(Exception):
    """One event is larger than the limit of its reader."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"an event of more than {limit} bytes")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class ServerEvent:
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
        if self._after_cr and piece:
            piece = piece.removeprefix(b"\n")
            self._after_cr = False
        if not piece:
            return []
        self._after_cr = piece.endswith(b"\r")
        lines: list[str] = []
        for part in piece.splitlines(keepends=True):
            self._open += part
            if len(self._open) > self._limit:
                raise EventTooLarge(self._limit)
            if part.endswith((b"\n", b"\r")):
                lines.append(self._close())
        return lines

    def finish(self) -> list[str]:
        """The last line, if the stream ended without ending it."""
        return [self._close()] if self._open else []

    def _close(self) -> str:
        line = self._open.rstrip(b"\r\n")
        self._open.clear()
        if self._first:
            line = line.removeprefix(_BOM)
            self._first = False
        return line.decode("utf-8", errors="replace")


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
            if not line:
                events += self._dispatch()
            elif line.startswith(":"):
                events.append(KeepAlive(line[1:].strip()))
            else:
                self._take(line)
        return events

    def _take(self, line: str) -> None:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._keep(value)
        elif field == "event":
            self._name = value
        elif self._bare or (not self._data and line.startswith(("{", "["))):
            self._bare = True
            self._keep(line)

    def _keep(self, data: str) -> None:
        self._data.append(data)
        self._size += len(data) + 1
        if self._size > self._limit:
            raise EventTooLarge(self._limit)

    def _dispatch(self) -> list[ServerEvent | KeepAlive]:
        event = ServerEvent("\n".join(self._data), self._name)
        had_data = bool(self._data)
        self._data, self._size, self._name, self._bare = [], 0, "", False
        return [event] if had_data else []


class NdjsonReader:
    """Lines with one JSON document each, out of pieces. An empty one is a sign of life."""

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self._lines = LineSplitter(limit)

    def feed(self, piece: bytes) -> list[ServerEvent | KeepAlive]:
        """The documents that are complete with this piece. Raises EventTooLarge."""
        return [_document(line) for line in self._lines.feed(piece)]

    def finish(self) -> list[ServerEvent | KeepAlive]:
        """The last document, if the stream ended without ending its line."""
        return [_document(line) for line in self._lines.finish()]


def _document(line: str) -> ServerEvent | KeepAlive:
    return ServerEvent(line) if line.strip() else KeepAlive()


class EventReader(Protocol):
    """Events out of pieces. Raises EventTooLarge."""

    def feed(self, piece: bytes) -> list[ServerEvent | KeepAlive]: ...

    def finish(self) -> list[ServerEvent | KeepAlive]: ...


def event_reader(framing: Framing, limit: int = EVENT_LIMIT) -> EventReader:
    return NdjsonReader(limit) if framing == "ndjson" else SseReader(limit)
