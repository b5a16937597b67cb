"""Tool calls put together from the pieces in which OpenAI-like services send them.

Owns the rules for whole calls, pieces with and without an index, repeated or empty names and ids, arguments as text or
as an object.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..json_values import as_count, as_object, as_text
from ..messages import JSON, StreamEvent, ToolCall, ToolCallDelta, ToolCallReady, ToolCallStarted

_COST = 1000
"""Characters that a call counts for by itself: what a call without arguments keeps in memory."""


@dataclass(slots=True)
class _Open:
    """A call whose pieces still come. `number` is its place among the calls of this answer."""

    number: int
    id: str = ""
    name: str = ""
    announced: bool = False
    pieces: list[str] = field(default_factory=list[str])


class ToolCallAssembler:
    """The calls of one answer. `characters` counts what they hold, so that an endless answer ends at its limit."""

    def __init__(self) -> None:
        self.characters = 0
        self._calls: list[_Open] = []
        self._by_index: dict[int, _Open] = {}

    @property
    def any(self) -> bool:
        return bool(self._calls)

    def feed(self, pieces: Iterable[JSON]) -> Iterator[StreamEvent]:
        """What these pieces add. A call is announced once its name is known."""
        for item in pieces:
            piece = as_object(item)
            function = as_object(piece.get("function"))
            call = self._call_of(piece)
            if not call.id:
                call.id = self._counted(as_text(piece.get("id")))
            if not call.name:
                call.name = self._counted(as_text(function.get("name")))
            yield from self._announce(call)
            if text := self._counted(_arguments(function.get("arguments"))):
                call.pieces.append(text)
                if call.announced:
                    yield ToolCallDelta(call.number, text)

    def finish(self) -> Iterator[StreamEvent]:
        """Every call, whole. A call without a name cannot be run; it goes on as it is, for the caller to refuse."""
        for call in self._calls:
            yield from self._announce(call, at_last=True)
            yield ToolCallReady(call.number, ToolCall(call.id, call.name, "".join(call.pieces) or "{}"))

    def _call_of(self, piece: dict[str, JSON]) -> _Open:
        """By index; by id where the index is missing; a new id on a used index is a new call."""
        index, identity = as_count(piece.get("index")), as_text(piece.get("id"))
        if index is not None:
            known = self._by_index.get(index)
            if known is None or (identity and known.id and identity != known.id):
                known = self._by_index[index] = self._new()
            return known
        if identity:
            return next((call for call in self._calls if call.id == identity), None) or self._new()
        named = bool(as_text(as_object(piece.get("function")).get("name")))
        return self._new() if named or not self._calls else self._calls[-1]

    def _new(self) -> _Open:
        self._calls.append(_Open(len(self._calls)))
        self.characters += _COST
        return self._calls[-1]

    def _counted(self, text: str) -> str:
        self.characters += len(text)
        return text

    def _announce(self, call: _Open, *, at_last: bool = False) -> Iterator[StreamEvent]:
        if call.announced or not (call.name or at_last):
            return
        call.announced = True
        call.id = call.id or f"call_{call.number + 1}"
        yield ToolCallStarted(call.number, call.id, call.name)
        if held := "".join(call.pieces):
            yield ToolCallDelta(call.number, held)


def _arguments(value: JSON) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)
