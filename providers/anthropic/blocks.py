"""The parts of an answer that come in pieces: signed reasoning and tool calls.

Owns which piece belongs to which block, and when one is whole. Blocks and pieces of other kinds (server tools,
citations, whatever comes next) are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..answers.tool_calls import OpenCall, ToolCalls, arguments_text
from ..messages import JSON, ReasoningDelta, ReasoningOpaque, StreamEvent, TextDelta
from ..wire.json_values import CharacterJoiner, as_object, as_text
from .thinking import kept


@dataclass(slots=True)
class _OpenThinking:
    """`block`: as it began."""

    index: int | None
    block: dict[str, JSON]
    text: list[str]
    signature: str


@dataclass(slots=True)
class _OpenUse:
    """`whole`: arguments that came with the beginning; they count unless pieces follow."""

    call: OpenCall
    whole: str


class Blocks:
    """The blocks of one answer. `ready` counts the calls that were given out whole; `spoke`: there was text."""

    def __init__(self, calls: ToolCalls) -> None:
        self._calls = calls
        self.ready = 0
        self.spoke = False
        self._thinking: _OpenThinking | None = None  # one at a time, so that an endless answer keeps no more
        self._uses: dict[int | None, _OpenUse] = {}
        self._text, self._thoughts = CharacterJoiner(), CharacterJoiner()

    def start(self, index: int | None, block: dict[str, JSON]) -> Iterator[StreamEvent]:
        """A block begins. Gateways put a part of it, or all, into its beginning."""
        match block.get("type"):
            case "text":
                yield from self._speak(as_text(block.get("text")))
            case "thinking":
                self._thinking = _OpenThinking(index, block, [], as_text(block.get("signature")))
                yield from self._think(index, as_text(block.get("thinking")))
            case "redacted_thinking":
                yield ReasoningOpaque(kept(block))
            case "tool_use":
                yield from self._close_use(index)
                given = as_object(block.get("input"))
                use = self._uses[index] = _OpenUse(self._calls.open(), arguments_text(given) if given else "")
                yield from self._calls.add(use.call, as_text(block.get("id")), as_text(block.get("name")))
            case _:
                pass

    def add(self, index: int | None, delta: dict[str, JSON]) -> Iterable[StreamEvent]:
        """A piece of a block."""
        match delta.get("type"):
            case "text_delta":
                return self._speak(as_text(delta.get("text")))
            case "thinking_delta":
                return self._think(index, as_text(delta.get("thinking")))
            case "input_json_delta":
                return self._add_arguments(index, as_text(delta.get("partial_json")))
            case "signature_delta":
                if self._thinking and self._thinking.index == index:
                    self._thinking.signature = as_text(delta.get("signature"))
            case _:
                pass
        return ()

    def stop(self, index: int | None) -> Iterator[StreamEvent]:
        """A block is whole."""
        if self._thinking and self._thinking.index == index:
            yield from self._close_thinking()
        yield from self._close_use(index)

    def finish(self) -> Iterator[StreamEvent]:
        """The answer is whole, so what was not ended is as well."""
        yield from self._close_thinking()
        for index in tuple(self._uses):
            yield from self._close_use(index)

    def drop(self) -> None:
        """What is not whole yet never will be."""
        self._thinking = None
        self._uses.clear()

    def _speak(self, text: str) -> Iterable[StreamEvent]:
        text = self._text.feed(text)
        if not text:
            return ()
        self.spoke = True
        return (TextDelta(text),)

    def _think(self, index: int | None, text: str) -> Iterable[StreamEvent]:
        if text and self._thinking and self._thinking.index == index:
            self._thinking.text.append(text)  # as it came: it is signed
        thought = self._thoughts.feed(text)
        return (ReasoningDelta(thought),) if thought else ()

    def _add_arguments(self, index: int | None, text: str) -> Iterable[StreamEvent]:
        use = self._uses.get(index)
        if not use or not text:
            return ()
        use.whole = ""
        return self._calls.add(use.call, arguments=text)

    def _close_thinking(self) -> Iterator[StreamEvent]:
        """Reasoning that nobody signed is wanted back by nobody."""
        thinking, self._thinking = self._thinking, None
        if thinking and thinking.signature:
            said: dict[str, JSON] = {"thinking": "".join(thinking.text), "signature": thinking.signature}
            yield ReasoningOpaque(kept({**thinking.block, **said}))

    def _close_use(self, index: int | None) -> Iterator[StreamEvent]:
        use = self._uses.pop(index, None)
        if use is None:
            return
        self.ready += 1
        yield from self._calls.add(use.call, arguments=use.whole)
        yield from self._calls.close(use.call)
