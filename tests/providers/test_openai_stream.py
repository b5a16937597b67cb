"""The stream of an OpenAI-like answer, in all the ways in which services write it."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers.answer import Asked
from nuke_ai_panel.providers.errors import ProviderError, Service
from nuke_ai_panel.providers.framing import ServerEvent, SseReader
from nuke_ai_panel.providers.messages import (
    Finished,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallReady,
    ToolCallStarted,
    Usage,
    UsageReported,
)
from nuke_ai_panel.providers.openai_chat.stream import ChatStream
from nuke_ai_panel.providers.redact import Redactor

SERVICE = Service("x", "X", "x.example")
Chunk = dict[str, Any]


def chat(limit: int = 2**23) -> ChatStream:
    return ChatStream(Asked(SERVICE, Redactor(), "asked", limit))


def read(*chunks: Chunk | str) -> list[StreamEvent]:
    stream = chat()
    events: list[StreamEvent] = []
    for chunk in chunks:
        events += stream.feed(ServerEvent(chunk if isinstance(chunk, str) else json.dumps(chunk)))
    return events + list(stream.finish())


def delta(finish: str | None = None, **said: Any) -> Chunk:
    return {"id": "c", "model": "m", "choices": [{"index": 0, "delta": said, "finish_reason": finish}]}


def call(arguments: Any = None, **piece: Any) -> Chunk:
    name = piece.pop("name", None)
    function = {key: value for key, value in {"name": name, "arguments": arguments}.items() if value is not None}
    return delta(tool_calls=[{**piece, "function": function}])


def calls_in(events: list[StreamEvent]) -> list[ToolCall]:
    return [event.call for event in events if isinstance(event, ToolCallReady)]


def text_in(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def test_an_answer_starts_tells_and_finishes() -> None:
    events = read(delta(role="assistant", content=""), delta(content="Hi"), delta("stop"), "[DONE]")
    assert events == [Started("m", "c"), TextDelta("Hi"), Finished("stop", "stop")]


def test_the_model_that_answered_is_told_even_if_it_is_another() -> None:
    assert read(delta("stop", content="Hi"))[0] == Started("m", "c")


def test_a_service_that_does_not_say_who_answers_is_taken_at_the_question() -> None:
    assert read({"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]})[0] == Started("asked")


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_reasoning_is_read_under_both_names(name: str) -> None:
    assert ReasoningDelta("Hm") in read(delta(**{name: "Hm"}), delta("stop", content="Hi"))


def test_reasoning_under_both_names_is_told_once() -> None:
    events = read(delta(reasoning="Hm", reasoning_content="Hm"), delta("stop", content="Hi"))
    assert events.count(ReasoningDelta("Hm")) == 1


def test_lists_of_parts_are_read_as_reasoning_and_text() -> None:
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]
    events = read(delta(content=thinking), delta("stop", content=[{"type": "text", "text": "4"}]))
    assert events[1:3] == [ReasoningDelta("Hm"), TextDelta("4")]


def test_a_refusal_is_text_and_says_so_at_the_end() -> None:
    assert read(delta(refusal="I will not."), delta("stop"))[1:] == [
        TextDelta("I will not."),
        Finished("refusal", "stop"),
    ]


def test_a_call_in_pieces_is_put_together() -> None:
    events = read(
        call("", index=0, id="c1", name="find"), call('{"a', index=0), call('": 1}', index=0), delta("tool_calls")
    )
    assert ToolCallStarted(0, "c1", "find") in events
    assert [event.text for event in events if isinstance(event, ToolCallDelta)] == ['{"a', '": 1}']
    assert calls_in(events) == [ToolCall("c1", "find", '{"a": 1}')]
    assert events[-1] == Finished("tool_calls", "tool_calls")


def test_two_calls_side_by_side_do_not_mix() -> None:
    events = read(
        call("", index=0, id="a", name="f"),
        call("", index=1, id="b", name="g"),
        call("1", index=0),
        call("2", index=1),
        delta("tool_calls"),
    )
    assert calls_in(events) == [ToolCall("a", "f", "1"), ToolCall("b", "g", "2")]


@pytest.mark.parametrize(
    ("pieces", "wanted"),
    [
        ([call('{"a":1}', id="a", name="f")], [ToolCall("a", "f", '{"a":1}')]),
        ([call({"a": 1}, index=0, id="a", name="f")], [ToolCall("a", "f", '{"a": 1}')]),
        ([call(index=0, id="a", name="f")], [ToolCall("a", "f", "{}")]),
        ([call("{}", index=0, name="f")], [ToolCall("call_1", "f", "{}")]),
        ([call("1", index=0, id="a", name="f"), call("2", index=0, id="", name="")], [ToolCall("a", "f", "12")]),
        ([call("1", index=0, id="a", name="f"), call("2", index=0, id="a", name="f")], [ToolCall("a", "f", "12")]),
        (
            [call("1", id="a", name="f"), call("2"), call("3", id="b", name="g")],
            [ToolCall("a", "f", "12"), ToolCall("b", "g", "3")],
        ),
        (
            [call("1", index=0, id="a", name="f"), call("2", index=0, id="b", name="g")],
            [ToolCall("a", "f", "1"), ToolCall("b", "g", "2")],
        ),
        ([call("1", index=0, id="a"), call("2", index=0, name="f")], [ToolCall("a", "f", "12")]),
    ],
)
def test_calls_are_read_as_real_services_write_them(pieces: list[Chunk], wanted: list[ToolCall]) -> None:
    events = read(*pieces, delta("tool_calls"))
    assert calls_in(events) == wanted
    for number, made in enumerate(wanted):
        assert ToolCallStarted(number, made.id, made.name) in events
        told = "".join(event.text for event in events if isinstance(event, ToolCallDelta) and event.index == number)
        assert told == made.arguments or (told, made.arguments) == ("", "{}")


def test_a_tool_turn_that_ends_with_stop_is_a_tool_turn() -> None:
    assert read(call("{}", index=0, id="a", name="f"), delta("stop"))[-1] == Finished("tool_calls", "stop")


@pytest.mark.parametrize("place", ["beside", "after", "groq"])
def test_tokens_are_counted_wherever_they_are_told(place: str) -> None:
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": "5",
        "prompt_tokens_details": {"cached_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    last = delta("stop", content="Hi")
    chunks = {
        "beside": [{**last, "usage": usage}],
        "after": [last, {"choices": [], "usage": usage}],
        "groq": [{**last, "x_groq": {"usage": usage}}],
    }
    assert UsageReported(Usage(9, 5, 3, 2)) in read(*chunks[place])


@pytest.mark.parametrize(
    ("word", "reason"),
    [("length", "length"), ("content_filter", "content_filter"), ("model_length", "length"), ("odd", "unknown")],
)
def test_the_services_word_for_the_end_is_kept(word: str, reason: str) -> None:
    assert read(delta(word, content="Hi"))[-1] == Finished(reason, word)


@pytest.mark.parametrize("chunks", [[], [delta(content="Hi")], [delta(role="assistant")], [{"choices": []}]])
def test_an_end_without_the_end_mark_is_a_cut(chunks: list[Chunk]) -> None:
    with pytest.raises(ProviderError) as error:
        read(*chunks)
    assert error.value.problem.kind == "stream_cut"


@pytest.mark.parametrize(
    "chunks", [["[DONE]"], [delta("stop")], [delta("stop", content="")], [delta("stop", reasoning="x")]]
)
def test_an_end_without_a_word_is_an_empty_answer(chunks: list[Chunk | str]) -> None:
    with pytest.raises(ProviderError) as error:
        read(*chunks)
    assert error.value.problem.kind == "empty_answer"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"error": {"message": "boom"}}, "stream_error"),
        ({"error": "boom"}, "stream_error"),
        ({"type": "error", "message": "boom"}, "stream_error"),
        ({"error_type": "x", "error_message": "boom"}, "stream_error"),
        ({"error": {"message": "Overloaded", "type": "overloaded_error"}}, "overloaded"),
        ({"error": {"message": "x", "code": "context_length_exceeded"}}, "context_full"),
        ({"error": {"message": "Context size has been exceeded."}}, "context_full"),
        ({"error": {"message": "model requires more system memory"}}, "no_memory"),
    ],
)
def test_an_error_in_the_stream_is_told_with_the_services_words(error: Chunk, kind: str) -> None:
    stream = chat()
    assert list(stream.feed(ServerEvent(json.dumps(delta(content="Hi")))))
    with pytest.raises(ProviderError) as raised:
        list(stream.feed(ServerEvent(json.dumps(error))))
    assert raised.value.problem.kind == kind
    if kind == "stream_error":
        assert raised.value.problem.why == "boom."


ODD = [
    {"choices": [{"delta": None, "finish_reason": None}]},
    {"choices": None},
    {"choices": [None]},
    {"choices": [{"delta": {"content": 5, "tool_calls": {"a": 1}}}]},
    {"choices": [{"delta": {"tool_calls": [None, 5, {"function": None}]}}]},
    {"usage": None, "model": None},
    {"usage": {"prompt_tokens": "many", "completion_tokens": -1}},
    {},
]


@pytest.mark.parametrize("odd", ODD)
def test_odd_events_do_no_harm(odd: Chunk) -> None:
    assert text_in(read(odd, delta("stop", content="Hi"))) == "Hi"


@pytest.mark.parametrize("data", ["[" * 100_000, "5" * 5_000, "[]", "null", '"x"', "{"])
def test_what_is_no_event_is_counted_and_skipped(data: str) -> None:
    stream = chat()
    list(stream.feed(ServerEvent(data)))
    assert stream.log.bad_events == 1


# Recorded traffic of real services.

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


def _simple_text(events: list[str]) -> str:
    """What a reader would call the text of the answer, by the shortest way."""
    text = ""
    for event in events:
        if event == "[DONE]":
            continue
        for choice in json.loads(event).get("choices") or []:
            said = (choice.get("delta") or {}).get("content") or choice.get("text") or ""
            text += said if isinstance(said, str) else "".join(part.get("text", "") for part in said)
    return text


def _simple_arguments(events: list[str]) -> str:
    pieces = [
        piece["function"].get("arguments") or ""
        for event in events
        if event != "[DONE]"
        for choice in json.loads(event).get("choices") or []
        for piece in (choice.get("delta") or {}).get("tool_calls") or []
    ]
    return "".join(pieces)


@pytest.mark.skipif(not _recorded(), reason="NUKE_AI_PANEL_TEST_DATA is not set")
@pytest.mark.parametrize("path", _recorded(), ids=lambda path: path.name)
def test_a_recorded_stream_gives_its_text_and_its_calls(path: Path) -> None:
    recorded = _events(path)
    body = "".join(f"data: {event}\n\n" for event in recorded).encode()
    reader, stream = SseReader(), chat()
    events: list[StreamEvent] = []
    for start in range(0, len(body), 777):
        for event in reader.feed(body[start : start + 777]):
            assert isinstance(event, ServerEvent)
            events += stream.feed(event)
    events += stream.finish()
    assert stream.log.bad_events == 0
    assert isinstance(events[0], Started) and events[0].model
    assert text_in(events) == _simple_text(recorded)
    assert "".join(made.arguments for made in calls_in(events)) == _simple_arguments(recorded)
    assert all(json.loads(made.arguments) is not None and made.name and made.id for made in calls_in(events))
    assert isinstance(events[-1], Finished) and events[-1].reason != "unknown"


@pytest.mark.skipif(not _recorded(), reason="NUKE_AI_PANEL_TEST_DATA is not set")
def test_ten_thousand_mutated_streams_end_in_an_answer_or_a_named_problem() -> None:
    bodies = ["".join(f"data: {event}\n\n" for event in _events(path)[:40]).encode() for path in _recorded()]
    chance = random.Random(7)
    for _ in range(10_000):
        body = bytearray(chance.choice(bodies)[: chance.randrange(200, 3000)])
        for _ in range(chance.randrange(1, 8)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        _read_somehow(bytes(body))


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
