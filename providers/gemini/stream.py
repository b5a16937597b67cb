"""The stream of a Gemini answer: JSON events in, `StreamEvent` values out.

Owns the reading of responses as Google really sends them. It reads no bytes and opens nothing, so a recorded stream
goes through it as a live one does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..answers.reader import AnswerLog, Asked
from ..answers.refusals import error_in
from ..errors import ProviderError
from ..messages import JSON, FinishReason, ReasoningDelta, ReasoningOpaque, StreamEvent, TextDelta, Usage
from ..wire.framing import ServerEvent
from ..wire.json_values import as_count, as_list, as_object, as_text, whole_characters
from .calls import GeminiCalls
from .interactions import as_response
from .signatures import signed_text
from .signs import SIGNS

_REASONS: dict[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "LANGUAGE": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    # the words of the Interactions API
    "completed": "stop",
    "requires_action": "stop",
    "incomplete": "length",
}

_FAILURES = {
    "MALFORMED_FUNCTION_CALL": "The model wrote a tool call that cannot be read.",
    "UNEXPECTED_TOOL_CALL": "The model called a tool that it was not given.",
    "TOO_MANY_TOOL_CALLS": "The model called too many tools in a row.",
    "MISSING_THOUGHT_SIGNATURE": "The service misses one of its own signatures in the conversation.",
}
"""Ends that are no answer, whatever had come before."""

_COUNTS = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "cachedContentTokenCount")


class GeminiStream:
    """An `AnswerReader`. There is no end mark: what comes after the reason for the end is read until nothing comes."""

    def __init__(self, asked: Asked) -> None:
        self.log = AnswerLog(asked, SIGNS)
        self._calls = GeminiCalls(self.log.calls)
        self._counts: dict[str, int] = {}
        self._finish = ""
        self._message = ""
        self._blocked = ""
        self._done = False

    @property
    def done(self) -> bool:
        return self._done

    @property
    def finished(self) -> bool:
        return bool(self._finish or self._blocked)

    def feed(self, event: ServerEvent) -> Iterable[StreamEvent]:
        document = self.log.parse(event.data)
        return () if document is None else self.log.told(self._response(as_response(document), event.name))

    def whole(self, document: dict[str, JSON]) -> Iterator[StreamEvent]:
        yield from self.log.told(self._response(document, ""))
        yield from self.finish()

    def finish(self) -> Iterator[StreamEvent]:
        if not self.finished:
            raise self.log.cut()
        self._done = True
        yield from self.log.told(self._calls.finish(complete=self._reason() == "stop"))
        self.log.usage = _usage(self._counts) if self._counts else None
        if self._finish in _FAILURES:
            yield from self.log.counts()
            raise self._failure()
        yield from self.log.end(self._told_reason(), self._blocked or self._finish)

    def _response(self, document: dict[str, JSON], name: str) -> Iterator[StreamEvent]:
        if error_in(document, name):
            raise self.log.error(document)
        self._keep_usage(as_object(document.get("usageMetadata")))
        self._blocked = as_text(as_object(document.get("promptFeedback")).get("blockReason")) or self._blocked
        model = as_text(document.get("modelVersion"))
        if model and not self.log.started:
            yield from self.log.begin(model, as_text(document.get("responseId")))
        for candidate in as_list(document.get("candidates"))[:1]:
            yield from self._candidate(as_object(candidate))

    def _candidate(self, candidate: dict[str, JSON]) -> Iterator[StreamEvent]:
        self._finish = as_text(candidate.get("finishReason")) or self._finish
        self._message = as_text(candidate.get("finishMessage")) or self._message
        for item in as_list(as_object(candidate.get("content")).get("parts")):
            part = as_object(item)
            signature = as_text(part.get("thoughtSignature"))
            if "functionCall" in part:
                yield from self._calls.feed(as_object(part.get("functionCall")), signature)
            else:
                yield from _said(part, signature)

    def _keep_usage(self, usage: dict[str, JSON]) -> None:
        """Counts are of the whole answer so far; the first events may have none."""
        self._counts |= {name: count for name in _COUNTS if (count := as_count(usage.get(name))) is not None}

    def _reason(self) -> FinishReason:
        return "content_filter" if self._blocked else _REASONS.get(self._finish, "unknown")

    def _told_reason(self) -> FinishReason:
        """The calls that arrived count for more than the word, which is the same with and without them."""
        reason = self._reason()
        return "tool_calls" if len(self.log.calls) and reason in ("stop", "unknown") else reason

    def _failure(self) -> ProviderError:
        asked = self.log.asked
        detail = asked.redactor.excerpt(f"{self._finish}\n{self._message}".strip(), 2000)
        again = self._finish != "MISSING_THOUGHT_SIGNATURE"  # what is missing stays so; a model may do better
        return asked.service.error("stream_error", reason=_FAILURES[self._finish], detail=detail, should_retry=again)


def _said(part: dict[str, JSON], signature: str) -> Iterator[StreamEvent]:
    """What a part says that is no call. One of a kind that nobody asked for says nothing."""
    text, thought = whole_characters(as_text(part.get("text"))), part.get("thought") is True
    if text:
        yield ReasoningDelta(text) if thought else TextDelta(text)
    if signature:
        yield ReasoningOpaque(signed_text("thought" if thought else "text", len(text), signature))


def _usage(counts: dict[str, int]) -> Usage:
    """Thoughts are paid for as output, and counted beside it."""
    answer, thoughts = counts.get("candidatesTokenCount"), counts.get("thoughtsTokenCount")
    return Usage(
        input=counts.get("promptTokenCount"),
        output=None if answer is None and thoughts is None else (answer or 0) + (thoughts or 0),
        reasoning=thoughts,
        cached=counts.get("cachedContentTokenCount"),
    )
