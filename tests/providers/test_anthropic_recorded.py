"""Recorded Anthropic streams: what they come to, in any pieces, and what becomes of events of any shape.

The recordings are not a part of the project: they are found by NUKE_AI_PANEL_TEST_DATA.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from dialects.anthropic import named
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers.answers.reader import Asked
from nuke_ai_panel.providers.anthropic.stream import MessageStream
from nuke_ai_panel.providers.anthropic.thinking import BEGUN_ANEW
from nuke_ai_panel.providers.errors import ProviderError, Service
from nuke_ai_panel.providers.messages import (
    Finished,
    ReasoningDelta,
    ReasoningOpaque,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallReady,
)
from nuke_ai_panel.providers.redact import Redactor
from nuke_ai_panel.providers.wire.framing import ServerEvent, SseReader


def _recorded() -> list[Path]:
    folder = Path(os.environ.get("NUKE_AI_PANEL_TEST_DATA", "/nonexistent")) / "streams"
    return sorted(folder.glob("anthropic__*"))


recorded = pytest.mark.skipif(not _recorded(), reason="NUKE_AI_PANEL_TEST_DATA is not set")


def _answers(path: Path) -> list[list[dict[str, Any]]]:
    """The answers in a recording, each up to its `message_stop`: some hold a whole conversation."""
    answers: list[list[dict[str, Any]]] = [[]]
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            answers[-1].append(json.loads(line))
            if answers[-1][-1]["type"] == "message_stop":
                answers.append([])
    return [answer for answer in answers if answer]


class Simple:
    """What an answer comes to by the shortest way: the pieces of each block, joined."""

    def __init__(self, documents: Iterable[dict[str, Any]]) -> None:
        self.text = self.reasoning = self.word = ""
        self.calls: list[tuple[str, str, Any]] = []
        self.signatures: list[str] = []
        blocks: list[dict[str, Any]] = []
        for document in documents:
            match document["type"]:
                case "message_start":
                    blocks = [dict(block) for block in document["message"]["content"]]
                    self.word = document["message"].get("stop_reason") or ""
                case "content_block_start":
                    blocks.append(dict(document["content_block"], json=""))
                case "content_block_delta":
                    piece = document["delta"]
                    blocks[-1]["json"] += piece.get("partial_json", "")
                    blocks[-1]["signature"] = blocks[-1].get("signature", "") + piece.get("signature", "")
                    self.text += piece.get("text", "")
                    self.reasoning += piece.get("thinking", "")
                case "message_delta":
                    self.word = document["delta"]["stop_reason"]
        for block in blocks:
            if block["type"] == "tool_use":
                arguments = json.loads(block["json"]) if block.get("json") else block["input"]
                self.calls.append((block["id"], block["name"], arguments))
            if block["type"] == "thinking":
                self.signatures.append(block["signature"])


def fresh() -> MessageStream:
    return MessageStream(Asked(Service("x", "X"), Redactor(), "asked", 2**23))


def read(pieces: Iterable[bytes]) -> list[StreamEvent]:
    reader, stream = SseReader(), fresh()
    events: list[StreamEvent] = []
    for piece in pieces:
        for event in reader.feed(piece):
            if isinstance(event, ServerEvent):
                events += stream.feed(event)
    assert stream.log.bad_events == 0
    return events + list(stream.finish())


def text_in(events: Iterable[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@recorded
@pytest.mark.parametrize("path", _recorded(), ids=lambda path: path.name)
def test_a_recording_gives_its_text_its_calls_and_its_end(path: Path) -> None:
    for documents in _answers(path):
        body = b"".join(map(named, documents))
        events = read(body[at : at + 777] for at in range(0, len(body), 777))
        wanted = Simple(documents)
        assert isinstance(events[0], Started) and events[0].model.startswith("claude-") and events[0].id
        assert text_in(events) == wanted.text
        assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == wanted.reasoning
        calls = [event.call for event in events if isinstance(event, ToolCallReady)]
        assert [(call.id, call.name, json.loads(call.arguments)) for call in calls] == wanted.calls
        kept = [event.part.data for event in events if isinstance(event, ReasoningOpaque)]
        since = kept.index(BEGUN_ANEW.data) + 1 if BEGUN_ANEW.data in kept else 0
        assert [block["signature"] for block in kept[since:]] == wanted.signatures
        reasons = {"end_turn": "stop", "tool_use": "tool_calls"}
        assert events[-1] == Finished(reasons[wanted.word], wanted.word)


def test_the_accumulator_of_this_test_sees_what_it_should() -> None:
    documents: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "a", "name": "f"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
    ]
    simple = Simple(documents)
    assert (simple.text, simple.calls, simple.word) == ("Hi", [("a", "f", {})], "tool_use")


SPEECH = "Grüße, 合成 🎬 e\u0301"
SPOKEN = b"".join(
    named(document).replace(b"SPEECH", SPEECH.encode())
    for document in (
        {"type": "message_start", "message": {"id": "m1", "model": "m", "content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "SPEECH"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    )
)


@given(st.lists(st.integers(0, len(SPOKEN)), max_size=8).map(sorted))
def test_any_pieces_give_the_same_events(cuts: list[int]) -> None:
    edges = [0, *cuts, len(SPOKEN)]
    assert read(SPOKEN[a:b] for a, b in zip(edges, edges[1:], strict=False)) == read([SPOKEN])


@given(st.integers(0, len(SPOKEN) - 1))
def test_what_ends_early_is_a_cut_and_keeps_its_text(length: int) -> None:
    if b"message_stop" in SPOKEN[:length].rpartition(b"\n\n")[0]:
        return
    told: list[StreamEvent] = []
    reader, stream = SseReader(), fresh()
    for event in reader.feed(SPOKEN[:length]):
        assert isinstance(event, ServerEvent)
        told += stream.feed(event)
    with pytest.raises(ProviderError) as error:
        list(stream.finish())
    assert error.value.problem.kind == "stream_cut"
    assert text_in(told) in ("", SPEECH)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
NAMES = ["type", "index", "delta", "content_block", "message", "usage", "id", "text", "thinking", "signature", "input"]
KINDS = ["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta"]
INNER_KINDS = ["text", "thinking", "tool_use", "redacted_thinking", "text_delta", "input_json_delta", "signature_delta"]
INNER = st.dictionaries(st.sampled_from(NAMES), JSON | st.sampled_from(INNER_KINDS), max_size=5)
EVENTS = st.dictionaries(st.sampled_from(NAMES), JSON | INNER | st.sampled_from(KINDS), max_size=5)


@given(st.lists(EVENTS, max_size=8))
def test_events_of_any_shape_end_in_an_answer_or_a_named_problem(documents: list[dict[str, Any]]) -> None:
    stream = fresh()
    try:
        for document in [*documents, {"type": "message_stop"}]:
            list(stream.feed(ServerEvent(json.dumps(document))))
        list(stream.finish())
    except ProviderError as error:
        assert error.problem.kind


@given(st.dictionaries(st.sampled_from([*NAMES, "content", "stop_reason", "stop_details"]), JSON | st.lists(INNER)))
def test_a_whole_answer_of_any_shape_ends_so_too(document: dict[str, Any]) -> None:
    try:
        list(fresh().whole(document))
    except ProviderError as error:
        assert error.problem.kind
