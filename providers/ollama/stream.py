"""The stream of Ollama's answer: JSON lines in, `StreamEvent` values out.

Owns the reading of lines. It reads no bytes and opens nothing, so a recorded stream goes through it as a live one does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..answers.reader import AnswerLog, Asked
from ..answers.refusals import error_in
from ..answers.tool_calls import arguments_text
from ..messages import JSON, FinishReason, ReasoningDelta, StreamEvent, TextDelta, Usage
from ..wire.framing import ServerEvent
from ..wire.json_values import as_count, as_list, as_object, as_text, whole_characters
from .signs import SIGNS

_REASONS: dict[str, FinishReason] = {"": "stop", "stop": "stop", "load": "stop", "unload": "stop", "length": "length"}
"""`load` and `unload` end answers without a word; older servers give no reason at all."""


class OllamaStream:
    """An `AnswerReader`. The last line has the reason and the counts; nothing follows it."""

    def __init__(self, asked: Asked) -> None:
        self.log = AnswerLog(asked, SIGNS)
        self._done = False
        self._finish = ""

    @property
    def done(self) -> bool:
        return self._done

    @property
    def finished(self) -> bool:
        return self._done

    def feed(self, event: ServerEvent) -> Iterable[StreamEvent]:
        document = self.log.parse(event.data)
        return () if document is None else self.log.told(self._line(document))

    def whole(self, document: dict[str, JSON]) -> Iterator[StreamEvent]:
        yield from self.log.told(self._line(document))
        yield from self.finish()

    def finish(self) -> Iterator[StreamEvent]:
        if not self._done:
            raise self.log.cut()
        yield from self.log.told(self.log.calls.finish())
        yield from self.log.end(self._reason(), self._finish)

    def _line(self, document: dict[str, JSON]) -> Iterator[StreamEvent]:
        if error_in(document):
            raise self.log.error(document)
        if not self.log.started:
            if not is_line(document):
                raise self.log.asked.service.error("not_an_api")
            yield from self.log.begin(as_text(document.get("model")))
        message = as_object(document.get("message"))
        if thinking := as_text(message.get("thinking")):
            yield ReasoningDelta(whole_characters(thinking))
        if text := as_text(message.get("content")):
            yield TextDelta(whole_characters(text))
        for call in as_list(message.get("tool_calls")):
            yield from self._called(as_object(call))
        if document.get("done") is True:
            self._done = True
            self._finish = as_text(document.get("done_reason"))
            self.log.usage = _usage(document)

    def _called(self, call: dict[str, JSON]) -> Iterator[StreamEvent]:
        """Every call comes whole; `index` says nothing, it begins anew in some lines."""
        function = as_object(call.get("function"))
        name, arguments = as_text(function.get("name")), arguments_text(function.get("arguments"))
        yield from self.log.calls.add(self.log.calls.open(), as_text(call.get("id")), name, arguments)

    def _reason(self) -> FinishReason:
        """The calls that arrived count for more than the word, which is `stop` after them too."""
        reason = _REASONS.get(self._finish, "unknown")
        return "tool_calls" if len(self.log.calls) and reason in ("stop", "unknown") else reason


def is_line(document: dict[str, JSON]) -> bool:
    """Whether this is part of an answer, or a whole one."""
    return "message" in document or "done" in document


def _usage(document: dict[str, JSON]) -> Usage | None:
    """A count that is left out is unknown: it may be zero because the whole prompt was remembered."""
    usage = Usage(input=as_count(document.get("prompt_eval_count")), output=as_count(document.get("eval_count")))
    return None if usage == Usage() else usage
