"""Recorded traffic of services that speak the Responses API: OpenAI, Azure, xAI, LM Studio."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from nuke_ai_panel.providers.answers.reader import Asked
from nuke_ai_panel.providers.errors import Service
from nuke_ai_panel.providers.messages import (
    Finished,
    Opaque,
    ReasoningDelta,
    ReasoningOpaque,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallReady,
    UsageReported,
)
from nuke_ai_panel.providers.openai_responses.format import OpenAIResponsesFormat
from nuke_ai_panel.providers.openai_responses.stream import ResponsesStream
from nuke_ai_panel.providers.redact import Redactor
from nuke_ai_panel.providers.wire.framing import ServerEvent, SseReader

RECORDED = ("openai_responses__", "xai_responses__", "open-responses_responses__", "azure__")


def recorded() -> list[Path]:
    folder = Path(os.environ.get("NUKE_AI_PANEL_TEST_DATA", "/nonexistent")) / "streams"
    return [path for path in sorted(folder.glob("*")) if path.name.startswith(RECORDED)]


def lines_of(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def answers_in(path: Path) -> list[list[str]]:
    """The events of each answer: some recordings hold all rounds of a turn."""
    answers: list[list[str]] = []
    for line in lines_of(path):
        if json.loads(line)["type"] == "response.created":
            answers.append([])
        answers[-1].append(line)
    return answers


def body_of(lines: Iterable[str]) -> bytes:
    return "".join(f"event: {json.loads(line)['type']}\ndata: {line}\n\n" for line in lines).encode()


def reader() -> ResponsesStream:
    return OpenAIResponsesFormat().reader(Asked(Service("x", "X", "x.example"), Redactor(), "asked", 2**23))


def pieces(events: list[dict[str, Any]], *names: str) -> str:
    """All that deltas of these names bring, by the shortest way."""
    return "".join(event["delta"] for event in events if event["type"] in {f"response.{name}.delta" for name in names})


needs_recordings = pytest.mark.skipif(not recorded(), reason="NUKE_AI_PANEL_TEST_DATA is not set")


@needs_recordings
@pytest.mark.parametrize("path", recorded(), ids=lambda path: path.name)
def test_a_recorded_stream_gives_its_text_its_calls_and_its_end(path: Path) -> None:
    for lines in answers_in(path):
        sent: list[dict[str, Any]] = [json.loads(line) for line in lines]
        items = [event["item"] for event in sent if event["type"] == "response.output_item.done"]
        called = [item for item in items if item["type"] == "function_call"]
        told = read(lines)
        assert told[0] == Started(sent[0]["response"]["model"], sent[0]["response"]["id"])
        assert "".join(event.text for event in told if isinstance(event, TextDelta)) == pieces(sent, "output_text")
        calls = [event.call for event in told if isinstance(event, ToolCallReady)]
        wanted = [(item["call_id"], item["name"], item["arguments"]) for item in called]
        assert [(call.id, call.name, call.arguments) for call in calls] == wanted
        assert told[-1] == Finished("tool_calls" if called else "stop", "completed")


@needs_recordings
@pytest.mark.parametrize("path", recorded(), ids=lambda path: path.name)
def test_a_recorded_stream_gives_its_thoughts_and_its_counts(path: Path) -> None:
    for lines in answers_in(path):
        sent: list[dict[str, Any]] = [json.loads(line) for line in lines]
        told = read(lines)
        thoughts = "".join(event.text for event in told if isinstance(event, ReasoningDelta))
        assert thoughts == pieces(sent, "reasoning_summary_text", "reasoning_text")
        items = [event["item"] for event in sent if event["type"] == "response.output_item.done"]
        thinking = [item for item in items if item["type"] == "reasoning"]
        kept = [event.part.data for event in told if isinstance(event, ReasoningOpaque)]
        assert [item for item in kept if isinstance(item, dict) and item["type"] == "reasoning"] == [
            item for item in thinking if item.get("encrypted_content") or item.get("content")
        ]
        (usage,) = (event.usage for event in told if isinstance(event, UsageReported))
        counted = sent[-1]["response"]["usage"]
        assert (usage.input, usage.output) == (counted["input_tokens"], counted["output_tokens"])


def read(lines: list[str]) -> list[StreamEvent]:
    """One answer, in pieces of bytes that know nothing of events."""
    body, stream, bytes_to_events = body_of(lines), reader(), SseReader()
    told: list[StreamEvent] = []
    for start in range(0, len(body), 777):
        for event in bytes_to_events.feed(body[start : start + 777]):
            assert isinstance(event, ServerEvent)
            told += stream.feed(event)
    assert stream.done and stream.log.bad_events == 0
    return told + list(stream.finish())


@needs_recordings
def test_reasoning_goes_back_as_it_came() -> None:
    """What a recorded answer has sealed is in the next question, letter by letter."""
    path = next(path for path in recorded() if "reasoning-encrypted" in path.name)
    stream, lines = reader(), lines_of(path)
    told = [event for line in lines for event in stream.feed(ServerEvent(line))]
    (part,) = [event.part for event in told if isinstance(event, ReasoningOpaque)]
    assert isinstance(part, Opaque) and isinstance(part.data, dict)
    first = next(line for line in lines if json.loads(line)["type"] == "response.output_item.done")
    assert json.loads(first)["item"] == part.data
