"""One answer as it is read: what all wire formats have in common.

Owns the beginning and the end of an answer, its bound, and the count of what could not be read. What an event means is
the format's own affair: it hands its findings through an `AnswerLog`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from ..errors import ProviderError, Service
from ..messages import (
    JSON,
    Finished,
    FinishReason,
    Message,
    Opaque,
    ReasoningDelta,
    ReasoningOpaque,
    Started,
    StreamEvent,
    TextDelta,
    Usage,
    UsageReported,
)
from ..redact import Redactor
from ..wire.framing import ServerEvent
from ..wire.json_values import as_document, parse_json, whole_characters
from .refusals import refusal_of
from .signs import Sign, problem_of
from .tool_calls import ToolCalls

MOST_BAD_EVENTS = 20
"""So many events that cannot be read, and what answers there is no model."""
_NEARLY_FULL = 0.95
"""Of the context: so little is left that servers stop."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom an answer comes from and which model was asked. `limit` is in characters of the whole answer.

    `context`: the most tokens that the model reads and writes, if its list says so. `origin`: the address to which the
    sealed parts of the answer belong; nobody else could open them.
    """

    service: Service
    redactor: Redactor
    model: str
    limit: int
    context: int | None = None
    origin: str = ""


def sealed(part: Opaque, origin: str) -> Opaque:
    """A part of an answer as it is kept: many services speak one format, and each refuses the seals of others."""
    return replace(part, provider=f"{part.provider}@{origin}")


def unsealed(message: Message, origin: str) -> Message:
    """The same message as the format wrote its parts, of what this service has sealed; the rest is of others."""
    mark = f"@{origin}"
    if not any(isinstance(part, Opaque) and part.provider.endswith(mark) for part in message.parts):
        return message
    parts = (
        replace(part, provider=part.provider.removesuffix(mark)) if isinstance(part, Opaque) else part
        for part in message.parts
    )
    return replace(message, parts=tuple(parts))


class AnswerReader(Protocol):
    """Reads one answer of one wire format. It opens nothing: a recorded stream goes through it as a live one does."""

    @property
    def finished(self) -> bool:
        """The model has said why it ended; only counts may follow."""
        ...

    @property
    def done(self) -> bool:
        """The service has said that nothing follows."""
        ...

    def feed(self, event: ServerEvent) -> Iterable[StreamEvent]:
        """What this event says. Raises ProviderError if it is an error, or one event too many cannot be read."""
        ...

    def whole(self, document: dict[str, JSON]) -> Iterator[StreamEvent]:
        """An answer that came in one piece. Raises ProviderError as `feed` and `finish` do."""
        ...

    def finish(self) -> Iterator[StreamEvent]:
        """The end of the answer, once nothing more comes. Raises ProviderError `stream_cut`, `empty_answer`."""
        ...


class AnswerLog:
    """What one answer has come to. `usage` is set by the format as it learns of it, `calls` are added to by it.

    `started`: its beginning was told. `bad_events` counts the events that were no JSON; they are skipped until there
    are too many.
    """

    def __init__(self, asked: Asked, signs: tuple[Sign, ...] = ()) -> None:
        self.asked = asked
        self.bad_events = 0
        self.usage: Usage | None = None
        self.calls = ToolCalls()
        self._signs = signs
        self._limit = asked.limit
        self._characters = 0
        self.started = False
        self._said_something = False

    def parse(self, data: str) -> dict[str, JSON] | None:
        """The event's document, or None for one to skip. Raises ProviderError `not_an_api` if there are too many."""
        try:
            document = as_document(parse_json(data))
        except ValueError:
            document = None
        if document is None:
            self.bad_events += 1
            if self.bad_events >= MOST_BAD_EVENTS:
                raise self.asked.service.error("not_an_api", detail=self.asked.redactor.excerpt(data, 500))
        return document

    def error(self, document: JSON) -> ProviderError:
        """The error that an event of the stream carries."""
        refusal = refusal_of(0, document, self.asked.redactor)
        service, model, begun = self.asked.service, self.asked.model, self._said_something
        found = problem_of(refusal, service, model=model, with_key=True, signs=self._signs, begun=begun)
        return ProviderError(found)

    def begin(self, model: str = "", identity: str = "", *, swapped: bool = False) -> Iterator[StreamEvent]:
        """The beginning, once. `model`: who answers, if the service says so; `swapped`: it is another than asked."""
        if not self.started:
            self.started = True
            name = self.asked.redactor.excerpt(whole_characters(model), 200) or self.asked.model
            yield Started(name, whole_characters(identity), swapped=swapped)

    def told(self, events: Iterable[StreamEvent]) -> Iterator[StreamEvent]:
        """The same events, after the beginning of the answer and within its limit. Raises ProviderError."""
        for event in events:
            if not self.started:
                yield from self.begin()
            if isinstance(event, TextDelta):  # as nearly all of them
                self._characters += len(event.text)
                self._said_something = True
            else:
                self._count(event)
                if isinstance(event, ReasoningOpaque) and self.asked.origin:
                    event = ReasoningOpaque(sealed(event.part, self.asked.origin))
            if self._characters > self._limit or self.calls.characters > self._limit:
                raise self._too_large()
            yield event
        if self.calls.characters > self._limit:  # a call without a name holds what it does not tell
            raise self._too_large()

    def note_unshown(self) -> None:
        """The answer holds something that is not told, such as work of the service's own tools: it is not empty."""
        self._said_something = True

    def cut(self) -> ProviderError:
        """The stream ended before the model did."""
        return self.asked.service.error("stream_cut")

    def counts(self) -> Iterator[StreamEvent]:
        """The beginning if it has not come yet, and the counts: an answer that failed was paid for, too."""
        yield from self.begin()
        if self.usage is not None:
            yield UsageReported(self.usage)

    def end(self, reason: FinishReason, raw: str) -> Iterator[StreamEvent]:
        """The counts and the end. Raises ProviderError `empty_answer` if nothing was said."""
        yield from self.counts()
        if not self._said_something and reason in ("stop", "unknown"):
            kind = "context_full" if self._context_is_full() else "empty_answer"
            raise self.asked.service.error(kind, model=self.asked.model, detail=self._count_of_tokens())
        yield Finished(reason, raw)

    def _count(self, event: StreamEvent) -> None:
        match event:
            case ReasoningDelta(text):
                self._characters += len(text)
            case ReasoningOpaque(part):
                self._characters += len(json.dumps(part.data))
            case Started() | UsageReported():
                pass
            case _:
                self._said_something = True

    def _too_large(self) -> ProviderError:
        return self.asked.service.error("answer_too_large", other=f"{self.asked.limit / 2**20:.3g} MB")

    def _context_is_full(self) -> bool:
        """Whether nothing was said for want of room: some servers (LM Studio) then end an answer without a word."""
        if self.usage is None or not self.asked.context:
            return False
        return (self.usage.input or 0) + (self.usage.output or 0) >= _NEARLY_FULL * self.asked.context

    def _count_of_tokens(self) -> str:
        return f"Tokens read: {self.usage.input}, written: {self.usage.output}" if self.usage else ""
