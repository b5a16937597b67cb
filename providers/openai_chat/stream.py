"""The stream of an OpenAI-like answer: JSON events in, `StreamEvent` values out.

Owns the reading of chunks as real services send them, with everything that they do differently. It reads no bytes and
opens nothing, so a recorded stream goes through it as a live one does.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import ProviderError, Service
from ..framing import ServerEvent
from ..json_values import as_count, as_list, as_object, as_text, parse_json
from ..messages import (
    JSON,
    Finished,
    FinishReason,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    Usage,
    UsageReported,
)
from ..redact import Redactor
from .errors import error_in, problem_of, refusal_of
from .tool_calls import ToolCallAssembler

MOST_BAD_EVENTS = 20

_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "length": "length",
    "model_length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "refusal",
}


class ChatStream:
    """Reads one answer. `model` is the one asked for; `limit` is in characters of the whole answer.

    `bad_events` counts the events that were no JSON; they are skipped until there are too many.
    """

    def __init__(self, service: Service, redactor: Redactor, *, model: str, limit: int) -> None:
        self.bad_events = 0
        self.done = False
        """The service has said that nothing follows."""
        self._service = service
        self._redactor = redactor
        self._model = model
        self._limit = limit
        self._started = False
        self._calls = ToolCallAssembler()
        self._characters = 0
        self._said_something = False
        self._refused = False
        self._finish = ""
        self._usage: Usage | None = None

    @property
    def started(self) -> bool:
        return self._started

    @property
    def finished(self) -> bool:
        """The model has said why it ended; only counts may follow."""
        return self.done or bool(self._finish)

    def feed(self, event: ServerEvent) -> Iterator[StreamEvent]:
        """What this event says. Raises ProviderError if it is an error, or one event too many cannot be read."""
        if event.data.strip() == "[DONE]":
            self.done = True
            return
        document = self._parse(event.data)
        if document is None:
            return
        yield from self._chunk(document, event.name)

    def whole(self, document: dict[str, JSON]) -> Iterator[StreamEvent]:
        """An answer that came in one piece. Raises ProviderError as `feed` and `finish` do."""
        yield from self._chunk(document, "")
        self.done = True
        yield from self.finish()

    def _chunk(self, document: dict[str, JSON], name: str) -> Iterator[StreamEvent]:
        if error_in(document, name):
            raise self._error(document)
        self._keep_usage(document)
        model = as_text(document.get("model"))
        if model and not self._started:
            yield from self._start(model, as_text(document.get("id")))
        for choice in as_list(document.get("choices"))[:1]:
            yield from self._choice(as_object(choice))

    def finish(self) -> Iterator[StreamEvent]:
        """The end of the answer, once nothing more comes. Raises ProviderError `stream_cut`, `empty_answer`."""
        if not self.finished:
            raise self._service.error("stream_cut")
        yield from self._start()
        yield from self._count(self._calls.finish())
        if self._usage is not None:
            yield UsageReported(self._usage)
        reason = self._reason()
        if not self._said_something and reason in ("stop", "unknown"):
            raise self._service.error("empty_answer", model=self._model, detail=self._count_of_tokens())
        yield Finished(reason, self._finish)

    def _parse(self, data: str) -> dict[str, JSON] | None:
        try:
            document = parse_json(data)
        except ValueError:
            document = None
        if isinstance(document, dict):
            return document
        self.bad_events += 1
        if self.bad_events >= MOST_BAD_EVENTS:
            raise self._service.error("not_an_api", detail=self._redactor.excerpt(data, 500))
        return None

    def _error(self, document: dict[str, JSON]) -> ProviderError:
        refusal = refusal_of(0, document, self._redactor)
        return ProviderError(problem_of(refusal, self._service, model=self._model, with_key=True))

    def _start(self, model: str = "", identity: str = "") -> Iterator[StreamEvent]:
        if not self._started:
            self._started = True
            yield Started(self._redactor.excerpt(model, 200) or self._model, identity)

    def _choice(self, choice: dict[str, JSON]) -> Iterator[StreamEvent]:
        if reason := as_text(choice.get("finish_reason")):
            self._finish = reason
        delta = as_object(choice.get("delta")) or as_object(choice.get("message"))
        yield from self._count(self._said(delta, as_text(choice.get("text"))))

    def _said(self, delta: dict[str, JSON], completion: str) -> Iterator[StreamEvent]:
        """`completion` is the text of the older format, which some compatible servers still send."""
        reasoning, text = _content(delta.get("content"))
        reasoning = as_text(delta.get("reasoning_content")) or as_text(delta.get("reasoning")) or reasoning
        refusal = as_text(delta.get("refusal"))
        self._refused = self._refused or bool(refusal)
        if reasoning:
            yield ReasoningDelta(reasoning)
        if shown := text + refusal + completion:
            yield TextDelta(shown)
        yield from self._calls.feed(as_list(delta.get("tool_calls")))

    def _count(self, events: Iterator[StreamEvent]) -> Iterator[StreamEvent]:
        """The same events, after the beginning of the answer and within its limit."""
        for event in events:
            yield from self._start()
            if isinstance(event, TextDelta | ReasoningDelta):
                self._characters += len(event.text)
                self._said_something = self._said_something or isinstance(event, TextDelta)
            else:
                self._said_something = True
            if max(self._characters, self._calls.characters) > self._limit:
                raise self._service.error("answer_too_large", other=f"{self._limit / 2**20:.3g} MB")
            yield event

    def _keep_usage(self, document: dict[str, JSON]) -> None:
        usage = as_object(document.get("usage")) or as_object(as_object(document.get("x_groq")).get("usage"))
        if usage:
            self._usage = _usage(usage)

    def _reason(self) -> FinishReason:
        """The calls that arrived count for more than the word: some servers end tool turns with `stop`."""
        if self._refused:
            return "refusal"
        reason = _REASONS.get(self._finish, "stop" if not self._finish else "unknown")
        return "tool_calls" if self._calls.any and reason in ("stop", "unknown") else reason

    def _count_of_tokens(self) -> str:
        return f"Tokens read: {self._usage.input}, written: {self._usage.output}" if self._usage else ""


def _content(content: JSON) -> tuple[str, str]:
    """Reasoning and text; Mistral sends a list of parts where others send text."""
    if isinstance(content, str):
        return "", content
    reasoning: list[str] = []
    text: list[str] = []
    for item in as_list(content):
        part = as_object(item)
        if part.get("type") == "thinking":
            reasoning += [as_text(as_object(piece).get("text")) for piece in as_list(part.get("thinking"))]
        else:
            text.append(as_text(part.get("text")))
    return "".join(reasoning), "".join(text)


def _usage(usage: dict[str, JSON]) -> Usage:
    return Usage(
        input=as_count(usage.get("prompt_tokens")),
        output=as_count(usage.get("completion_tokens")),
        reasoning=as_count(as_object(usage.get("completion_tokens_details")).get("reasoning_tokens")),
        cached=as_count(as_object(usage.get("prompt_tokens_details")).get("cached_tokens")),
    )
