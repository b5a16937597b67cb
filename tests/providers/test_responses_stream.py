"""The stream of a Responses answer, in all the ways in which services write it."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers.answers.reader import Asked
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
from nuke_ai_panel.providers.openai_responses.format import OpenAIResponsesFormat
from nuke_ai_panel.providers.openai_responses.stream import ResponsesStream
from nuke_ai_panel.providers.redact import Redactor
from nuke_ai_panel.providers.wire.framing import ServerEvent, SseReader

SERVICE = Service("x", "X", "x.example")
Event = dict[str, Any]

CREATED: Event = {"type": "response.created", "response": {"id": "r", "model": "m", "status": "in_progress"}}
SEALED: Event = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAA", "status": None}


def responses(limit: int = 2**23) -> ResponsesStream:
    return OpenAIResponsesFormat().reader(Asked(SERVICE, Redactor(), "asked", limit))


def read(*events: Event, stream: ResponsesStream | None = None) -> list[StreamEvent]:
    stream = stream or responses()
    told: list[StreamEvent] = []
    for event in events:
        told += stream.feed(ServerEvent(json.dumps(event), str(event.get("type") or "")))
    return told + list(stream.finish())


def fails(*events: Event) -> tuple[list[StreamEvent], ProviderError]:
    """What was told before the error, and the error."""
    stream, told = responses(), list[StreamEvent]()
    with pytest.raises(ProviderError) as raised:
        for event in events:
            for found in stream.feed(ServerEvent(json.dumps(event))):
                told.append(found)
        told += stream.finish()
    return told, raised.value


def event(kind: str, **more: Any) -> Event:
    return {"type": f"response.{kind}", **more}


def text(delta: str, place: int = 0, **more: Any) -> Event:
    return event("output_text.delta", delta=delta, output_index=place, item_id=f"msg_{place}", **more)


def added(place: int, **item: Any) -> Event:
    return event("output_item.added", output_index=place, item=item)


def done(place: int, **item: Any) -> Event:
    return event("output_item.done", output_index=place, item=item)


def message(*texts: str, **more: Any) -> Event:
    return {"type": "message", "content": [{"type": "output_text", "text": said} for said in texts], **more}


def call(place: int, **more: Any) -> Event:
    return {"type": "function_call", "id": f"fc_{place}", "call_id": f"c{place}", "name": "find", **more}


def pieces(delta: str, **place: Any) -> Event:
    return event("function_call_arguments.delta", delta=delta, **place)


def ended(status: str = "completed", **more: Any) -> Event:
    return event(status, response={"id": "r", "model": "m", "status": status, **more})


def text_in(events: list[StreamEvent]) -> str:
    return "".join(found.text for found in events if isinstance(found, TextDelta))


def thought_in(events: list[StreamEvent]) -> str:
    return "".join(found.text for found in events if isinstance(found, ReasoningDelta))


def calls_in(events: list[StreamEvent]) -> list[ToolCall]:
    return [found.call for found in events if isinstance(found, ToolCallReady)]


def sealed_in(events: list[StreamEvent]) -> list[Opaque]:
    return [found.part for found in events if isinstance(found, ReasoningOpaque)]


class TestText:
    def test_an_answer_starts_tells_and_finishes(self) -> None:
        told = read(CREATED, event("in_progress", response={}), text("Hel"), text("lo"), ended())
        assert told == [Started("m", "r"), TextDelta("Hel"), TextDelta("lo"), Finished("stop", "completed")]

    def test_who_answers_is_taken_at_the_question_if_the_service_does_not_say(self) -> None:
        assert read(event("created", response={"id": "r"}), text("Hi"), ended())[0] == Started("asked", "r")

    def test_what_is_repeated_at_the_ends_is_told_once(self) -> None:
        told = read(
            added(0, **message(id="msg_0")),
            text("Hi", content_index=0),
            event("output_text.done", text="Hi", output_index=0, item_id="msg_0", content_index=0),
            event("content_part.done", part={"type": "output_text", "text": "Hi"}, output_index=0),
            done(0, **message("Hi", id="msg_0")),
            ended(output=[message("Hi")]),
        )
        assert text_in(told) == "Hi"

    @pytest.mark.parametrize(
        "events",
        [
            [event("output_text.done", text="Hi", output_index=0), done(0, **message("Hi")), ended()],
            [added(0, **message()), done(0, **message("H", "i")), ended()],
            [done(0, **message("Hi")), ended(output=[message("Hi")])],
            [ended(output=[message("H"), message("i")])],
        ],
    )
    def test_text_that_came_in_no_pieces_is_told_whole(self, events: list[Event]) -> None:
        assert text_in(read(*events)) == "Hi"

    def test_a_part_without_pieces_is_told_beside_one_with_pieces(self) -> None:
        assert text_in(read(text("H", content_index=0), done(0, **message("H", "i")), ended())) == "Hi"

    def test_an_event_without_a_type_has_that_of_its_name(self) -> None:
        stream = responses()
        delta = ServerEvent('{"delta": "Hi", "output_index": 0}', "response.output_text.delta")
        assert text_in(list(stream.feed(delta))) == "Hi"

    def test_a_refusal_is_text_and_says_so_at_the_end(self) -> None:
        said = {"type": "message", "content": [{"type": "refusal", "refusal": "I will not."}]}
        told = read(event("refusal.delta", delta="I will not.", output_index=0), done(0, **said), ended())
        assert told[1:] == [TextDelta("I will not."), Finished("refusal", "completed")]
        assert read(done(0, **said), ended())[1:] == told[1:]

    def test_a_character_that_was_cut_in_two_is_joined(self) -> None:
        assert text_in(read(text("a\ud83d"), text("\ude00b"), ended())) == "a😀b"
        assert text_in(read(done(0, **message("a\ud83d")), ended())) == "a\ufffd"


class TestReasoning:
    @pytest.mark.parametrize("kind", ["reasoning_summary_text", "reasoning_text"])
    def test_both_kinds_are_told(self, kind: str) -> None:
        told = read(event(f"{kind}.delta", delta="Hm", output_index=0), text("Hi", 1), ended())
        assert told[1] == ReasoningDelta("Hm")

    @pytest.mark.parametrize("first", ["reasoning_summary_text", "reasoning_text"])
    def test_a_thought_and_its_summary_are_told_once_the_first_of_them(self, first: str) -> None:
        second = "reasoning_text" if first == "reasoning_summary_text" else "reasoning_summary_text"
        whole = {
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": "short"}],
            "content": [{"type": "reasoning_text", "text": "long"}],
        }
        told = read(
            added(0, type="reasoning", summary=[]),
            event(f"{first}.delta", delta="first", output_index=0),
            event(f"{second}.delta", delta="second", output_index=0),
            event(f"{second}.done", text="second", output_index=0),
            done(0, **whole),
            text("Hi", 1),
            ended(),
        )
        assert thought_in(told) == "first"
        assert thought_in(read(done(0, **whole), text("Hi", 1), ended())) == "short"

    def test_thoughts_are_paragraphs(self) -> None:
        def summary(delta: str, place: int, index: int) -> Event:
            return event("reasoning_summary_text.delta", delta=delta, output_index=place, summary_index=index)

        told = read(
            summary("a", 0, 0), summary("b", 0, 0), summary("c", 0, 1), summary("d", 2, 0), text("Hi", 3), ended()
        )
        assert thought_in(told) == "ab\n\nc\n\nd"

    def test_what_is_sealed_is_kept_as_it_came(self) -> None:
        told = read(done(0, **SEALED), text("Hi", 1), ended())
        assert sealed_in(told) == [Opaque("openai_responses", SEALED)]

    def test_what_can_be_read_is_kept_too_where_the_service_has_no_seal(self) -> None:
        item = {"id": "rs_1", "type": "reasoning", "content": [{"type": "reasoning_text", "text": "Hm"}]}
        assert sealed_in(read(done(0, **item), text("Hi", 1), ended())) == [Opaque("openai_responses", item)]

    def test_a_mere_name_is_not_kept_since_the_service_has_forgotten_it(self) -> None:
        item = {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}], "content": []}
        assert sealed_in(read(done(0, **item), text("Hi", 1), ended())) == []

    def test_reasoning_stands_before_the_call_that_it_led_to(self) -> None:
        first, second = ({**SEALED, "id": f"rs_{number}"} for number in (1, 2))
        told = read(
            done(0, **first),
            done(1, **call(1, arguments="1")),
            done(2, **second),
            done(3, **call(3, arguments="3")),
            ended(),
        )
        kept = [found for found in told if isinstance(found, ReasoningOpaque | ToolCallReady)]
        assert kept == [
            ReasoningOpaque(Opaque("openai_responses", first)),
            ToolCallReady(0, ToolCall("c1", "find", "1")),
            ReasoningOpaque(Opaque("openai_responses", second)),
            ToolCallReady(1, ToolCall("c3", "find", "3")),
        ]

    def test_an_aside_is_marked_for_the_model(self) -> None:
        aside, answer = message(phase="commentary"), message(phase="final_answer")
        told = read(added(0, **aside), text("Hm.", 0), done(0, **aside), added(1, **answer), text("Hi", 1), ended())
        marks = [
            Opaque("openai_responses", {"type": "message", "phase": phase}) for phase in ("commentary", "final_answer")
        ]
        assert told[1:5] == [ReasoningOpaque(marks[0]), TextDelta("Hm."), ReasoningOpaque(marks[1]), TextDelta("Hi")]


class TestCalls:
    def test_a_call_in_pieces_is_put_together(self) -> None:
        told = read(
            added(0, **call(0, arguments="")),
            pieces('{"a', output_index=0, item_id="fc_0"),
            pieces('": 1}', output_index=0, item_id="fc_0"),
            event("function_call_arguments.done", output_index=0, item_id="fc_0", arguments='{"a": 1}'),
            done(0, **call(0, arguments='{"a": 1}')),
            ended(),
        )
        assert told[1:] == [
            ToolCallStarted(0, "c0", "find"),
            ToolCallDelta(0, '{"a'),
            ToolCallDelta(0, '": 1}'),
            ToolCallReady(0, ToolCall("c0", "find", '{"a": 1}')),
            Finished("tool_calls", "completed"),
        ]

    @pytest.mark.parametrize(
        "places",
        [
            [{"output_index": 0, "item_id": "fc_0"}, {"output_index": 1, "item_id": "fc_1"}],
            [{"output_index": 0}, {"output_index": 1}],
            [{"item_id": "fc_0"}, {"item_id": "fc_1"}],
            [{"output_index": 0, "item_id": "ever"}, {"output_index": 1, "item_id": "new"}],
            [{"output_index": 0, "item_id": "fc_0"}, {"output_index": 0, "item_id": "fc_1"}],
        ],
    )
    def test_two_calls_side_by_side_do_not_mix(self, places: list[Event]) -> None:
        events = [event("output_item.added", item=call(at), **place) for at, place in enumerate(places)]
        for piece in ("a", "b"):
            events += [
                event("function_call_arguments.delta", delta=piece + str(at), **where)
                for at, where in enumerate(places)
            ]
        told = read(*events, ended())
        assert calls_in(told) == [ToolCall("c0", "find", "a0b0"), ToolCall("c1", "find", "a1b1")]

    @pytest.mark.parametrize(
        ("events", "arguments"),
        [
            ([added(0, **call(0)), event("function_call_arguments.done", output_index=0, arguments="1")], "1"),
            ([added(0, **call(0)), done(0, **call(0, arguments="1"))], "1"),
            ([done(0, **call(0, arguments="1"))], "1"),
            ([done(0, **call(0, arguments={"a": 1}))], '{"a": 1}'),
            ([done(0, **call(0))], "{}"),
            ([added(0, **call(0))], "{}"),
            (
                [event("function_call_arguments.delta", output_index=0, delta="1"), done(0, **call(0, arguments="1"))],
                "1",
            ),
            ([ended(output=[call(0, arguments="1")])], "1"),
        ],
    )
    def test_calls_are_read_as_real_services_write_them(self, events: list[Event], arguments: str) -> None:
        told = read(*events, ended())
        assert calls_in(told) == [ToolCall("c0", "find", arguments)]
        assert told[-1] == Finished("tool_calls", "completed")

    def test_a_new_call_at_a_used_place_is_another_one(self) -> None:
        told = read(
            added(0, **call(0)), done(0, **call(0, arguments="1")), added(0, **call(7)), done(0, **call(7)), ended()
        )
        assert calls_in(told) == [ToolCall("c0", "find", "1"), ToolCall("c7", "find", "{}")]


class TestEnd:
    @pytest.mark.parametrize(
        ("why", "reason"),
        [("max_output_tokens", "length"), ("content_filter", "content_filter"), ("odd", "unknown"), (None, "unknown")],
    )
    def test_an_answer_that_is_not_complete_says_why(self, why: str | None, reason: str) -> None:
        details = {"reason": why} if why else None
        told = read(text("Hi"), ended("incomplete", incomplete_details=details))
        assert told[-1] == Finished(reason, why or "incomplete")

    def test_an_answer_that_ran_out_while_thinking_ends_by_length(self) -> None:
        assert read(ended("incomplete", incomplete_details={"reason": "max_output_tokens"}))[-1].reason == "length"

    def test_tokens_are_counted(self) -> None:
        usage = {
            "input_tokens": 9,
            "output_tokens": "5",
            "input_tokens_details": {"cached_tokens": 2},
            "output_tokens_details": {"reasoning_tokens": 3},
        }
        assert read(text("Hi"), ended(usage=usage))[-2] == UsageReported(Usage(9, 5, 3, 2))

    @pytest.mark.parametrize("events", [[], [CREATED], [text("Hi")], [text("Hi"), done(0, **message("Hi"))]])
    def test_an_end_without_the_end_mark_is_a_cut(self, events: list[Event]) -> None:
        told, error = fails(*events)
        assert error.problem.kind == "stream_cut"
        assert text_in(told) == ("Hi" if events[-1:] not in ([], [CREATED]) else "")

    def test_the_end_mark_of_the_chat_format_says_nothing_here(self) -> None:
        stream = responses()
        assert list(stream.feed(ServerEvent("[DONE]"))) == [] and not stream.done and stream.log.bad_events == 0

    @pytest.mark.parametrize("before", [[], [done(0, type="reasoning", summary=[])], [added(0)]])
    def test_an_end_without_a_word_is_an_empty_answer(self, before: list[Event]) -> None:
        assert fails(*before, ended())[1].problem.kind == "empty_answer"

    @pytest.mark.parametrize(
        "kind", ["web_search_call", "mcp_call", "shell_call", "custom_tool_call", "not_invented_yet"]
    )
    def test_work_of_the_services_own_tools_is_skipped_and_is_no_empty_answer(self, kind: str) -> None:
        item = {
            "type": kind,
            "id": "ws_1",
            "name": "f",
            "arguments": "{}",
            "content": [{"type": "output_text", "text": "x"}],
        }
        told = read(CREATED, added(0, **item), event(f"{kind}.searching", item_id="ws_1"), done(0, **item), ended())
        assert told == [Started("m", "r"), Finished("stop", "completed")]


class TestFailure:
    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (
                {"type": "error", "code": "insufficient_quota", "message": "You exceeded", "param": None},
                "out_of_credits",
            ),
            ({"type": "error", "error": {"type": "insufficient_quota", "message": "x"}}, "out_of_credits"),
            ({"type": "error", "message": "boom"}, "stream_error"),
            ({"error": {"message": "boom", "code": 500, "type": "server_error"}}, "stream_error"),
            (ended("failed", error={"code": "server_error", "message": "boom"}), "stream_error"),
            (ended("failed", error={"code": "rate_limit_exceeded", "message": "slow"}), "rate_limited"),
            (ended("failed", error={"code": "context_length_exceeded", "message": "long"}), "context_full"),
            (ended("failed", error=None), "stream_error"),
        ],
    )
    def test_an_error_is_told_with_the_services_words_after_what_came_before_it(self, error: Event, kind: str) -> None:
        told, raised = fails(CREATED, text("Hi"), error)
        assert text_in(told) == "Hi"
        assert raised.problem.kind == kind
        if "boom" in json.dumps(error):
            assert raised.problem.why == "boom."

    def test_of_an_error_that_is_told_twice_the_first_counts(self) -> None:
        first = {"type": "error", "error": {"code": "insufficient_quota", "message": "You exceeded"}}
        assert fails(CREATED, first, ended("failed", error={"code": "x"}))[1].problem.kind == "out_of_credits"

    def test_what_a_failed_answer_has_cost_is_told(self) -> None:
        told, _ = fails(CREATED, ended("failed", error={"code": "x"}, usage={"input_tokens": 3}))
        assert told[-1] == UsageReported(Usage(input=3))

    def test_an_answer_without_an_end_to_it_stops_at_the_limit(self) -> None:
        stream = responses(limit=10_000)
        with pytest.raises(ProviderError) as raised:
            for _ in range(1000):
                list(stream.feed(ServerEvent(json.dumps(text("x" * 100)))))
        assert raised.value.problem.kind == "answer_too_large"

    def test_calls_without_an_end_to_them_stop_at_the_limit(self) -> None:
        stream = responses(limit=10_000)
        with pytest.raises(ProviderError) as raised:
            for number in range(1000):
                list(stream.feed(ServerEvent(json.dumps(added(number, **call(number))))))
        assert raised.value.problem.kind == "answer_too_large"


class TestWholeAnswers:
    def whole(self, **more: Any) -> list[StreamEvent]:
        document = {"object": "response", "id": "r", "model": "m", "status": "completed", "error": None, **more}
        assert OpenAIResponsesFormat().is_answer(document) == ("output" in more)
        return list(responses().whole(document))

    def test_an_answer_in_one_piece_is_told_like_a_streamed_one(self) -> None:
        sealed = {**SEALED, "summary": [{"type": "summary_text", "text": "Hm"}]}
        output = [sealed, message("Hi"), call(0, arguments="1")]
        told = self.whole(output=output, usage={"input_tokens": 1})
        assert told[:2] == [Started("m", "r"), ReasoningDelta("Hm")]
        assert told[2] == ReasoningOpaque(Opaque("openai_responses", sealed))
        assert (text_in(told), calls_in(told)) == ("Hi", [ToolCall("c0", "find", "1")])
        assert told[-2:] == [UsageReported(Usage(input=1)), Finished("tool_calls", "completed")]

    def test_an_error_in_one_piece_is_an_error(self) -> None:
        for more in ({"error": {"code": "server_error", "message": "boom"}}, {"type": "error", "message": "boom"}):
            with pytest.raises(ProviderError) as raised:
                self.whole(status="failed", **more)
            assert raised.value.problem.why == "boom."


ODD: list[Event] = [
    {},
    {"type": None},
    {"type": 5},
    {"type": "response.output_text.delta"},
    {"type": "response.output_text.delta", "delta": None, "output_index": "x"},
    {"type": "response.output_text.delta", "delta": ["Hi"], "output_index": -1},
    {"type": "response.output_item.added", "item": None},
    {"type": "response.output_item.done", "item": {"type": "message", "content": None}},
    {"type": "response.output_item.done", "item": {"type": "message", "content": [None, 5, {"type": "output_text"}]}},
    {"type": "response.output_item.done", "item": {"type": "reasoning", "summary": {"a": 1}}},
    {"type": "response.created", "response": None},
    {"type": "response.output_text.annotation.added", "annotation": {}},
    {"type": "keepalive"},
]


@pytest.mark.parametrize("odd", ODD)
def test_odd_events_do_no_harm(odd: Event) -> None:
    assert text_in(read(odd, text("Hi", 9), ended())) == "Hi"


@pytest.mark.parametrize("data", ["[" * 100_000, "[]", "null", '"x"', "{"])
def test_what_is_no_event_is_counted_and_skipped(data: str) -> None:
    stream = responses()
    assert list(stream.feed(ServerEvent(data))) == []
    assert stream.log.bad_events == 1


def read_somehow(body: bytes) -> None:
    """Any bytes: an answer or a named problem."""
    reader, stream = SseReader(), responses()
    try:
        for found in [*reader.feed(body), *reader.finish()]:
            if isinstance(found, ServerEvent):
                list(stream.feed(found))
        list(stream.finish())
    except ProviderError as error:
        assert error.problem.title


NAMES = (
    *("type", "item", "item_id", "output_index", "content_index", "summary_index", "delta", "text", "refusal", "part"),
    *("id", "call_id", "name", "arguments", "content", "summary", "encrypted_content", "phase", "response", "status"),
    *("output", "usage", "error", "code", "message", "incomplete_details", "reason", "model", "input_tokens"),
)
KINDS = (
    *(
        "response.created",
        "response.completed",
        "response.incomplete",
        "response.failed",
        "error",
        "response.refusal.done",
    ),
    *(
        "response.output_item.added",
        "response.output_item.done",
        "response.output_text.delta",
        "response.refusal.delta",
    ),
    *(
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.reasoning_text.delta",
    ),
    *("message", "reasoning", "function_call", "output_text", "summary_text", "reasoning_text", "refusal"),
)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(KINDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)
EVENTS = st.dictionaries(st.sampled_from(NAMES), VALUE, max_size=6).flatmap(
    lambda document: st.sampled_from(KINDS).map(lambda kind: {**document, "type": kind})
)


@given(st.lists(EVENTS | VALUE, max_size=6))
def test_any_json_is_an_event_or_a_named_problem(documents: list[Any]) -> None:
    read_somehow(b"".join(b"data: " + json.dumps(document).encode() + b"\n\n" for document in documents))


@given(VALUE)
def test_any_json_is_a_whole_answer_or_a_named_problem(document: Any) -> None:
    try:
        list(responses().whole(document if isinstance(document, dict) else {"output": document}))
    except ProviderError as error:
        assert error.problem.title


@pytest.mark.parametrize("place", ["item_id", "content_index"])
def test_an_endless_answer_of_ever_new_pieces_keeps_few_of_them_in_mind(place: str) -> None:
    stream = responses()
    tracemalloc.start()
    for number in range(60_000):
        new = {"item_id": f"i{number}", "delta": ""} if place == "item_id" else {"content_index": number, "delta": "x"}
        list(stream.feed(ServerEvent(json.dumps({"type": "response.output_text.delta", "item_id": "a", **new}))))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 6 * 2**20  # all of them would be 7 or 28 MB
