"""The stream of an OpenAI-like answer: JSON events in, `StreamEvent` values out.

Owns the reading of chunks as real services send them, with everything that they do differently. It reads no bytes and
opens nothing, so a recorded stream goes through it as a live one does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..answers.reader import AnswerLog, Asked
from ..answers.refusals import error_in
from ..messages import JSON, FinishReason, Opaque, ReasoningDelta, ReasoningOpaque, StreamEvent, Usage
from ..wire.framing import ServerEvent
from ..wire.json_values import CharacterJoiner, as_count, as_list, as_object, as_text
from .calls import ChatCalls
from .details import ReasoningDetails
from .names import is_swapped
from .quirks import ChatQuirks
from .signs import CHAT_SIGNS
from .thoughts import Thoughts

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
    """An `AnswerReader`."""

    def __init__(self, asked: Asked, quirks: ChatQuirks | None = None) -> None:
        self.log = AnswerLog(asked, CHAT_SIGNS)
        self._quirks = quirks or ChatQuirks()
        self._calls = ChatCalls(self.log.calls)
        self._thoughts = Thoughts()
        self._details = ReasoningDetails(asked.limit // 2)
        self._text, self._reasoning = CharacterJoiner(), CharacterJoiner()
        self._done = False
        self._refused = False
        self._finish = ""

    @property
    def done(self) -> bool:
        return self._done

    @property
    def finished(self) -> bool:
        return self._done or bool(self._finish)

    def feed(self, event: ServerEvent) -> Iterable[StreamEvent]:
        if event.data.strip() == "[DONE]":
            self._done = True
            return ()
        document = self.log.parse(event.data)
        return () if document is None else self.log.told(self._chunk(document, event.name))

    def whole(self, document: dict[str, JSON]) -> Iterator[StreamEvent]:
        yield from self.log.told(self._chunk(document, ""))
        self._done = True
        yield from self.finish()

    def finish(self) -> Iterator[StreamEvent]:
        yield from self.log.told(self._left())
        if not self.finished:
            raise self.log.cut()
        yield from self.log.told(self.log.calls.finish())
        yield from self.log.end(self._reason(), self._finish)

    def _chunk(self, document: dict[str, JSON], name: str) -> Iterator[StreamEvent]:
        self._keep_usage(document)
        if error_in(document, name):
            yield from self._fail(document)
        if not self.log.started:
            yield from self._begin(as_text(document.get("model")), as_text(document.get("id")))
        for choice in as_list(document.get("choices"))[:1]:
            yield from self._choice(as_object(choice))

    def _begin(self, model: str, identity: str) -> Iterator[StreamEvent]:
        if model:
            may_swap = self._quirks.one_model and self.log.asked.service.local
            yield from self.log.begin(model, identity, swapped=may_swap and is_swapped(self.log.asked.model, model))

    def _choice(self, choice: dict[str, JSON]) -> Iterator[StreamEvent]:
        delta = as_object(choice.get("delta")) or as_object(choice.get("message"))
        yield from self._said(delta, as_text(choice.get("text")))
        if pieces := as_list(delta.get("tool_calls")):
            yield from self._calls.feed(pieces)
        if reason := as_text(choice.get("finish_reason")):
            self._finish = reason
        if reason == "error":
            yield from self._fail(choice)

    def _fail(self, document: dict[str, JSON]) -> Iterator[StreamEvent]:
        """What came before the error, what that has cost, and the error."""
        yield from self._left()
        if self.log.usage is not None:
            yield from self.log.counts()
        raise self.log.error(document)

    def _said(self, delta: dict[str, JSON], completion: str) -> Iterator[StreamEvent]:
        """`completion` is the text of the older format, which some compatible servers still send."""
        within, text = _content(delta.get("content"))
        details = as_list(delta.get("reasoning_details"))
        detailed = self._details.add(details) if details else ""
        # Several of these may say the same.
        named = as_text(delta.get("reasoning_content")) or as_text(delta.get("reasoning"))
        if reasoning := named or detailed or within:
            self._thoughts.all_is_text()
            if thought := self._reasoning.feed(reasoning):
                yield ReasoningDelta(thought)
        if shown := text + completion:
            yield from self._shown(self._text.feed(shown))
        if refusal := as_text(delta.get("refusal")):
            self._refused = True
            yield from self._shown(self._text.feed(refusal))

    def _shown(self, text: str) -> Iterable[StreamEvent]:
        return self._thoughts.feed(text) if text else ()

    def _left(self) -> Iterator[StreamEvent]:
        """What was held back for more to come, and the reasoning that is wanted back."""
        if thought := self._reasoning.finish():
            yield ReasoningDelta(thought)
        yield from self._shown(self._text.finish())
        yield from self._thoughts.finish()
        owner = self._quirks.reasoning_details
        if owner and (details := self._details.whole()):
            yield ReasoningOpaque(Opaque(owner, details))

    def _keep_usage(self, document: dict[str, JSON]) -> None:
        if usage := as_object(document.get("usage") or as_object(document.get("x_groq")).get("usage")):
            self.log.usage = _usage(usage)

    def _reason(self) -> FinishReason:
        """The calls that arrived count for more than the word: some servers end tool turns with `stop`."""
        if self._refused:
            return "refusal"
        reason = _REASONS.get(self._finish, "stop" if not self._finish else "unknown")
        return "tool_calls" if len(self.log.calls) and reason in ("stop", "unknown") else reason


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
