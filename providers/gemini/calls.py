"""Which piece of a stream belongs to which tool call.

Owns the rules for calls that come whole, as Gemini itself sends them, and in pieces, as Vertex does: a name begins a
call, `willContinue` keeps it open, an empty piece closes it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..answers.tool_calls import OpenCall, ToolCalls, arguments_text
from ..messages import JSON, ReasoningOpaque, StreamEvent
from ..wire.json_values import as_list, as_object, as_text
from .arguments import ArgumentText
from .signatures import signed_call


class GeminiCalls:
    """The calls of one answer, each followed by its signature."""

    def __init__(self, calls: ToolCalls) -> None:
        self._calls = calls
        self._open: OpenCall | None = None
        self._arguments = ArgumentText()
        self._signature = ""

    def feed(self, piece: dict[str, JSON], signature: str) -> Iterator[StreamEvent]:
        """What this `functionCall` adds; `signature` came on its part."""
        identity, name = as_text(piece.get("id")), as_text(piece.get("name"))
        if self._open is None or (name and not (identity and identity == self._open.id)):
            yield from self.finish()
            if not piece:
                return
            self._open = self._calls.open()
        self._signature = signature or self._signature
        yield from self._calls.add(self._open, identity, name, self._arguments_in(piece))
        if piece.get("willContinue") is not True:
            yield from self.finish()

    def finish(self, *, complete: bool = True) -> Iterator[StreamEvent]:
        """The open call, whole. Not `complete`: its arguments stay broken off, so that nobody runs half of them."""
        if self._open is None:
            return
        call, self._open = self._open, None
        rest, self._arguments = self._arguments.close() if complete else "", ArgumentText()
        signature, self._signature = self._signature, ""
        yield from self._calls.add(call, arguments=rest)
        yield from self._calls.close(call)
        if signature:
            yield ReasoningOpaque(signed_call(signature))

    def _arguments_in(self, piece: dict[str, JSON]) -> str:
        whole = piece.get("args")
        partial = (self._arguments.add(as_object(part)) for part in as_list(piece.get("partialArgs")))
        return (arguments_text(whole) if whole else "") + "".join(partial)
