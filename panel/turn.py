"""One turn: a question, the streamed answer, rounds of tools, and how it ends.

Owns the rules of a turn and the values that it is told in. It keeps no history and makes no task: it runs in its
caller's, and is stopped by cancelling that.

    TurnStarted, StreamEvent..., ToolStarted, ToolEnded, ..., TurnEnded
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ..providers.base import Request
from ..providers.errors import Problem, ProviderError, problem
from ..providers.messages import (
    Finished,
    FinishReason,
    Message,
    Part,
    Reasoning,
    ReasoningDelta,
    ReasoningOpaque,
    Started,
    StreamEvent,
    Text,
    TextDelta,
    ToolCall,
    ToolCallReady,
    ToolResult,
    Usage,
    UsageReported,
)
from .tools import ToolBox, ToolOutcome

BAD_CALLS = 3
"""So many refused tool calls in a row end a turn: the model is not going to get it right."""


TurnState = Literal["done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class TurnStarted:
    prompt: str
    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class ToolStarted:
    call: ToolCall


@dataclass(frozen=True, slots=True)
class ToolEnded:
    call: ToolCall
    outcome: ToolOutcome


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """How a turn ended. Seconds are since the question; `first_token` is None if no text came."""

    state: TurnState
    finish: FinishReason
    text: str
    provider: str
    model: str
    usage: Usage | None
    tools: tuple[ToolEnded, ...]
    first_token: float | None
    total: float
    problem: Problem | None = None
    notices: tuple[Problem, ...] = ()


ChatEvent = TurnStarted | StreamEvent | ToolStarted | ToolEnded | TurnEnded
Listener = Callable[[ChatEvent], None]


class Models(Protocol):
    """What a turn needs of the providers; `ProviderManager` is it."""

    def label(self, provider_id: str) -> str: ...

    def stream(self, provider_id: str, request: Request) -> AbstractAsyncContextManager[AsyncIterator[StreamEvent]]: ...


@dataclass(frozen=True, slots=True)
class TurnSetup:
    """What a turn runs with. `model_for` names the model to ask when none was chosen."""

    models: Models
    model_for: Callable[[str], Awaitable[str]]
    tools: ToolBox
    provider: str
    model: str
    before: Callable[[], Awaitable[tuple[Message, ...]]]
    """The system message and the history. Asked for once, when the turn has begun: reading a script takes time."""
    rounds: int
    context: int | None
    clock: Callable[[], float]


@dataclass(slots=True)
class _Round:
    """What one request brought, in its order: services want reasoning back before the call that it led to."""

    parts: list[Part] = field(default_factory=list[Part])
    finish: FinishReason = "unknown"

    @property
    def calls(self) -> list[ToolCall]:
        return [part for part in self.parts if isinstance(part, ToolCall)]

    def add(self, event: StreamEvent) -> None:
        match event:
            case TextDelta(text):
                self._join(Text(text))
            case ReasoningDelta(text):
                self._join(Reasoning(text))
            case ReasoningOpaque(part):
                self.parts.append(part)
            case ToolCallReady(_, call):
                self.parts.append(call)
            case Finished(reason):
                self.finish = reason
            case _:
                pass

    def _join(self, part: Text | Reasoning) -> None:
        last = self.parts[-1] if self.parts else None
        if isinstance(last, Text) and isinstance(part, Text):
            self.parts[-1] = Text(last.text + part.text)
        elif isinstance(last, Reasoning) and isinstance(part, Reasoning):
            self.parts[-1] = Reasoning(last.text + part.text)
        else:
            self.parts.append(part)


class Turn:
    """One question and everything until its answer has ended. `worth_keeping` is what the history gets."""

    def __init__(self, prompt: str, setup: TurnSetup, publish: Listener) -> None:
        self._prompt = prompt
        self._setup = setup
        self._publish = publish
        self._model = setup.model
        self._began = setup.clock()
        self._first: float | None = None
        self._answered_by = ""
        self._swapped = False
        self._usage: Usage | None = None
        self._tools: list[ToolEnded] = []
        self._before: tuple[Message, ...] = ()
        self._messages: list[Message] = [Message("user", (Text(prompt),))]
        self._text: list[str] = []
        self._bad_calls = 0
        self.worth_keeping: tuple[Message, ...] = ()

    async def run(self) -> TurnEnded:
        """To its end. A failure is part of the result, not an exception; only a cancel goes through."""
        self._publish(TurnStarted(self._prompt, self._setup.provider, self._model))
        try:
            self._before = await self._setup.before()
            self._model = self._model or await self._setup.model_for(self._setup.provider)
            finish, trouble = await self._all_rounds()
        except ProviderError as error:
            return self._end("failed", "unknown", error.problem)
        except asyncio.CancelledError:
            self._end("stopped", "cancelled", None)
            raise
        except BaseException:
            # A fault of our own: its scope reports it, and the user is not left looking at a running answer.
            self._end("failed", "unknown", problem("unknown", name="The panel", reason="It has a fault of its own."))
            raise
        return self._end("failed" if trouble else "done", finish, trouble)

    async def _all_rounds(self) -> tuple[FinishReason, Problem | None]:
        for _ in range(self._setup.rounds):
            answer = await self._one_round()
            self._messages.append(Message("assistant", tuple(answer.parts)))
            if not answer.calls:
                return answer.finish, None
            tools = await self._setup.tools.read_ahead()
            self._messages.append(Message("tool", tuple(self._run(tools, call) for call in answer.calls)))
            if self._bad_calls >= BAD_CALLS:
                return answer.finish, _stopped_because("three tool calls in a row were wrong")
        limit = f"it used {self._setup.rounds} rounds of tools, the limit in the settings"
        return "tool_calls", _stopped_because(limit)

    async def _one_round(self) -> _Round:
        answer, setup = _Round(), self._setup
        request = Request(self._model, (*self._before, *self._messages), setup.tools.specs, context=setup.context)
        async with setup.models.stream(setup.provider, request) as events:
            async for event in events:
                answer.add(event)
                self._note(event)
                self._publish(event)
        return answer

    def _note(self, event: StreamEvent) -> None:
        match event:
            case Started():
                self._answered_by, self._swapped = event.model, event.swapped
            case TextDelta(text):
                if self._first is None:
                    self._first = self._setup.clock() - self._began
                self._text.append(text)
            case UsageReported(usage):
                self._usage = _sum(self._usage, usage)
            case _:
                pass

    def _run(self, tools: ToolBox, call: ToolCall) -> ToolResult:
        self._publish(ToolStarted(call))
        ended = ToolEnded(call, tools.call(call))
        self._bad_calls = 0 if ended.outcome.result.ok else self._bad_calls + 1
        self._tools.append(ended)
        self._publish(ended)
        return ended.outcome.result

    def _end(self, state: TurnState, finish: FinishReason, trouble: Problem | None) -> TurnEnded:
        self.worth_keeping = self._kept(state)
        ended = TurnEnded(
            state,
            finish,
            "".join(self._text),
            self._setup.provider,
            self._answered_by or self._model,
            self._usage,
            tuple(self._tools),
            self._first,
            self._setup.clock() - self._began,
            trouble,
            self._notices(finish),
        )
        self._publish(ended)
        return ended

    def _kept(self, state: TurnState) -> tuple[Message, ...]:
        # A turn that broke keeps question and text only: calls without results, and questions without an answer, are
        # refused by most services in the next request.
        if state == "done":
            return tuple(self._messages)
        text = "".join(self._text)
        return (self._messages[0], Message("assistant", (Text(text),))) if text else ()

    def _notices(self, finish: FinishReason) -> tuple[Problem, ...]:
        name, found = self._setup.models.label(self._setup.provider), list[Problem]()
        if self._swapped:
            found.append(problem("model_swapped", name=name, model=self._model, answered_by=self._answered_by))
        if finish == "length":
            found.append(problem("cut_length", name=name))
        if finish in ("refusal", "content_filter"):
            said = "What it has said is above." if self._text else ""
            found.append(problem("refused" if finish == "refusal" else "filtered", name=name, reason=said))
        return tuple(found)


def _stopped_because(reason: str) -> Problem:
    return Problem(
        "tool_limit",
        "notice",
        "The answer was stopped",
        f"The model had not finished, but {reason}.",
        "Ask it to go on, or ask a narrower question.",
    )


def _sum(old: Usage | None, new: Usage) -> Usage:
    def add(a: int | None, b: int | None) -> int | None:
        return b if a is None else a if b is None else a + b

    if old is None:
        return new
    return Usage(
        add(old.input, new.input),
        add(old.output, new.output),
        add(old.reasoning, new.reasoning),
        add(old.cached, new.cached),
    )
