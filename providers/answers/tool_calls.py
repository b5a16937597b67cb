"""Tool calls put together from the pieces in which services send them.

Owns their order, their names and ids, and what they hold, with characters that were cut in two joined. Which piece
belongs to which call is the format's affair.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..messages import JSON, StreamEvent, ToolCall, ToolCallDelta, ToolCallReady, ToolCallStarted
from ..wire.json_values import CharacterJoiner, whole_characters

_COST = 1000
"""Characters that a call counts for by itself: what a call without arguments keeps in memory."""


@dataclass(slots=True)
class OpenCall:
    """A call whose pieces still come. `number` is its place among the calls of this answer.

    `id`: as the service has it, "" if it has none. `given`: under which it goes on.
    """

    number: int
    id: str = ""
    name: str = ""
    given: str = ""
    announced: bool = False
    closed: bool = False
    pieces: list[str] = field(default_factory=list[str])
    joiner: CharacterJoiner = field(default_factory=CharacterJoiner)


class ToolCalls:
    """The calls of one answer. `characters` counts what they hold, so that an endless answer ends at its limit."""

    def __init__(self) -> None:
        self.characters = 0
        self._calls: list[OpenCall] = []
        self._by_id: dict[str, OpenCall] = {}
        self._given: set[str] = set()

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def last(self) -> OpenCall | None:
        return self._calls[-1] if self._calls else None

    def with_id(self, identity: str) -> OpenCall | None:
        return self._by_id.get(identity)

    def open(self) -> OpenCall:
        """The next call."""
        self._calls.append(OpenCall(len(self._calls)))
        self.characters += _COST
        return self._calls[-1]

    def add(self, call: OpenCall, identity: str = "", name: str = "", arguments: str = "") -> Iterator[StreamEvent]:
        """What a piece adds. A call is announced once its name is known; a known name or id stays what it is.

        It goes on under an id that no other call has: results could not be told apart by one that repeats.
        """
        if identity and not call.id:
            call.id = self._counted(identity)
            self._by_id.setdefault(identity, call)
        call.name = call.name or self._counted(whole_characters(name))
        yield from self._announce(call)
        yield from self._write(call, call.joiner.feed(arguments))

    def close(self, call: OpenCall) -> Iterator[StreamEvent]:
        """This call, whole, once. Without a name it cannot be run; it goes on as it is, for the caller to refuse."""
        if call.closed:
            return
        call.closed = True
        yield from self._announce(call, at_last=True)
        yield from self._write(call, call.joiner.finish())
        yield ToolCallReady(call.number, ToolCall(call.given, call.name, "".join(call.pieces) or "{}"))

    def finish(self) -> Iterator[StreamEvent]:
        """Every call that is still open, whole."""
        for call in self._calls:
            yield from self.close(call)

    def _write(self, call: OpenCall, arguments: str) -> Iterator[StreamEvent]:
        if arguments:
            call.pieces.append(self._counted(arguments))
            if call.announced:
                yield ToolCallDelta(call.number, arguments)

    def _unused(self, call: OpenCall) -> str:
        given = whole_characters(call.id) or f"call_{call.number + 1}"
        while given in self._given:
            given = f"{given}_{call.number + 1}"
        self._given.add(given)
        return given

    def _counted(self, text: str) -> str:
        self.characters += len(text)
        return text

    def _announce(self, call: OpenCall, *, at_last: bool = False) -> Iterator[StreamEvent]:
        if call.announced or not (call.name or at_last):
            return
        call.announced = True
        call.given = self._unused(call)
        yield ToolCallStarted(call.number, call.given, call.name)
        if held := "".join(call.pieces):
            yield ToolCallDelta(call.number, held)


def arguments_text(value: JSON) -> str:
    """Arguments as text, also of services that send an object. What is nested too deeply is text that is no JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "[nested too deeply"
