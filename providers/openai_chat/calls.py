"""Which piece of a stream belongs to which tool call, in all the ways of OpenAI-like services.

Owns the rules for pieces with and without an index, repeated or empty names and ids, and whole calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..answers.tool_calls import OpenCall, ToolCalls, arguments_text
from ..messages import JSON, StreamEvent
from ..wire.json_values import as_count, as_object, as_text


class ChatCalls:
    """The calls of one answer."""

    def __init__(self, calls: ToolCalls) -> None:
        self._calls = calls
        self._by_index: dict[int, OpenCall] = {}

    def feed(self, pieces: Iterable[JSON]) -> Iterator[StreamEvent]:
        """What these pieces add."""
        for item in pieces:
            piece = as_object(item)
            function = as_object(piece.get("function"))
            name, arguments = as_text(function.get("name")), arguments_text(function.get("arguments"))
            yield from self._calls.add(self._call_of(piece), as_text(piece.get("id")), name, arguments)

    def _call_of(self, piece: dict[str, JSON]) -> OpenCall:
        """By index; by id where the index is missing; a new id on a used index is a new call."""
        index, identity = as_count(piece.get("index")), as_text(piece.get("id"))
        if index is not None:
            known = self._by_index.get(index)
            if known is None or (identity and known.id and identity != known.id):
                known = self._by_index[index] = self._calls.open()
            return known
        if identity:
            return self._calls.with_id(identity) or self._calls.open()
        named = bool(as_text(as_object(piece.get("function")).get("name")))
        return self._calls.open() if named else self._calls.last or self._calls.open()
