"""The stream of a Responses answer: JSON events in, `StreamEvent` values out.

Owns how an answer begins, fails and ends; what its items say is read in `items`. It reads no bytes and opens nothing,
so a recorded stream goes through it as a live one does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..answers.reader import AnswerLog, Asked
from ..answers.refusals import error_in
from ..answers.signs import Sign
from ..messages import JSON, FinishReason, StreamEvent, Usage
from ..wire.framing import ServerEvent
from ..wire.json_values import as_count, as_list, as_object, as_text
from .items import OutputItems

_REASONS: dict[str, FinishReason] = {
    "completed": "stop",
    "max_output_tokens": "length",
    "content_filter": "content_filter",
    "cancelled": "cancelled",
}
_BEGINNINGS = frozenset({"response.created", "response.queued", "response.in_progress"})
_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed", "response.cancelled"})


class ResponsesStream:
    """An `AnswerReader`."""

    def __init__(self, asked: Asked, signs: tuple[Sign, ...] = ()) -> None:
        self.log = AnswerLog(asked, signs)
        self._items = OutputItems(self.log.calls, self.log.note_unshown)
        self._done = False
        self._raw = ""

    @property
    def done(self) -> bool:
        return self._done

    @property
    def finished(self) -> bool:
        return self._done

    def feed(self, event: ServerEvent) -> Iterable[StreamEvent]:
        if event.data.strip() == "[DONE]":  # of servers that grew up with the chat format; it says nothing here
            return ()
        document = self.log.parse(event.data)
        return () if document is None else self.log.told(self._event(document, event.name))

    def whole(self, document: dict[str, JSON]) -> Iterator[StreamEvent]:
        if error_in(document):
            raise self.log.error(document)
        yield from self.log.told(self._ended(document, "completed"))
        yield from self.finish()

    def finish(self) -> Iterator[StreamEvent]:
        if not self._done:
            raise self.log.cut()
        yield from self.log.told(self.log.calls.finish())
        yield from self.log.end(self._reason(), self._raw)

    def _event(self, document: dict[str, JSON], name: str) -> Iterable[StreamEvent]:
        if error_in(document, name):
            raise self.log.error(document)
        kind, response = as_text(document.get("type")) or name, as_object(document.get("response"))
        if kind in _BEGINNINGS:
            return self._begin(response)
        if kind in _ENDS:
            return self._ended(response, kind.removeprefix("response."))
        return self._items.feed(kind, document)

    def _begin(self, response: dict[str, JSON]) -> Iterator[StreamEvent]:
        return self.log.begin(as_text(response.get("model")), as_text(response.get("id")))

    def _ended(self, response: dict[str, JSON], status: str) -> Iterator[StreamEvent]:
        """The answer as a whole. Its items are told only if none of them came by itself."""
        status = as_text(response.get("status")) or status
        yield from self._begin(response)
        if usage := as_object(response.get("usage")):
            self.log.usage = _usage(usage)
        if status == "failed" or response.get("error"):
            yield from self.log.counts()
            raise self.log.error({"error": response.get("error")})
        if not len(self._items):
            for item in as_list(response.get("output")):
                yield from self._items.whole(as_object(item))
        self._raw = as_text(as_object(response.get("incomplete_details")).get("reason")) or status
        self._done = True

    def _reason(self) -> FinishReason:
        if self._items.refused:
            return "refusal"
        reason = _REASONS.get(self._raw, "unknown")
        return "tool_calls" if len(self.log.calls) and reason in ("stop", "unknown") else reason


def _usage(usage: dict[str, JSON]) -> Usage:
    return Usage(
        input=as_count(usage.get("input_tokens")),
        output=as_count(usage.get("output_tokens")),
        reasoning=as_count(as_object(usage.get("output_tokens_details")).get("reasoning_tokens")),
        cached=as_count(as_object(usage.get("input_tokens_details")).get("cached_tokens")),
    )
