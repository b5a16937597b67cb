"""The stream of an Anthropic message: JSON events in, `StreamEvent` values out.

Owns the course of a message: its beginning, its counts, why it ended. It reads no bytes and opens nothing, so a
recorded stream goes through it as a live one does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..answers.reader import AnswerLog, Asked
from ..answers.refusals import error_in
from ..messages import JSON, FinishReason, ReasoningOpaque, StreamEvent, TextDelta, Usage
from ..wire.framing import ServerEvent
from ..wire.json_values import as_count, as_list, as_object, as_text
from .blocks import Blocks
from .signs import SIGNS
from .thinking import BEGUN_ANEW

_REASONS: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "pause_turn": "length",  # tools of the service's own have reached their limit; it is not finished
    "tool_use": "tool_calls",
    "refusal": "refusal",
}
_FULL = "model_context_window_exceeded"
_COUNTS = (
    "input_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "output_tokens",
    "output_tokens_details",
)


class MessageStream:
    """An `AnswerReader`. Only `message_stop` ends a message: whatever ends before it was cut."""

    def __init__(self, asked: Asked) -> None:
        self.log = AnswerLog(asked, SIGNS)
        self._blocks = Blocks(self.log.calls)
        self._open = ""  # the id of the message that has begun
        self._done = False
        self._stop: dict[str, JSON] = {}
        self._counts: dict[str, JSON] = {}

    @property
    def done(self) -> bool:
        return self._done

    @property
    def finished(self) -> bool:
        return self._done

    def feed(self, event: ServerEvent) -> Iterable[StreamEvent]:
        document = self.log.parse(event.data)
        if document is None:
            return ()
        if error_in(document, event.name):
            raise self.log.error(document)
        return self.log.told(self._read(document))

    def whole(self, document: dict[str, JSON]) -> Iterator[StreamEvent]:
        if error_in(document):
            raise self.log.error(document)
        yield from self.log.told(self._message(document))
        self._done = True
        yield from self.finish()

    def finish(self) -> Iterator[StreamEvent]:
        if not self._done:
            raise self.log.cut()
        word = as_text(self._stop.get("stop_reason"))
        if word == _FULL:
            raise self.log.error({"error": {"type": _FULL}})
        yield from self.log.told(self._blocks.finish())
        yield from self.log.told(self._explanation())
        self.log.usage = _usage(self._counts) if self._counts else None
        yield from self.log.end(self._reason(word), word)

    def _read(self, document: dict[str, JSON]) -> Iterable[StreamEvent]:
        index = as_count(document.get("index"))
        match document.get("type"):
            case "content_block_delta":
                return self._blocks.add(index, as_object(document.get("delta")))
            case "content_block_start":
                return self._blocks.start(index, as_object(document.get("content_block")))
            case "content_block_stop":
                return self._blocks.stop(index)
            case "message_start":
                return self._message(as_object(document.get("message")))
            case "message_delta":
                self._end(as_object(document.get("delta")), document.get("usage"))
            case "message_stop":
                self._done = True
            case _:
                pass
        return ()

    def _message(self, message: dict[str, JSON]) -> Iterator[StreamEvent]:
        """A message begins; from some gateways it is all there already."""
        identity = as_text(message.get("id"))
        if self._open and identity not in ("", self._open):
            yield from self._begin_anew()
        self._open = identity
        self._end(message, message.get("usage"))
        yield from self.log.begin(as_text(message.get("model")), identity)
        for index, block in enumerate(as_list(message.get("content"))):
            yield from self._blocks.start(index, as_object(block))
            yield from self._blocks.stop(index)

    def _begin_anew(self) -> Iterator[StreamEvent]:
        """A gateway lost its answer in the middle and goes on with another. A call that was given out cannot be undone.

        Raises ProviderError `stream_cut` in that case.
        """
        if self._blocks.ready:
            raise self.log.cut()
        self._blocks.drop()
        yield ReasoningOpaque(BEGUN_ANEW)

    def _end(self, message: dict[str, JSON], usage: JSON) -> None:
        """Keeps why it ended, if it says so, and the counts. Those are of the whole answer; what is left out stays."""
        if as_text(message.get("stop_reason")):
            self._stop = message
        counts = as_object(usage)
        self._counts |= {name: counts[name] for name in _COUNTS if counts.get(name) is not None}

    def _explanation(self) -> Iterator[StreamEvent]:
        """Why the service declined, in its own words, if it has any."""
        details = as_object(self._stop.get("stop_details"))
        if self._stop.get("stop_reason") == "refusal" and (why := as_text(details.get("explanation"))):
            yield TextDelta(f"\n\n{why}" if self._blocks.spoke else why)

    def _reason(self, word: str) -> FinishReason:
        """The calls that arrived count for more than the word: some gateways end tool turns with `end_turn`."""
        reason = _REASONS.get(word, "unknown" if word else "stop")
        return "tool_calls" if self._blocks.ready and reason in ("stop", "unknown") else reason


def _usage(counts: dict[str, JSON]) -> Usage:
    """What came out of the cache and went into it is read as well, but counted apart by the service."""
    cached = as_count(counts.get("cache_read_input_tokens"))
    fresh = as_count(counts.get("input_tokens"))
    stored = as_count(counts.get("cache_creation_input_tokens"))
    return Usage(
        input=None if fresh is None else fresh + (cached or 0) + (stored or 0),
        output=as_count(counts.get("output_tokens")),
        reasoning=as_count(as_object(counts.get("output_tokens_details")).get("thinking_tokens")),
        cached=cached,
    )
