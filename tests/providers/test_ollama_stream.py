"""The stream of an Ollama answer: its lines, its calls, its counts, its ends."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers.answers.reader import Asked
from nuke_ai_panel.providers.errors import ProviderError, Service
from nuke_ai_panel.providers.messages import (
    Finished,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCall,
    ToolCallReady,
    ToolCallStarted,
    Usage,
    UsageReported,
)
from nuke_ai_panel.providers.ollama.stream import OllamaStream
from nuke_ai_panel.providers.redact import Redactor
from nuke_ai_panel.providers.wire.framing import NdjsonReader, ServerEvent

SERVICE = Service("ollama", "Ollama", "127.0.0.1:11434", local=True)
Line = dict[str, Any]


def stream(limit: int = 2**23) -> OllamaStream:
    return OllamaStream(Asked(SERVICE, Redactor(), "asked", limit))


def read(*lines: Line | str) -> list[StreamEvent]:
    reader = stream()
    events: list[StreamEvent] = []
    for line in lines:
        events += reader.feed(ServerEvent(line if isinstance(line, str) else json.dumps(line)))
    return events + list(reader.finish())


def said(content: str = "", **more: Any) -> Line:
    return {"model": "m", "created_at": "x", "message": {"role": "assistant", "content": content} | more, "done": False}


def end(reason: str | None = "stop", content: str = "", **more: Any) -> Line:
    ended = {"model": "m", "message": {"role": "assistant", "content": content}, "done": True} | more
    return ended | ({"done_reason": reason} if reason is not None else {})


def call(arguments: Any, name: str = "f", **more: Any) -> Line:
    return {"function": {"name": name, "arguments": arguments} | more.pop("function", {})} | more


def calls_in(events: list[StreamEvent]) -> list[ToolCall]:
    return [event.call for event in events if isinstance(event, ToolCallReady)]


def text_in(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def kind_of(*lines: Line | str) -> str:
    with pytest.raises(ProviderError) as error:
        read(*lines)
    return error.value.problem.kind


def test_an_answer_starts_tells_and_finishes() -> None:
    assert read(said("Hel"), said("lo"), end()) == [
        Started("m"),
        TextDelta("Hel"),
        TextDelta("lo"),
        Finished("stop", "stop"),
    ]


def test_an_answer_may_be_one_line() -> None:
    assert text_in(read(end(content="Hello"))) == "Hello"
    events = list(stream().whole(end(content="Hello", eval_count=2)))
    assert events == [Started("m"), TextDelta("Hello"), UsageReported(Usage(None, 2)), Finished("stop", "stop")]


def test_thinking_is_no_text_and_comes_before_it() -> None:
    events = read(said(thinking="Fir"), said(thinking="st"), said("Hi", thinking="ly"), end())
    assert events[1:5] == [ReasoningDelta("Fir"), ReasoningDelta("st"), ReasoningDelta("ly"), TextDelta("Hi")]


def test_a_call_comes_whole_and_its_arguments_become_text() -> None:
    events = read(said(tool_calls=[call({"city": "Osló"}, id="call_x1", function={"index": 0})]), end())
    assert ToolCallStarted(0, "call_x1", "f") in events
    assert calls_in(events) == [ToolCall("call_x1", "f", '{"city": "Osló"}')]


def test_an_answer_with_calls_ends_with_them_though_the_service_says_stop() -> None:
    assert read(said(tool_calls=[call({})]), end("stop"))[-1] == Finished("tool_calls", "stop")
    assert read(said(tool_calls=[call({})]), end("length"))[-1] == Finished("length", "length")


def test_calls_without_ids_get_some_and_calls_side_by_side_do_not_mix() -> None:
    together = [call({"a": 1}, function={"index": 0}), call({"b": 2}, "g", function={"index": 0})]
    events = read(said(tool_calls=together), said(tool_calls=[call({"c": 3}, "h", id="own")]), end())
    assert calls_in(events) == [
        ToolCall("call_1", "f", '{"a": 1}'),
        ToolCall("call_2", "g", '{"b": 2}'),
        ToolCall("own", "h", '{"c": 3}'),
    ]


@pytest.mark.parametrize(("arguments", "text"), [('{"a": 1}', '{"a": 1}'), ({}, "{}"), (None, "{}"), ("", "{}")])
def test_arguments_may_be_text_or_missing(arguments: Any, text: str) -> None:
    assert calls_in(read(said(tool_calls=[call(arguments)]), end()))[0].arguments == text


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        ({"prompt_eval_count": 26, "eval_count": 9}, [Usage(26, 9)]),
        ({"eval_count": 9}, [Usage(None, 9)]),
        ({"prompt_eval_count": 26}, [Usage(26, None)]),
        ({}, []),
    ],
)
def test_a_count_that_is_left_out_is_unknown_and_not_zero(counts: dict[str, int], usage: list[Usage]) -> None:
    events = read(said("Hi"), end(**counts))
    assert [event.usage for event in events if isinstance(event, UsageReported)] == usage


@pytest.mark.parametrize(
    ("word", "finished"),
    [
        ("length", Finished("length", "length")),
        (None, Finished("stop", "")),
        ("load", Finished("stop", "load")),
        ("a_new_word", Finished("unknown", "a_new_word")),
    ],
)
def test_the_services_word_for_the_end_is_kept(word: str | None, finished: Finished) -> None:
    assert read(said("Hi"), end(word))[-1] == finished


@pytest.mark.parametrize("reason", ["stop", "load", "unload"])
def test_an_end_without_a_word_is_an_empty_answer(reason: str) -> None:
    assert kind_of(said(thinking="Hm"), end(reason)) == "empty_answer"


@pytest.mark.parametrize("lines", [[], [said("Hi")], [said(tool_calls=[call({})])], [said("Hi"), {"done": "true"}]])
def test_an_end_without_the_last_line_is_a_cut(lines: list[Line]) -> None:
    assert kind_of(*lines) == "stream_cut"


def test_json_of_another_program_is_no_answer() -> None:
    assert kind_of({"jsonrpc": "2.0", "result": 1}) == "not_an_api"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("an error was encountered while running the model", "stream_error"),
        ("llama-server process has terminated: exit status 2", "no_memory"),
        ("model runner has unexpectedly stopped, this may be due to resource limitations", "no_memory"),
        ("cudaMalloc failed: out of memory", "no_memory"),
        ("the prompt is longer than the context length currently available to the model; shorten it", "context_full"),
    ],
)
def test_an_error_in_the_stream_is_told_with_the_services_words(message: str, kind: str) -> None:
    reader = stream()
    assert list(reader.feed(ServerEvent(json.dumps(said("Hi")))))
    with pytest.raises(ProviderError) as raised:
        list(reader.feed(ServerEvent(json.dumps({"error": message}))))
    assert raised.value.problem.kind == kind and message in raised.value.problem.detail


ODD: list[Line] = [
    {"message": None, "done": False},
    {"message": "text", "done": None},
    {"message": {"content": 5, "thinking": [], "tool_calls": {"a": 1}}},
    {"message": {"tool_calls": [None, 5, {"function": None}]}},
    {"model": 7, "message": {"content": None}},
    {"done": 1},
]


@pytest.mark.parametrize("odd", ODD)
def test_odd_lines_do_no_harm(odd: Line) -> None:
    assert text_in(read(odd, said("Hi"), end(prompt_eval_count="many", eval_count=-1))) == "Hi"
    assert text_in(read(said("Hi"), odd, {}, {"unheard": "of"}, end())) == "Hi"


@pytest.mark.parametrize("data", ["[" * 100_000, "5" * 5_000, "[]", "null", '"x"', "{"])
def test_what_is_no_line_is_counted_and_skipped(data: str) -> None:
    reader = stream()
    list(reader.feed(ServerEvent(data)))
    assert reader.log.bad_events == 1


def test_an_endless_answer_ends_at_its_limit() -> None:
    for line in (said("x" * 100), said(thinking="x" * 100), said(tool_calls=[call({"a": "x" * 3000})] * 2)):
        reader = stream(limit=4000)
        with pytest.raises(ProviderError) as error:
            for _ in range(100):
                list(reader.feed(ServerEvent(json.dumps(line))))
        assert error.value.problem.kind == "answer_too_large"


ANSWER = [
    said(thinking="Überlegen"),
    said("Grün 🌲 ist"),
    said(tool_calls=[call({"node": "Größe"}, "find", id="c1"), call({}, "overview")]),
    said(" gut"),
    end(prompt_eval_count=26, eval_count=9),
]
BODY = b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in ANSWER)


def through(*pieces: bytes) -> list[StreamEvent]:
    lines, reader = NdjsonReader(), stream()
    events: list[StreamEvent] = []
    for found in (*(lines.feed(piece) for piece in pieces), lines.finish()):
        for event in found:
            assert isinstance(event, ServerEvent)
            events += reader.feed(event)
    return events + list(reader.finish())


def test_a_last_line_without_its_end_counts() -> None:
    assert through(BODY.rstrip(b"\n")) == through(BODY)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["stop", "error"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PLACES = ["model", "message", "done", "done_reason", "eval_count", "content", "thinking", "tool_calls", "function"]


@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), max_size=4), st.randoms(use_true_random=False))
def test_whatever_stands_in_a_line_nothing_but_a_provider_error_comes_out(
    changes: list[tuple[str, Any]], rng: random.Random
) -> None:
    lines: list[Line] = [json.loads(json.dumps(line)) for line in ANSWER]
    for name, value in changes:
        line = rng.choice(lines)
        message = line["message"] if isinstance(line.get("message"), dict) else line
        spots = [spot for spot in (line, message, *_objects(message.get("tool_calls"))) if name in spot] or [line]
        rng.choice(spots)[name] = value
    try:
        read(*lines)
    except ProviderError:
        pass


def _objects(value: Any) -> list[Line]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
