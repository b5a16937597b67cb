"""The stream of an Anthropic message, from the service itself and from gateways that write it their own way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from nuke_ai_panel.providers.answers.reader import Asked
from nuke_ai_panel.providers.anthropic.stream import MessageStream
from nuke_ai_panel.providers.anthropic.thinking import BEGUN_ANEW
from nuke_ai_panel.providers.errors import ProviderError, Service
from nuke_ai_panel.providers.messages import (
    Finished,
    Opaque,
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
)
from nuke_ai_panel.providers.redact import Redactor
from nuke_ai_panel.providers.wire.framing import ServerEvent

SERVICE = Service("x", "X", "x.example")
Event = dict[str, Any]
STOP: Event = {"type": "message_stop"}


def message(limit: int = 2**23) -> MessageStream:
    return MessageStream(Asked(SERVICE, Redactor(), "asked", limit))


def fed(stream: MessageStream, *documents: Event) -> list[StreamEvent]:
    """What comes until the stream is over or fails; a failure goes through."""
    events: list[StreamEvent] = []
    for document in documents:
        events += stream.feed(ServerEvent(json.dumps(document), document.get("type", "")))
    return events


def read(*documents: Event) -> list[StreamEvent]:
    stream = message()
    return fed(stream, *documents) + list(stream.finish())


def told(*documents: Event) -> list[StreamEvent]:
    """The events of an answer with these in its middle, without its beginning, its counts and its end."""
    return read(start(), *documents, *end("end_turn"))[1:-1]


def start(identity: str = "m1", **more: Any) -> Event:
    return {"type": "message_start", "message": {"id": identity, "model": "m", "content": [], **more}}


def end(reason: str | None, **more: Any) -> list[Event]:
    return [{"type": "message_delta", "delta": {"stop_reason": reason, **more}}, STOP]


def block(kind: str, index: int = 0, **more: Any) -> Event:
    return {"type": "content_block_start", "index": index, "content_block": {"type": kind, **more}}


def delta(kind: str, index: int = 0, **more: Any) -> Event:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **more}}


def stop(index: int = 0) -> Event:
    return {"type": "content_block_stop", "index": index}


def text(said: str) -> Event:
    return delta("text_delta", text=said)


def thinking(index: int, said: str, signature: str) -> list[Event]:
    return [
        block("thinking", index, thinking="", signature=""),
        delta("thinking_delta", index, thinking=said),
        delta("signature_delta", index, signature=signature),
        stop(index),
    ]


def use(index: int, identity: str, *pieces: str, name: str = "find", **more: Any) -> list[Event]:
    return [
        block("tool_use", index, id=identity, name=name, **{"input": {}, **more}),
        *[delta("input_json_delta", index, partial_json=piece) for piece in pieces],
        stop(index),
    ]


def calls_in(events: list[StreamEvent]) -> list[ToolCall]:
    return [event.call for event in events if isinstance(event, ToolCallReady)]


def blobs_in(events: list[StreamEvent]) -> list[Any]:
    return [event.part.data for event in events if isinstance(event, ReasoningOpaque)]


def kind_of(*documents: Event) -> str:
    with pytest.raises(ProviderError) as error:
        read(*documents)
    return error.value.problem.kind


def test_an_answer_starts_tells_and_finishes() -> None:
    events = read(start(), block("text", text=""), text("Hi"), text(" you"), stop(), *end("end_turn"))
    assert events == [Started("m", "m1"), TextDelta("Hi"), TextDelta(" you"), Finished("stop", "end_turn")]


def test_a_gateway_that_does_not_say_who_answers_is_taken_at_the_question() -> None:
    assert read(text("Hi"), *end("end_turn"))[0] == Started("asked")


def test_text_that_comes_with_the_beginning_of_its_block_is_told() -> None:
    assert told(block("text", text="Hi"), text(" you")) == [TextDelta("Hi"), TextDelta(" you")]


def test_characters_that_a_gateway_has_cut_in_two_are_joined() -> None:
    assert told(text("a\ud83d"), text("\ude00b")) == [TextDelta("a"), TextDelta("😀b")]
    thought = [
        block("thinking", thinking="a\ud83d", signature="s"),
        delta("thinking_delta", thinking="\ude00b"),
        stop(),
    ]
    events = told(*thought, text("Hi"))
    assert events[:2] == [ReasoningDelta("a"), ReasoningDelta("😀b")]
    assert blobs_in(events)[0]["thinking"] == "a\ud83d\ude00b"  # what is signed goes back as it came


class TestReasoning:
    def test_it_is_told_and_kept_with_its_signature_once_it_is_whole(self) -> None:
        whole = {"type": "thinking", "thinking": "Hm.", "signature": "s1"}
        events = told(*thinking(0, "Hm.", "s1"), text("Hi"))
        assert events == [ReasoningDelta("Hm."), ReasoningOpaque(Opaque("anthropic", whole)), TextDelta("Hi")]

    def test_it_is_kept_also_where_its_words_are_left_out(self) -> None:
        kept = {"type": "thinking", "thinking": "", "signature": "s1"}
        events = told(block("thinking", thinking=""), delta("signature_delta", signature="s1"), stop(), text("Hi"))
        assert events == [ReasoningOpaque(Opaque("anthropic", kept)), TextDelta("Hi")]

    def test_nobody_wants_back_what_nobody_signed(self) -> None:
        events = told(block("thinking", thinking=""), delta("thinking_delta", thinking="Hm."), stop(), text("Hi"))
        assert events == [ReasoningDelta("Hm."), TextDelta("Hi")]

    def test_what_is_hidden_is_kept_as_it_came(self) -> None:
        assert blobs_in(told(block("redacted_thinking", data="x", more=1), stop(), text("Hi"))) == [
            {"type": "redacted_thinking", "data": "x", "more": 1}
        ]

    def test_a_block_keeps_what_is_not_known_of_it(self) -> None:
        odd = block("thinking", thinking="", signature="s1", mood="calm")
        assert blobs_in(told(odd, stop(), text("Hi")))[0]["mood"] == "calm"

    def test_several_blocks_keep_their_order_among_calls(self) -> None:
        events = told(
            *thinking(0, "One", "s1"),
            block("redacted_thinking", 1, data="x"),
            *use(2, "a", "{}"),
            *thinking(3, "Two", "s2"),
            *use(4, "b", "{}"),
        )
        kinds = [type(event).__name__ for event in events if isinstance(event, ReasoningOpaque | ToolCallReady)]
        assert kinds == ["ReasoningOpaque", "ReasoningOpaque", "ToolCallReady", "ReasoningOpaque", "ToolCallReady"]

    def test_a_cut_block_is_not_kept(self) -> None:
        stream = message()
        assert blobs_in(fed(stream, start(), *thinking(0, "Hm", "s1")[:-1])) == []

    def test_pieces_of_another_block_are_none_of_its_own(self) -> None:
        own, other = thinking(0, "Hm.", "s1"), thinking(9, "?", "s9")[1:]
        assert blobs_in(told(*own[:-1], *other, own[-1], text("Hi"))) == [
            {"type": "thinking", "thinking": "Hm.", "signature": "s1"}
        ]

    def test_reasoning_alone_is_no_answer(self) -> None:
        assert kind_of(start(), *thinking(0, "Hm.", "s1"), *end("end_turn")) == "empty_answer"


class TestCalls:
    def test_one_in_pieces_is_put_together(self) -> None:
        events = read(start(), *use(1, "c1", "", '{"a', '": 1}'), *end("tool_use"))
        assert events[1:] == [
            ToolCallStarted(0, "c1", "find"),
            ToolCallDelta(0, '{"a'),
            ToolCallDelta(0, '": 1}'),
            ToolCallReady(0, ToolCall("c1", "find", '{"a": 1}')),
            Finished("tool_calls", "tool_use"),
        ]

    @pytest.mark.parametrize("pieces", [[], [""], ["{}"]])
    def test_no_arguments_are_an_empty_object(self, pieces: list[str]) -> None:
        assert calls_in(told(*use(0, "c1", *pieces))) == [ToolCall("c1", "find", "{}")]

    def test_arguments_that_come_with_the_beginning_are_taken(self) -> None:
        assert calls_in(told(*use(0, "c1", input={"a": "ü"}))) == [ToolCall("c1", "find", '{"a": "ü"}')]

    def test_arguments_that_come_twice_are_taken_once(self) -> None:
        assert calls_in(told(*use(0, "c1", '{"a":1}', input={"a": 1}))) == [ToolCall("c1", "find", '{"a":1}')]

    def test_two_at_once_do_not_mix(self) -> None:
        first, second = use(0, "a", "1", "2", name="f"), use(1, "b", "3", "4", name="g")
        mixed = [event for pair in zip(first, second, strict=True) for event in pair]
        assert calls_in(told(*mixed)) == [ToolCall("a", "f", "12"), ToolCall("b", "g", "34")]

    def test_one_whose_block_is_never_ended_ends_with_the_answer(self) -> None:
        assert calls_in(read(start(), *use(0, "a", "{}")[:-1], *end("tool_use"))) == [ToolCall("a", "find", "{}")]

    def test_one_that_begins_where_another_was_never_ended_is_another(self) -> None:
        events = read(start(), *use(0, "a", "1")[:-1], *use(0, "b", "2")[:-1], *end("tool_use"))
        assert calls_in(events) == [ToolCall("a", "find", "1"), ToolCall("b", "find", "2")]

    def test_a_turn_that_ends_with_another_word_is_a_tool_turn_all_the_same(self) -> None:
        assert read(start(), *use(0, "a", "{}"), *end("end_turn"))[-1] == Finished("tool_calls", "end_turn")

    def test_tools_of_the_services_own_are_none_of_ours(self) -> None:
        own = [event for kind in ("server_tool_use", "mcp_tool_use") for event in [block(kind, id="s", name="search")]]
        pieces = [delta("input_json_delta", partial_json='{"q": 1}'), stop(), block("web_search_tool_result"), stop()]
        assert told(*own, *pieces, text("Hi")) == [TextDelta("Hi")]


UNKNOWN: list[Event] = [
    {"type": "ping"},
    {"type": "sparkle", "delta": {"text": "x"}},
    block("hologram", data="x"),
    delta("hologram_delta", text="x"),
    delta("citations_delta", citation={"url": "x"}),
    delta("compaction_delta", content="x"),
    stop(99),
    {"type": "content_block_delta"},
    {"type": "content_block_delta", "index": None, "delta": None},
    {"type": "content_block_delta", "index": "0", "delta": {"type": "text_delta", "text": 5}},
    {"type": "content_block_start", "index": 7, "content_block": None},
    {"type": "message_delta", "delta": None, "usage": None},
    {"type": "message_start", "message": None},
    {"type": "message_start", "message": {"id": "m1", "content": {"a": 1}, "usage": 5}},
    {"type": ["text"]},
    {},
]


@pytest.mark.parametrize("odd", UNKNOWN)
def test_what_is_not_known_is_passed_over(odd: Event) -> None:
    events = read(odd, text("Hi"), *end("end_turn"))
    assert [event for event in events if isinstance(event, TextDelta)] == [TextDelta("Hi")]


@pytest.mark.parametrize("data", ["[" * 100_000, "5" * 5_000, "[]", "null", '"x"', "{", "[DONE]"])
def test_what_is_no_event_is_counted_and_skipped(data: str) -> None:
    stream = message()
    assert list(stream.feed(ServerEvent(data))) == [] and stream.log.bad_events == 1


class TestCounts:
    def usage(self, *usages: Event, **begin: Any) -> Usage:
        deltas = [{"type": "message_delta", "delta": {}, "usage": usage} for usage in usages]
        events = read(start(**begin), text("Hi"), *deltas, *end("end_turn"))
        return next(event.usage for event in events if isinstance(event, UsageReported))

    def test_the_last_ones_count_and_are_not_added(self) -> None:
        begin = {"input_tokens": 25, "output_tokens": 1}
        assert self.usage({"output_tokens": 5}, {"output_tokens": 89}, usage=begin) == Usage(25, 89)

    def test_a_later_count_of_what_was_read_replaces_the_first(self) -> None:
        begin = {"input_tokens": 1051, "output_tokens": 35}
        assert self.usage({"input_tokens": 4727, "output_tokens": 3391}, usage=begin) == Usage(4727, 3391)

    def test_what_is_left_out_or_null_stays(self) -> None:
        begin = {"input_tokens": 25, "cache_read_input_tokens": 3, "output_tokens": 1}
        assert self.usage({"input_tokens": None, "output_tokens": 9}, usage=begin) == Usage(28, 9, cached=3)

    def test_the_cache_is_a_part_of_what_was_read(self) -> None:
        begin = {"input_tokens": 1, "cache_read_input_tokens": 19, "cache_creation_input_tokens": 5}
        assert self.usage(usage=begin) == Usage(25, None, None, 19)

    def test_what_was_thought_is_counted(self) -> None:
        assert self.usage({"output_tokens": 9, "output_tokens_details": {"thinking_tokens": 4}}) == Usage(None, 9, 4)

    def test_no_counts_are_no_report(self) -> None:
        assert not [event for event in read(start(), text("Hi"), *end("end_turn")) if isinstance(event, UsageReported)]


class TestTheEnd:
    @pytest.mark.parametrize(
        ("word", "reason"),
        [
            ("end_turn", "stop"),
            ("stop_sequence", "stop"),
            ("max_tokens", "length"),
            ("pause_turn", "length"),
            ("refusal", "refusal"),
            ("tool_use", "tool_calls"),
            ("odd", "unknown"),
        ],
    )
    def test_the_services_word_is_kept(self, word: str, reason: str) -> None:
        assert read(start(), text("Hi"), *end(word))[-1] == Finished(reason, word)

    def test_an_end_without_a_word_is_an_end(self) -> None:
        assert read(start(), text("Hi"), STOP)[-1] == Finished("stop", "")

    @pytest.mark.parametrize("word", ["end_turn", "stop_sequence", "odd"])
    def test_an_end_without_an_answer_is_an_empty_answer(self, word: str) -> None:
        assert kind_of(start(), block("text", text=""), stop(), *end(word)) == "empty_answer"

    @pytest.mark.parametrize("count", range(5))
    def test_an_end_without_message_stop_is_a_cut(self, count: int) -> None:
        whole = [start(), block("text", text=""), text("Hi"), stop(), *end("end_turn")]
        assert kind_of(*whole[:count]) == "stream_cut"
        assert kind_of(*whole[:-1]) == "stream_cut"

    def test_a_refusal_is_told_with_its_reason_after_what_was_said(self) -> None:
        why = {"type": "refusal", "category": "bio", "explanation": "I must not."}
        refused = end("refusal", stop_details=why)
        assert read(start(), text("Well."), *refused)[1:] == [
            TextDelta("Well."),
            TextDelta("\n\nI must not."),
            Finished("refusal", "refusal"),
        ]
        assert read(start(), *refused)[1] == TextDelta("I must not.")

    @pytest.mark.parametrize("details", [None, {}, {"explanation": None}, {"explanation": 5}, "x"])
    def test_a_refusal_without_a_reason_is_one_all_the_same(self, details: Any) -> None:
        assert read(start(), *end("refusal", stop_details=details))[1:] == [Finished("refusal", "refusal")]

    def test_a_full_context_is_a_problem_after_all_that_was_said(self) -> None:
        stream = message()
        events = fed(stream, start(), text("Hi"), *end("model_context_window_exceeded"))
        assert events[-1] == TextDelta("Hi")
        with pytest.raises(ProviderError) as error:
            list(stream.finish())
        assert error.value.problem.kind == "context_full"

    def test_a_call_that_the_full_context_cut_is_not_made(self) -> None:
        stream = message()
        fed(stream, start(), *use(0, "c1", '{"a')[:-1], *end("model_context_window_exceeded"))
        finish = stream.finish()
        with pytest.raises(ProviderError):
            next(finish)

    def test_nothing_is_over_before_message_stop(self) -> None:
        stream = message()
        fed(stream, start(stop_reason="end_turn"), text("Hi"), end("end_turn")[0])
        assert (stream.finished, stream.done) == (False, False)
        fed(stream, STOP)
        assert (stream.finished, stream.done) == (True, True)


class TestErrors:
    @pytest.mark.parametrize(
        ("kind", "problem"),
        [
            ("overloaded_error", "overloaded"),
            ("rate_limit_error", "rate_limited"),
            ("authentication_error", "key_wrong"),
            ("permission_error", "key_not_allowed"),
            ("billing_error", "out_of_credits"),
            ("timeout_error", "timeout_silence"),
            ("request_too_large", "too_large"),
            ("api_error", "stream_error"),
            ("new_error", "stream_error"),
        ],
    )
    def test_one_in_the_middle_is_told_with_the_services_words(self, kind: str, problem: str) -> None:
        stream = message()
        assert fed(stream, start(), text("Hi"))[-1] == TextDelta("Hi")
        with pytest.raises(ProviderError) as error:
            fed(stream, {"type": "error", "error": {"type": kind, "message": "Boom"}, "request_id": "req_9"})
        assert error.value.problem.kind == problem
        assert "Boom" in error.value.problem.detail and error.value.problem.request_id == "req_9"

    def test_an_error_is_one_also_without_a_type(self) -> None:
        stream = message()
        with pytest.raises(ProviderError):
            list(stream.feed(ServerEvent('{"message": "Boom"}', "error")))


class TestGatewaysThatBeginAnew:
    """One that loses its answer in the middle and goes on with another, in the same stream."""

    def test_the_unfinished_call_and_the_old_reasoning_are_void(self) -> None:
        events = read(
            start("m1", usage={"input_tokens": 17}),
            *thinking(0, "One", "s1"),
            *use(1, "a", '{"cut')[:-1],
            start("m2"),
            *thinking(0, "Two", "s2"),
            *use(1, "b", "{}"),
            *end("tool_use"),
        )
        assert calls_in(events) == [ToolCall("b", "find", "{}")]
        kept = [event.part for event in events if isinstance(event, ReasoningOpaque)]
        assert kept[1] is BEGUN_ANEW and [part.data and part.data["signature"] for part in kept] == ["s1", None, "s2"]
        assert sum(isinstance(event, Started) for event in events) == 1

    def test_a_call_that_was_given_out_cannot_be_taken_back(self) -> None:
        again = (*use(0, "a", "{}"), *end("tool_use"))
        assert kind_of(start("m1"), *use(0, "a", "{}"), start("m2"), *again) == "stream_cut"

    def test_reasoning_that_was_cut_is_not_kept_with_what_follows(self) -> None:
        events = read(start("m1"), *thinking(0, "One", "s1")[:-1], start("m2"), text("Hi"), stop(), *end("end_turn"))
        assert blobs_in(events) == [None]

    @pytest.mark.parametrize("second", ["m1", ""])
    def test_the_same_beginning_twice_is_one_beginning(self, second: str) -> None:
        events = read(start("m1"), *use(0, "a", "{}")[:-1], start(second), stop(), *end("tool_use"))
        assert calls_in(events) == [ToolCall("a", "find", "{}")] and blobs_in(events) == []


class TestWholeAnswers:
    def test_one_in_a_piece_is_told_like_a_streamed_one(self) -> None:
        signed = {"type": "thinking", "thinking": "Hm.", "signature": "s1"}
        content = [
            signed,
            {"type": "text", "text": "Hi"},
            {"type": "tool_use", "id": "c1", "name": "find", "input": {"a": 1}},
        ]
        usage = {"input_tokens": 3, "output_tokens": 5}
        document = {"type": "message", "id": "m1", "model": "m", "content": content, "usage": usage}
        stream = message()
        assert list(stream.whole({**document, "stop_reason": "tool_use"})) == [
            Started("m", "m1"),
            ReasoningDelta("Hm."),
            ReasoningOpaque(Opaque("anthropic", signed)),
            TextDelta("Hi"),
            ToolCallStarted(0, "c1", "find"),
            ToolCallDelta(0, '{"a": 1}'),
            ToolCallReady(0, ToolCall("c1", "find", '{"a": 1}')),
            UsageReported(Usage(3, 5)),
            Finished("tool_calls", "tool_use"),
        ]

    def test_a_message_that_is_all_in_its_beginning_is_an_answer(self) -> None:
        called = [{"type": "tool_use", "id": "c1", "name": "find", "input": {}}]
        events = read(start(content=called, stop_reason="tool_use"), STOP)
        assert calls_in(events) == [ToolCall("c1", "find", "{}")]
        assert events[-1] == Finished("tool_calls", "tool_use")

    def test_an_error_in_a_piece_is_an_error(self) -> None:
        with pytest.raises(ProviderError) as error:
            list(message().whole({"type": "error", "error": {"type": "overloaded_error", "message": "x"}}))
        assert error.value.problem.kind == "overloaded"


ENDLESS: dict[str, list[Event]] = {
    "text": [text("x" * 100)],
    "reasoning": [delta("thinking_delta", thinking="x" * 100)],
    "arguments": [delta("input_json_delta", 9, partial_json="x" * 100)],
    "calls": use(0, "a"),
    "hidden reasoning": [block("redacted_thinking", data="x" * 100)],
    "signatures": thinking(0, "", "x" * 100),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_an_endless_answer_ends_at_its_limit(what: str) -> None:
    stream = message(limit=10_000)
    fed(stream, start(), use(9, "first")[0])
    with pytest.raises(ProviderError) as error:
        for _ in range(1000):
            fed(stream, *ENDLESS[what])
    assert error.value.problem.kind == "answer_too_large"
