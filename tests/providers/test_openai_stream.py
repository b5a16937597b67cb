"""The stream of an OpenAI-like answer, in all the ways in which services write it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from chat_reading import Chunk, call, calls_in, chat, delta, read, text_in
from nuke_ai_panel.providers.answers.reader import Asked
from nuke_ai_panel.providers.errors import ProviderError, Service
from nuke_ai_panel.providers.messages import (
    Finished,
    Started,
    StreamEvent,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    Usage,
    UsageReported,
)
from nuke_ai_panel.providers.openai_chat.quirks import ChatQuirks
from nuke_ai_panel.providers.openai_chat.stream import ChatStream
from nuke_ai_panel.providers.redact import Redactor
from nuke_ai_panel.providers.wire.framing import ServerEvent


def test_an_answer_starts_tells_and_finishes() -> None:
    events = read(delta(role="assistant", content=""), delta(content="Hi"), delta("stop"), "[DONE]")
    assert events == [Started("m", "c"), TextDelta("Hi"), Finished("stop", "stop")]


def test_the_model_that_answered_is_told_even_if_it_is_another() -> None:
    assert read(delta("stop", content="Hi"))[0] == Started("m", "c")


def test_a_service_that_does_not_say_who_answers_is_taken_at_the_question() -> None:
    assert read({"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]})[0] == Started("asked")


@pytest.mark.parametrize(
    ("answered", "one_model", "local", "swapped"),
    [
        ("other", True, True, True),
        ("asked", True, True, False),
        ("asked-2026-11-01", True, True, False),
        ("other", False, True, False),
        ("other", True, False, False),
    ],
)
def test_a_swap_is_told_only_of_servers_that_swap(answered: str, one_model: bool, local: bool, swapped: bool) -> None:
    service = Service("x", "X", "x.example", local=local)
    stream = ChatStream(Asked(service, Redactor(), "asked", 99), ChatQuirks(one_model=one_model))
    (started, *_) = stream.feed(ServerEvent(json.dumps({**delta(content="Hi"), "model": answered})))
    assert started == Started(answered, "c", swapped=swapped)


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
        # An id that comes again, and one that looks like ours: results are matched by them.
        (
            [call("1", index=0, id="a", name="f"), call("2", index=1, id="a", name="g"), call("3", index=1, id="a")],
            [ToolCall("a", "f", "1"), ToolCall("a_2", "g", "23")],
        ),
        (
            [call("1", index=0, id="call_2", name="f"), call("2", index=1, name="g")],
            [ToolCall("call_2", "f", "1"), ToolCall("call_2_2", "g", "2")],
        ),
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


def test_an_end_by_error_is_one_with_what_came_before_it() -> None:
    stream = chat()
    told: list[StreamEvent] = []
    with pytest.raises(ProviderError) as raised:
        told.extend(stream.feed(ServerEvent(json.dumps(delta("error", content="Hi")))))
    assert raised.value.problem.kind == "stream_error" and text_in(told) == "Hi"


def test_an_answer_that_failed_was_paid_for_too() -> None:
    failed = {**delta(content=""), "error": {"message": "boom"}, "usage": {"prompt_tokens": 9, "completion_tokens": 1}}
    told: list[StreamEvent] = []
    with pytest.raises(ProviderError):
        told.extend(chat().feed(ServerEvent(json.dumps(failed))))
    assert told == [Started("asked"), UsageReported(Usage(9, 1))]


def test_an_error_before_any_word_is_what_it_says() -> None:
    for error, kind in (
        ({"error": "No models loaded. Please load a model"}, "model_not_loaded"),
        ({"error": {"message": "Rate limit exceeded", "code": 429}}, "rate_limited"),
        ({"error": {"message": "boom"}}, "unknown"),
        ({"error": {"message": "boom", "code": 500}}, "server_error"),
    ):
        for read_it in (lambda stream, said: stream.feed(ServerEvent(json.dumps(said))), ChatStream.whole):
            with pytest.raises(ProviderError) as raised:
                list(read_it(chat(), error))
            assert raised.value.problem.kind == kind


def test_what_was_held_back_comes_before_the_break() -> None:
    for last in ({"error": {"message": "boom"}}, None):
        stream = chat()
        told = list(stream.feed(ServerEvent(json.dumps(delta(content="<thi")))))
        with pytest.raises(ProviderError):
            told.extend(stream.feed(ServerEvent(json.dumps(last))) if last else stream.finish())
        assert text_in(told) == "<thi"


@pytest.mark.parametrize(
    ("context", "usage", "kind"),
    [
        (4096, {"prompt_tokens": 4090, "completion_tokens": 6}, "context_full"),
        (4096, {"prompt_tokens": 4000}, "context_full"),
        (4096, {"prompt_tokens": 400}, "empty_answer"),
        (4096, None, "empty_answer"),
        (None, {"prompt_tokens": 4096}, "empty_answer"),
    ],
)
def test_no_word_for_want_of_room_is_named(context: int | None, usage: Any, kind: str) -> None:
    stream = chat(context=context)
    list(stream.feed(ServerEvent(json.dumps({**delta("stop"), "usage": usage}))))
    with pytest.raises(ProviderError) as error:
        list(stream.finish())
    assert error.value.problem.kind == kind


def test_the_first_chunk_of_azure_says_nothing_yet() -> None:
    first = {"choices": [], "id": "", "model": "", "prompt_filter_results": [{"prompt_index": 0}]}
    filtered = delta("content_filter", content="Hi")
    assert read(first, filtered) == [Started("m", "c"), TextDelta("Hi"), Finished("content_filter", "content_filter")]


def test_the_same_chunk_again_and_again_is_text_again_and_again() -> None:
    assert text_in(read(*[delta(content="la ")] * 200, delta("stop"))) == "la " * 200


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
