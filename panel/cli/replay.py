"""`replay`: a recorded stream through an adapter, so that what a service sent can be looked at and become a test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ...providers.errors import Problem, ProviderError
from ...providers.formats import FORMATS, FormatName, wire_format
from ...providers.messages import (
    Finished,
    Progress,
    ReasoningDelta,
    ReasoningOpaque,
    Started,
    StreamEvent,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallReady,
    ToolCallStarted,
    Usage,
    UsageReported,
    Waiting,
)
from ...providers.openai_chat.quirks import ChatQuirks
from ...providers.recorded import replayed
from . import terminal
from .output import say, tell

LARGEST = 256 * 2**20
"""Bytes of a recording."""

_KINDS: dict[type[StreamEvent], str] = {
    Started: "start",
    TextDelta: "text",
    ReasoningDelta: "reasoning",
    ReasoningOpaque: "reasoning_opaque",
    ToolCallStarted: "tool_start",
    ToolCallDelta: "tool_args",
    ToolCallReady: "tool_end",
    UsageReported: "usage",
    Waiting: "waiting",
    Progress: "progress",
    Finished: "finish",
}


@dataclass(slots=True)
class _Sum:
    """What an answer came to."""

    text: str = ""
    reasoning: str = ""
    calls: list[ToolCall] = field(default_factory=list[ToolCall])
    usage: Usage | None = None
    finished: Finished | None = None
    problem: Problem | None = None

    def add(self, event: StreamEvent) -> None:
        match event:
            case TextDelta(text):
                self.text += text
            case ReasoningDelta(text):
                self.reasoning += text
            case ToolCallReady(_, call):
                self.calls.append(call)
            case UsageReported(usage):
                self.usage = usage
            case Finished():
                self.finished = event
            case _:
                pass


def replay(file: str, format_name: str, *, as_json: bool) -> int:
    """The command. Exit code 2 for a file that cannot be read; a recorded error is a result like any other."""
    name: FormatName | None = next((known for known in FORMATS if known == format_name), None)
    if name is None:
        tell(f"There is no format {format_name!r}. There are {', '.join(FORMATS)}.")
        return terminal.BAD_INPUT
    try:
        recording = _read(Path(file))
    except OSError as error:
        tell(f"{file} cannot be read: {error.strerror or error}.")
        return terminal.BAD_INPUT
    events: list[StreamEvent] = []
    total = _Sum()
    for event in _until_it_fails(recording, name, total):
        events.append(event)
        total.add(event)
    if as_json:
        terminal.print_json(_as_json(events, total))
    else:
        _print(events, total)
    return 0


def _read(path: Path) -> bytes:
    """Raises OSError."""
    with path.open("rb") as file:
        recording = file.read(LARGEST + 1)
    if len(recording) > LARGEST:
        raise OSError(f"it is larger than {LARGEST // 2**20} MB")
    return recording


def _until_it_fails(recording: bytes, name: FormatName, total: _Sum) -> Iterator[StreamEvent]:
    try:
        yield from replayed(recording, wire_format(name, ChatQuirks()))
    except ProviderError as error:
        total.problem = error.problem


def _as_json(events: list[StreamEvent], total: _Sum) -> dict[str, object]:
    return {
        "events": [_event(event) for event in events],
        "text": total.text,
        "reasoning": total.reasoning,
        "tool_calls": [_call(call) for call in total.calls],
        "finish": total.finished.reason if total.finished else None,
        "raw_finish": total.finished.raw if total.finished else None,
        "usage": asdict(total.usage) if total.usage else None,
        "error": terminal.as_json(total.problem) if total.problem else None,
    }


def _event(event: StreamEvent) -> dict[str, object]:
    told: dict[str, object] = {"kind": _KINDS[type(event)], **asdict(event)}
    if isinstance(event, ToolCallReady):
        told["call"] = _call(event.call)
    return {name: value for name, value in told.items() if name != "source"}


def _call(call: ToolCall) -> dict[str, object]:
    return {"id": call.id, "name": call.name, "arguments": terminal.arguments(call.arguments)}


def _print(events: list[StreamEvent], total: _Sum) -> None:
    """The text on standard output, the rest of it beside."""
    if total.reasoning:
        tell(f"Thought: {total.reasoning}\n")
    say(total.text)
    for call in total.calls:
        tell(f"Call {call.id}: {call.name}({call.arguments})")
    if total.usage:
        tell(f"Tokens: {json.dumps(asdict(total.usage))}")
    if total.problem:
        terminal.complain(total.problem)
    ended = f"{total.finished.reason} ({total.finished.raw})" if total.finished else "not in order"
    tell(f"{len(events)} events, ended: {ended}")
