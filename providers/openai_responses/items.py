"""The items of one Responses answer: which piece belongs to which, and what each of them says.

Owns the rule that everything is told once: by its pieces where they come, else by whatever brings it whole, be it the
end of the piece, of the item or of the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ..answers.tool_calls import OpenCall, ToolCalls, arguments_text
from ..messages import JSON, Opaque, ReasoningDelta, ReasoningOpaque, StreamEvent, TextDelta
from ..wire.json_values import CharacterJoiner, as_count, as_list, as_object, as_text, whole_characters
from .wire import OWNER

_TEXTS = {
    "response.output_text": "output_text",
    "response.refusal": "refusal",
    "response.reasoning_summary_text": "summary_text",
    "response.reasoning_text": "reasoning_text",
}
"""Events that bring text, without their `.delta` or `.done`, and the kind of part that it is of."""


_MOST_KNOWN = 10_000
"""So many items, and parts of one, are kept in mind: an endless answer could name ever new ones that say nothing."""


@dataclass(slots=True)
class _Item:
    """One item. `told` are its parts of which something was told; `thought` is the kind of reasoning it is told in."""

    number: int
    joiner: CharacterJoiner = field(default_factory=CharacterJoiner)
    begun: bool = False
    thought: str = ""
    call: OpenCall | None = None
    told: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])


class OutputItems:
    """The items of one answer. `refused`: the model has declined in words.

    `note_unshown` is called for an item that says nothing here: a service's own tool was used.
    """

    def __init__(self, calls: ToolCalls, note_unshown: Callable[[], None]) -> None:
        self._calls = calls
        self._note_unshown = note_unshown
        self.refused = False
        self._count = 0
        self._by_name: dict[str | int, _Item] = {}
        self._last_thought: tuple[int, int] | None = None

    def __len__(self) -> int:
        return self._count

    def feed(self, kind: str, event: dict[str, JSON]) -> Iterable[StreamEvent]:
        """What an event of this kind adds. Kinds that nobody knows add nothing."""
        match kind:
            case "response.output_item.added":
                content = as_object(event.get("item"))
                return self._begin(self._new(event, content), content)
            case "response.output_item.done":
                content = as_object(event.get("item"))
                return self._whole(self._of(event, content), content)
            case "response.function_call_arguments.delta":
                return self._arguments(self._of(event), as_text(event.get("delta")))
            case "response.function_call_arguments.done":
                return self._all_arguments(self._of(event), event)
            case _:
                return self._text_event(kind, event)

    def whole(self, content: dict[str, JSON]) -> Iterator[StreamEvent]:
        """An item of an answer that came in one piece."""
        yield from self._whole(self._new({}, content), content)

    def _new(self, event: dict[str, JSON], content: dict[str, JSON]) -> _Item:
        item = _Item(self._count)
        self._count += 1
        if len(self._by_name) < _MOST_KNOWN:
            self._by_name |= dict.fromkeys(_names(event, content), item)
        return item

    def _of(self, event: dict[str, JSON], content: dict[str, JSON] | None = None) -> _Item:
        """By id, else by place: some services leave the place out, others give the same item ever new ids."""
        content = content or {}
        for name in _names(event, content):
            if name in self._by_name:
                return self._by_name[name]
        return self._new(event, content)

    def _begin(self, item: _Item, content: dict[str, JSON]) -> Iterator[StreamEvent]:
        if item.begun:
            return
        item.begun = True
        match content.get("type"):
            case "function_call":
                identity, name = as_text(content.get("call_id")), as_text(content.get("name"))
                yield from self._calls.add(self._call(item), identity, name)
            case "message":
                # Whether it is an aside or the answer; models that say so want to be told so again.
                if phase := as_text(content.get("phase")):
                    yield ReasoningOpaque(Opaque(OWNER, {"type": "message", "phase": phase}))
            case "reasoning" | None:
                pass
            case _:
                self._note_unshown()

    def _whole(self, item: _Item, content: dict[str, JSON]) -> Iterator[StreamEvent]:
        """The end of an item: what of it has not been told."""
        yield from self._begin(item, content)
        match content.get("type"):
            case "message":
                yield from self._parts(item, content.get("content"))
            case "reasoning":
                yield from self._parts(item, content.get("summary"))
                yield from self._parts(item, content.get("content"))
                if content.get("encrypted_content") or content.get("content"):  # else there is nothing to give back
                    yield ReasoningOpaque(Opaque(OWNER, {**content}))
            case "function_call":
                yield from self._all_arguments(item, content)
                yield from self._calls.close(self._call(item))
            case _:
                pass

    def _parts(self, item: _Item, parts: JSON) -> Iterator[StreamEvent]:
        for index, entry in enumerate(as_list(parts)):
            part = as_object(entry)
            kind = as_text(part.get("type"))
            yield from self._text(item, kind, index, _whole_text(kind, part), whole=True)

    def _text_event(self, kind: str, event: dict[str, JSON]) -> Iterable[StreamEvent]:
        stem, _, ending = kind.rpartition(".")
        if stem not in _TEXTS or ending not in ("delta", "done"):
            return ()
        part, whole = _TEXTS[stem], ending == "done"
        index = as_count(event.get("summary_index" if part == "summary_text" else "content_index")) or 0
        text = _whole_text(part, event) if whole else as_text(event.get("delta"))
        return self._text(self._of(event), part, index, text, whole=whole)

    def _text(self, item: _Item, kind: str, index: int, text: str, *, whole: bool) -> Iterable[StreamEvent]:
        if whole and (kind, index) in item.told:
            return ()
        text = whole_characters(text) if whole else item.joiner.feed(text)
        if not text:
            return ()
        if len(item.told) < _MOST_KNOWN:
            item.told.add((kind, index))
        match kind:
            case "output_text":
                return (TextDelta(text),)
            case "refusal":
                self.refused = True
                return (TextDelta(text),)
            case "summary_text" | "reasoning_text":
                return self._thought(item, kind, index, text)
            case _:
                return ()

    def _thought(self, item: _Item, kind: str, index: int, text: str) -> Iterable[StreamEvent]:
        """A thought and its summary say the same: the one that comes first is told. Thoughts are paragraphs."""
        item.thought = item.thought or kind
        if item.thought != kind:
            return ()
        place = (item.number, index)
        parted = self._last_thought not in (None, place)
        self._last_thought = place
        return (ReasoningDelta(f"\n\n{text}" if parted else text),)

    def _arguments(self, item: _Item, text: str) -> Iterable[StreamEvent]:
        return self._calls.add(self._call(item), arguments=text)

    def _all_arguments(self, item: _Item, content: dict[str, JSON]) -> Iterator[StreamEvent]:
        if not self._call(item).pieces:
            yield from self._arguments(item, arguments_text(content.get("arguments")))

    def _call(self, item: _Item) -> OpenCall:
        if item.call is None:
            item.call = self._calls.open()
        return item.call


def _names(event: dict[str, JSON], content: dict[str, JSON]) -> Iterator[str | int]:
    """What an item is known by, the surest first."""
    identity = as_text(content.get("id")) or as_text(event.get("item_id"))
    if identity:
        yield identity
    place = as_count(event.get("output_index"))
    if place is not None:
        yield place


def _whole_text(kind: str, holder: dict[str, JSON]) -> str:
    return as_text(holder.get("refusal" if kind == "refusal" else "text"))
