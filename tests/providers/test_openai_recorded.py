"""Recorded traffic of real services, whole, cut and broken."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from chat_reading import calls_in, chat, reasoning_in, text_in
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers.errors import ProviderError
from nuke_ai_panel.providers.messages import (
    Finished,
    Started,
    StreamEvent,
)
from nuke_ai_panel.providers.openai_chat.stream import ChatStream
from nuke_ai_panel.providers.wire.framing import ServerEvent, SseReader

RECORDED = (
    "openai__",
    "groq__",
    "deepseek__",
    "mistral__",
    "xai__",
    "moonshotai__",
    "alibaba__",
    "openai-compatible__",
)


def _recorded() -> list[Path]:
    folder = Path(os.environ.get("NUKE_AI_PANEL_TEST_DATA", "/nonexistent")) / "streams"
    return [path for path in sorted(folder.glob("*")) if path.name.startswith(RECORDED)]


def _events(path: Path) -> list[str]:
    """The JSON of each event, cut without our own reader."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if path.suffix == ".sse":
        return [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    return [line for line in lines if line.strip()]


def _simply(events: list[str]) -> tuple[str, str, list[tuple[str, str, str]], str]:
    """Text, reasoning, calls and the end of an answer as the shortest reader would have them."""
    text = reasoning = end = ""
    calls: dict[int, list[str]] = {}
    chunks = (json.loads(event) for event in events if event != "[DONE]")
    for choice in (choice for chunk in chunks for choice in chunk.get("choices") or []):
        said = choice.get("delta") or {}
        content = said.get("content") or choice.get("text") or ""
        text += content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
        reasoning += said.get("reasoning_content") or said.get("reasoning") or ""
        end = choice.get("finish_reason") or end
        for piece in said.get("tool_calls") or []:
            made = calls.setdefault(piece.get("index", 0), ["", "", ""])
            function = piece["function"]
            made[0] = made[0] or piece.get("id") or ""
            made[1] = made[1] or function.get("name") or ""
            made[2] += function.get("arguments") or ""
    return text, reasoning, [(made[0], made[1], made[2] or "{}") for made in calls.values()], end


def _body(path: Path) -> bytes:
    return "".join(f"data: {event}\n\n" for event in _events(path)).encode()


def _read_in_pieces(body: bytes, size: int) -> tuple[list[StreamEvent], ChatStream]:
    reader, stream = SseReader(), chat()
    events: list[StreamEvent] = []
    for start in range(0, len(body), size):
        for event in reader.feed(body[start : start + size]):
            assert isinstance(event, ServerEvent)
            events += stream.feed(event)
    return [*events, *stream.finish()], stream


@pytest.mark.skipif(not _recorded(), reason="NUKE_AI_PANEL_TEST_DATA is not set")
@pytest.mark.parametrize("path", _recorded(), ids=lambda path: path.name)
def test_a_recorded_stream_gives_what_a_simple_reader_finds(path: Path) -> None:
    events, stream = _read_in_pieces(_body(path), 777)
    text, reasoning, calls, end = _simply(_events(path))
    assert stream.log.bad_events == 0
    assert isinstance(events[0], Started) and events[0].model
    assert (text_in(events), reasoning_in(events)) == (text, reasoning)
    assert [(made.id, made.name, made.arguments) for made in calls_in(events)] == calls
    assert all(json.loads(made.arguments) is not None and made.name and made.id for made in calls_in(events))
    last = events[-1]
    assert isinstance(last, Finished) and last.raw == end and last.reason != "unknown"
    assert (last.reason == "tool_calls") == bool(calls)


@pytest.mark.skipif(not _recorded(), reason="NUKE_AI_PANEL_TEST_DATA is not set")
def test_every_split_of_a_recorded_stream_gives_the_same_answer() -> None:
    body = min((_body(path) for path in _recorded()), key=len)
    whole, _ = _read_in_pieces(body, len(body))
    assert all(_read_in_pieces(body, size)[0] == whole for size in range(1, 100))


def _read_somehow(body: bytes) -> None:
    reader, stream = SseReader(), chat()
    try:
        for event in [*reader.feed(body), *reader.finish()]:
            if isinstance(event, ServerEvent):
                list(stream.feed(event))
        list(stream.finish())
    except ProviderError as error:
        assert error.problem.title


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "content", "tool_calls", "function", "arguments", "name", "id", "index"]
            )
            | st.sampled_from(
                ["usage", "error", "message", "finish_reason", "model", "type", "text", "thinking", "x_groq"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_an_event_or_a_named_problem(document: Any) -> None:
    _read_somehow(b"data: " + json.dumps(document).encode() + b"\n\n")
