"""The stream of a Gemini answer, in all the ways in which Google writes it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from dialects.gemini import error, event, response
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers.answers.reader import MOST_BAD_EVENTS, Asked
from nuke_ai_panel.providers.errors import ProviderError, Service
from nuke_ai_panel.providers.gemini.stream import GeminiStream
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
from nuke_ai_panel.providers.wire.framing import ServerEvent, SseReader

Json = dict[str, Any]
SERVICE = Service("gemini", "Google Gemini", "x.example")


def stream(limit: int = 2**23) -> GeminiStream:
    return GeminiStream(Asked(SERVICE, Redactor(), "asked", limit))


def read(*responses: Json) -> list[StreamEvent]:
    reader = stream()
    events: list[StreamEvent] = []
    for document in responses:
        events += reader.feed(ServerEvent(json.dumps(document)))
    return events + list(reader.finish())


def end(finish: str = "STOP", **more: Any) -> Json:
    return response({"text": ""}, finish=finish, **more)


def call(name: str | None = None, **piece: Any) -> Json:
    return response({"functionCall": piece if name is None else {"name": name, **piece}})


def piece(path: str, going_on: bool = True, **value: Any) -> Json:
    return call(partialArgs=[{"jsonPath": path, **value}], willContinue=going_on)


def text_in(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def calls_in(events: list[StreamEvent]) -> list[ToolCall]:
    return [event.call for event in events if isinstance(event, ToolCallReady)]


def problem_of(*responses: Json) -> str:
    with pytest.raises(ProviderError) as raised:
        read(*responses)
    return raised.value.problem.kind


class TestWhatIsSaid:
    def test_an_answer_starts_tells_and_finishes(self) -> None:
        assert read(response({"text": "Hel"}), response({"text": "lo"}), end()) == [
            Started("tiny", "r1"),
            TextDelta("Hel"),
            TextDelta("lo"),
            Finished("stop", "STOP"),
        ]

    def test_text_and_the_end_may_come_at_once(self) -> None:
        assert text_in(read(response({"text": "Hello"}, finish="STOP"))) == "Hello"

    def test_who_answers_is_the_one_that_was_asked_if_nobody_says(self) -> None:
        assert read({"candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": "STOP"}]})[0] == Started(
            "asked"
        )

    def test_thoughts_are_reasoning_and_not_text(self) -> None:
        events = read(response({"text": "Hm.", "thought": True}, {"text": "Hello"}), end())
        assert events[1:3] == [ReasoningDelta("Hm."), TextDelta("Hello")]

    def test_what_comes_after_the_end_is_read_too(self) -> None:
        events = read(response({"text": "Hel"}, finish="STOP"), response({"text": "lo"}))
        assert text_in(events) == "Hello" and events[-1] == Finished("stop", "STOP")

    def test_parts_of_other_kinds_say_nothing(self) -> None:
        other = {"executableCode": {"code": "1"}}, {"inlineData": {"data": "AAA="}}, {"videoMetadata": {}}, {}
        assert read(response(*other, {"text": "x"}), end())[1:-1] == [TextDelta("x")]

    def test_only_the_first_candidate_is_read(self) -> None:
        document = end()
        document["candidates"] = [*response({"text": "one"})["candidates"], *response({"text": "two"})["candidates"]]
        assert text_in(read(document, end())) == "one"

    def test_half_a_character_is_no_character(self) -> None:
        events = read(
            response({"text": "a\ud83d"}, {"functionCall": {"name": "f\ud83d", "args": {"a": "\udc00"}}}), end()
        )
        assert text_in(events) == "a\ufffd"
        assert calls_in(events) == [ToolCall("call_1", "f\ufffd", '{"a": "\ufffd"}')]


class TestTokens:
    def test_counts_are_of_the_whole_answer_and_the_last_ones_count(self) -> None:
        usage = {"promptTokenCount": 9, "candidatesTokenCount": 13, "thoughtsTokenCount": 302}
        last = {**usage, "candidatesTokenCount": "23", "cachedContentTokenCount": 4}
        events = read(response({"text": "x"}, usageMetadata=usage), end(usageMetadata=last))
        assert [event for event in events if isinstance(event, UsageReported)] == [UsageReported(Usage(9, 325, 302, 4))]

    def test_what_only_an_earlier_event_said_is_kept(self) -> None:
        first, last = {"promptTokenCount": 9}, {"candidatesTokenCount": 2}
        events = read(response({"text": "x"}, usageMetadata=first), end(usageMetadata=last))
        assert UsageReported(Usage(input=9, output=2)) in events

    def test_thoughts_alone_are_output_too(self) -> None:
        events = read(response({"text": "x"}), end(usageMetadata={"thoughtsTokenCount": 5}))
        assert UsageReported(Usage(output=5, reasoning=5)) in events

    def test_nothing_is_counted_if_nobody_counts(self) -> None:
        events = read(response({"text": "x"}), end(usageMetadata={"trafficType": "ON_DEMAND"}))
        assert not any(isinstance(event, UsageReported) for event in events)


class TestCalls:
    def test_a_call_comes_whole_and_is_a_reason_to_end(self) -> None:
        events = read(call("find", id="a1", args={"city": "Oslo"}), end())
        assert events[1:] == [
            ToolCallStarted(0, "a1", "find"),
            ToolCallDelta(0, '{"city": "Oslo"}'),
            ToolCallReady(0, ToolCall("a1", "find", '{"city": "Oslo"}')),
            Finished("tool_calls", "STOP"),
        ]

    def test_calls_side_by_side_get_ids_and_keep_their_order(self) -> None:
        parts = [{"functionCall": {"name": name, "args": {"n": name}}} for name in "ab"]
        assert calls_in(read(response(*parts), call("c"), end())) == [
            ToolCall("call_1", "a", '{"n": "a"}'),
            ToolCall("call_2", "b", '{"n": "b"}'),
            ToolCall("call_3", "c", "{}"),
        ]

    @pytest.mark.parametrize("args", [None, {}, ""])
    def test_no_arguments_are_an_empty_object(self, args: Any) -> None:
        assert calls_in(read(call("f", args=args), end())) == [ToolCall("call_1", "f", "{}")]

    def test_arguments_in_pieces_are_told_as_they_come(self) -> None:
        events = read(
            call("f", willContinue=True),
            piece("$.city", stringValue="Os", willContinue=True),
            piece("$.city", stringValue="lo", willContinue=True),
            piece("$.city", stringValue=""),
            piece("$.days", numberValue=3),
            call(),
            end(),
        )
        told = [event.text for event in events if isinstance(event, ToolCallDelta)]
        assert told == ['{"city":"Os', "lo", '"', ',"days":3', "}"]
        assert calls_in(events) == [ToolCall("call_1", "f", "".join(told))]

    def test_a_call_in_pieces_is_over_before_the_next_one_begins(self) -> None:
        events = read(
            call("f", willContinue=True), piece("$.a", boolValue=True), call("g", id="x", args={"b": 1}), call(), end()
        )
        assert calls_in(events) == [ToolCall("call_1", "f", '{"a":true}'), ToolCall("x", "g", '{"b": 1}')]

    def test_a_name_that_is_repeated_with_its_id_is_the_same_call(self) -> None:
        begun = call("f", id="a", willContinue=True)
        more = call("f", id="a", partialArgs=[{"jsonPath": "$.n", "numberValue": 1}])
        assert calls_in(read(begun, more, end())) == [ToolCall("a", "f", '{"n":1}')]

    def test_a_call_that_nobody_closed_is_over_when_the_model_is_done(self) -> None:
        events = read(call("f", willContinue=True), piece("$.a.b[0]", stringValue="x", willContinue=True), end())
        assert calls_in(events) == [ToolCall("call_1", "f", '{"a":{"b":["x"]}}')]

    @pytest.mark.parametrize(("finish", "reason"), [("MAX_TOKENS", "length"), ("SAFETY", "content_filter")])
    def test_half_a_call_stays_broken_off_and_cannot_be_run(self, finish: str, reason: str) -> None:
        events = read(call("f", willContinue=True), piece("$.a", stringValue="rm", willContinue=True), end(finish))
        assert calls_in(events) == [ToolCall("call_1", "f", '{"a":"rm')]
        assert events[-1] == Finished(reason, finish)  # type: ignore[arg-type]

    def test_calls_are_a_reason_to_end_also_with_a_word_that_nobody_knows(self) -> None:
        assert read(call("f"), end("NEW"))[-1] == Finished("tool_calls", "NEW")

    def test_an_end_of_a_call_that_never_began_is_none(self) -> None:
        assert calls_in(read(call(), response({"text": "x"}), call(), end())) == []

    def test_a_call_without_a_name_goes_on_for_the_caller_to_refuse(self) -> None:
        assert calls_in(read(call(args={"a": 1}), end())) == [ToolCall("call_1", "", '{"a": 1}')]

    def test_arguments_nested_too_deeply_are_no_json(self) -> None:
        deep = '{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"a":%s}}}]}}]}'
        for depth in range(700, 1000, 20):
            reader = stream()
            list(reader.feed(ServerEvent(deep % ("[" * depth + "]" * depth))))


class TestPaths:
    """Arguments as values with their paths."""

    @pytest.mark.parametrize(
        ("pieces", "wanted"),
        [
            ([("$.a", 1), ("$.b", 2)], {"a": 1, "b": 2}),
            ([("$.a.b", 1), ("$.a.c.d", 2), ("$.e", 3)], {"a": {"b": 1, "c": {"d": 2}}, "e": 3}),
            ([("$.a[0]", 1), ("$.a[1]", 2)], {"a": [1, 2]}),
            ([("$.a[0].x", 1), ("$.a[0].y", 2), ("$.a[1].x", 3)], {"a": [{"x": 1, "y": 2}, {"x": 3}]}),
            ([("$.a[0][0]", 1), ("$.a[0][1]", 2), ("$.a[1][0]", 3)], {"a": [[1, 2], [3]]}),
            ([("$['a b']", 1), ('$["c.d"][0]', 2), ("$.é", 3)], {"a b": 1, "c.d": [2], "é": 3}),
            ([("$.a", None), ("$.b", True), ("$.c", 'q"\n')], {"a": None, "b": True, "c": 'q"\n'}),
        ],
    )
    def test_values_find_their_place(self, pieces: list[tuple[str, Any]], wanted: Json) -> None:
        kinds = {int: "numberValue", bool: "boolValue", str: "stringValue", type(None): "nullValue"}
        parts = [piece(path, **{kinds[type(value)]: value}) for path, value in pieces]
        (made,) = calls_in(read(call("f", willContinue=True), *parts, call(), end()))
        assert json.loads(made.arguments) == wanted

    @pytest.mark.parametrize(
        "path",
        ["", "$", "$.", "a", "$[0]", "$.a.b", "$.a[0]", "$.a", "$..x", "$.x[y]", "$" + ".x" * 100, "$.x[99999999999]"],
    )
    def test_a_value_without_a_place_is_left_out(self, path: str) -> None:
        pieces = [piece("$.a", numberValue=1), piece(path, numberValue=2), piece("$.z", numberValue=3)]
        (made,) = calls_in(read(call("f", willContinue=True), *pieces, call(), end()))
        assert json.loads(made.arguments) == {"a": 1, "z": 3}

    @pytest.mark.parametrize("value", [{"numberValue": [[1]]}, {"stringValue": {"a": 1}}, {"other": 1}, {}])
    def test_a_value_of_no_kind_is_left_out(self, value: Json) -> None:
        pieces = [piece("$.a", numberValue=1), piece("$.b", **value), piece("$.z", numberValue=3)]
        (made,) = calls_in(read(call("f", willContinue=True), *pieces, call(), end()))
        assert json.loads(made.arguments) == {"a": 1, "z": 3}

    def test_a_string_that_another_value_ends_is_over(self) -> None:
        pieces = [piece("$.a", stringValue="x", willContinue=True), piece("$.b", numberValue=1)]
        (made,) = calls_in(read(call("f", willContinue=True), *pieces, call(), end()))
        assert json.loads(made.arguments) == {"a": "x", "b": 1}


class TestTheEnd:
    @pytest.mark.parametrize(
        "word",
        ["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "MODEL_ARMOR", "IMAGE_SAFETY"],
    )
    def test_an_answer_that_is_withheld_is_a_refusal_and_no_error(self, word: str) -> None:
        assert read({"candidates": [{"finishReason": word, "index": 0}]})[-1] == Finished("content_filter", word)

    def test_a_question_that_is_blocked_is_a_refusal_and_no_error(self) -> None:
        blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 7}}
        assert read(blocked) == [
            Started("asked"),
            UsageReported(Usage(input=7)),
            Finished("content_filter", "PROHIBITED_CONTENT"),
        ]

    def test_feedback_without_a_reason_blocks_nothing(self) -> None:
        assert read({"promptFeedback": {"safetyRatings": []}}, response({"text": "x"}), end())[-1].reason == "stop"  # type: ignore[union-attr]

    @pytest.mark.parametrize(("word", "reason"), [("MAX_TOKENS", "length"), ("OTHER", "unknown"), ("NEW", "unknown")])
    def test_the_word_for_the_end_is_kept(self, word: str, reason: Any) -> None:
        assert read(response({"text": "x"}), end(word))[-1] == Finished(reason, word)

    def test_an_answer_at_its_limit_may_be_without_a_word(self) -> None:
        assert read(end("MAX_TOKENS"))[-1] == Finished("length", "MAX_TOKENS")

    @pytest.mark.parametrize(
        "word",
        ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE"],
    )
    def test_an_end_that_is_no_answer_is_an_error_in_words_and_is_paid_for(self, word: str) -> None:
        reader = stream()
        last = {"candidates": [{"finishReason": word, "finishMessage": "x("}], "usageMetadata": {"promptTokenCount": 3}}
        assert list(reader.feed(ServerEvent(json.dumps(last)))) == []
        told = reader.finish()
        assert [next(told), next(told)] == [Started("asked"), UsageReported(Usage(input=3))]
        with pytest.raises(ProviderError) as raised:
            next(told)
        problem = raised.value.problem
        assert problem.kind == "stream_error" and "did not say why" not in problem.why
        assert problem.detail == f"{word}\nx("
        assert problem.should_retry is (word != "MISSING_THOUGHT_SIGNATURE")

    @pytest.mark.parametrize(
        "responses",
        [[], [response({"text": "Hi"})], [call("f", args={})], [{"candidates": []}], [{"usageMetadata": {}}]],
    )
    def test_an_end_without_a_reason_is_a_cut(self, responses: list[Json]) -> None:
        assert problem_of(*responses) == "stream_cut"

    @pytest.mark.parametrize(
        "last",
        [end(), response(finish="STOP"), response({"text": "", "thoughtSignature": "s"}, finish="STOP"), end("OTHER")],
    )
    def test_an_end_without_a_word_is_an_empty_answer(self, last: Json) -> None:
        assert problem_of(last) == "empty_answer"

    def test_thoughts_are_no_answer(self) -> None:
        assert problem_of(response({"text": "Hm.", "thought": True}), end()) == "empty_answer"

    def test_it_is_finished_with_the_reason_and_done_when_nothing_more_comes(self) -> None:
        reader = stream()
        list(reader.feed(ServerEvent(json.dumps(response({"text": "x"})))))
        assert not reader.finished
        list(reader.feed(ServerEvent(json.dumps(end()))))
        assert reader.finished and not reader.done
        list(reader.finish())
        assert reader.done

    def test_an_answer_in_one_piece_is_an_answer(self) -> None:
        told = list(stream().whole(response({"text": "Hello"}, finish="STOP")))
        assert told == [Started("tiny", "r1"), TextDelta("Hello"), Finished("stop", "STOP")]


class TestInteractions:
    """The events of Google's other API, of which there are recordings."""

    def happens(self, kind: str, **more: Any) -> Json:
        return {"event_type": kind, **more}

    def ends(self, status: str, **usage: int) -> Json:
        return self.happens("interaction.completed", interaction={"status": status, "usage": usage})

    def test_steps_and_their_deltas_are_an_answer(self) -> None:
        about = {"id": "i1", "model": "gemini-x", "status": "in_progress"}
        summary = {"type": "thought_summary", "content": {"type": "text", "text": "Hm."}}
        usage = {"total_input_tokens": 7, "total_output_tokens": 2, "total_thought_tokens": 5, "total_cached_tokens": 1}
        events = read(
            self.happens("interaction.created", interaction=about),
            self.happens("step.start", step={"type": "thought"}),
            self.happens("step.delta", delta=summary),
            self.happens("step.delta", delta={"type": "thought_signature", "signature": "s"}),
            self.happens("step.stop"),
            self.happens("step.delta", delta={"type": "text", "text": "Hello"}),
            self.happens("step.stop"),
            self.ends("completed", **usage),
        )
        assert events == [
            Started("gemini-x", "i1"),
            ReasoningDelta("Hm."),
            ReasoningOpaque(Opaque("gemini", {"signed": "thought", "length": 0, "signature": "s"})),
            TextDelta("Hello"),
            UsageReported(Usage(7, 7, 5, 1)),
            Finished("stop", "completed"),
        ]

    def test_a_call_is_put_together_from_its_step(self) -> None:
        step = {"type": "function_call", "id": "c1", "name": "f", "arguments": {}, "signature": "s"}
        more = [{"type": "arguments_delta", "arguments": text} for text in ('{"a"', ": 1}")]
        deltas = [self.happens("step.delta", delta=delta) for delta in more]
        events = read(
            self.happens("step.start", step=step), *deltas, self.happens("step.stop"), self.ends("requires_action")
        )
        assert calls_in(events) == [ToolCall("c1", "f", '{"a": 1}')]
        assert events[-1] == Finished("tool_calls", "requires_action")

    def test_an_error_and_a_limit_are_told(self) -> None:
        assert problem_of(self.happens("error", error={"code": 503, "message": "x"})) == "overloaded"
        said = self.happens("step.delta", delta={"type": "text", "text": "Hel"})
        assert read(said, self.ends("incomplete"))[-1] == Finished("length", "incomplete")
        assert problem_of(said) == "stream_cut"


class TestTrouble:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [(429, "rate_limited"), (503, "overloaded"), (504, "timeout_silence"), (500, "stream_error")],
    )
    @pytest.mark.parametrize("in_a_list", [False, True])
    def test_an_error_in_the_stream_is_told_with_googles_words(self, status: int, kind: str, in_a_list: bool) -> None:
        reader, said = stream(), error(status, "boom")
        list(reader.feed(ServerEvent(json.dumps(response({"text": "Hel"})))))
        with pytest.raises(ProviderError) as raised:
            list(reader.feed(ServerEvent(json.dumps([said] if in_a_list else said))))
        assert raised.value.problem.kind == kind and "boom" in raised.value.problem.detail

    def test_an_error_outside_of_any_event_is_read_however_it_is_cut(self) -> None:
        bare = json.dumps([error(503, "The model is overloaded.")], indent=2).replace("\n", "\r\n").encode()
        body = event(response({"text": "Hel"})) + bare
        for cut in range(len(body)):
            text, kind = heard(body, cut)
            assert (text, kind) == ("Hel", "overloaded")

    def test_an_endless_answer_ends_at_its_limit(self) -> None:
        for document in (
            response({"text": "x" * 50}),
            response({"text": "x" * 50, "thought": True}),
            response({"text": "", "thoughtSignature": "x" * 50}),
            call("f"),
            call("f", args={"a": "x" * 50}),
            piece("$.a", stringValue="x" * 50, willContinue=True),
        ):
            reader = stream(limit=5000)
            with pytest.raises(ProviderError) as raised:
                for _ in range(5000):
                    list(reader.feed(ServerEvent(json.dumps(document))))
            assert raised.value.problem.kind == "answer_too_large"

    @pytest.mark.parametrize("data", ["[" * 100_000, "5" * 5_000, "[]", "[{}, {}]", "null", '"x"', "{"])
    def test_what_is_no_event_is_skipped_until_there_is_too_much_of_it(self, data: str) -> None:
        reader = stream()
        for _ in range(MOST_BAD_EVENTS - 1):
            assert list(reader.feed(ServerEvent(data))) == []
        with pytest.raises(ProviderError) as raised:
            list(reader.feed(ServerEvent(data)))
        assert raised.value.problem.kind == "not_an_api"

    @pytest.mark.parametrize(
        "odd",
        [
            {"candidates": None},
            {"candidates": [None, 5]},
            {"candidates": [{"content": None, "finishReason": None}]},
            {"candidates": [{"content": {"parts": [None, 5, {"text": 5}, {"functionCall": None}]}}]},
            {"candidates": [{"content": {"parts": {"text": "no list"}}}], "usageMetadata": "many"},
            {"candidates": [{"content": {"parts": [{"thought": True}]}}], "usageMetadata": {"promptTokenCount": -1}},
            {"promptFeedback": None, "modelVersion": None, "responseId": 5},
            {"event_type": "some.new.event", "step": None, "delta": [], "interaction": "x"},
            {},
        ],
    )
    def test_odd_events_do_no_harm(self, odd: Json) -> None:
        assert read(odd, response({"text": "Hi"}), end())[1:] == [TextDelta("Hi"), Finished("stop", "STOP")]


# Recorded traffic of the real service.


def _recorded() -> list[Path]:
    return sorted((Path(os.environ.get("NUKE_AI_PANEL_TEST_DATA", "/nonexistent")) / "streams").glob("google__*"))


def _documents(path: Path) -> list[Json]:
    """The events, cut without our own reader."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def flat(value: Any, path: str = "$") -> Json:
    """The values of a document by their paths."""
    if isinstance(value, dict):
        return {at: leaf for name, inner in value.items() for at, leaf in flat(inner, f"{path}.{name}").items()}
    if isinstance(value, list):
        return {at: leaf for place, inner in enumerate(value) for at, leaf in flat(inner, f"{path}[{place}]").items()}
    return {path: value}


class Accumulator:
    """The text, thoughts, calls and end of a recording, by the shortest way that is not ours."""

    def __init__(self, documents: list[Json]) -> None:
        self.text, self.thoughts, self.finish = "", "", ""
        self.signatures: list[str] = []
        self.calls: list[tuple[str, Json]] = []
        self._arguments = ""
        for document in documents:
            if "event_type" in document:
                self._interaction(document)
            else:
                self._response(document)

    def _response(self, document: Json) -> None:
        for candidate in document.get("candidates", []):
            self.finish = candidate.get("finishReason", self.finish)
            for part in candidate.get("content", {}).get("parts", []):
                if part.get("thought"):
                    self.thoughts += part["text"]
                else:
                    self.text += part.get("text", "")
                self.signatures += [part["thoughtSignature"]] if "thoughtSignature" in part else []
                self._call(part.get("functionCall", {}))

    def _call(self, piece: Json) -> None:
        if "name" in piece:
            self.calls.append((piece["name"], flat(piece.get("args", {}))))
        for value in piece.get("partialArgs", []):
            found, path = self.calls[-1][1], value["jsonPath"]
            found[path] = value["numberValue"] if "numberValue" in value else found.get(path, "") + value["stringValue"]

    def _interaction(self, document: Json) -> None:
        step, delta = document.get("step", {}), document.get("delta", {})
        if step.get("type") == "function_call":
            self.calls.append((step["name"], {}))
        if "arguments" in delta:
            self._arguments += delta["arguments"]
            self.calls[-1][1].update(flat(json.loads(self._arguments)))
        if delta.get("type") == "text":
            self.text += delta["text"]
        self.signatures += [delta["signature"]] if "signature" in delta else []
        self.finish = document.get("interaction", {}).get("status", self.finish)


@pytest.mark.skipif(not _recorded(), reason="NUKE_AI_PANEL_TEST_DATA is not set")
@pytest.mark.parametrize("path", _recorded(), ids=lambda path: path.name)
def test_a_recorded_stream_gives_what_is_in_it(path: Path) -> None:
    documents = _documents(path)
    body = b"".join(event(document) for document in documents)
    framing, reader = SseReader(), stream()
    events: list[StreamEvent] = []
    for start in range(0, len(body), 777):
        for part in framing.feed(body[start : start + 777]):
            assert isinstance(part, ServerEvent)
            events += reader.feed(part)
    events += reader.finish()
    simple = Accumulator(documents)
    assert reader.log.bad_events == 0
    assert isinstance(events[0], Started) and events[0].model.startswith("gemini-")
    assert text_in(events) == simple.text
    assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == simple.thoughts
    assert [(made.name, flat(json.loads(made.arguments))) for made in calls_in(events)] == simple.calls
    assert [said["signature"] for said in _opaque(events)] == simple.signatures
    assert events[-1] == Finished("tool_calls" if simple.calls else "stop", simple.finish)
    assert sum(isinstance(event, UsageReported) for event in events) == 1


def _opaque(events: list[StreamEvent]) -> list[Any]:
    return [event.part.data for event in events if isinstance(event, ReasoningOpaque)]


def heard(body: bytes, *cuts: int) -> tuple[str, str]:
    """The text of a stream that comes in these pieces, and the kind of its problem."""
    framing, reader = SseReader(), stream()
    edges = [0, *sorted(cuts), len(body)]
    found = [part for a, b in zip(edges, edges[1:], strict=False) for part in framing.feed(body[a:b])]
    events: list[StreamEvent] = []
    try:
        for part in [*found, *framing.finish()]:
            if isinstance(part, ServerEvent):
                events.extend(reader.feed(part))
        events.extend(reader.finish())
    except ProviderError as problem:
        assert problem.problem.title and problem.problem.kind
        return text_in(events), problem.problem.kind
    return text_in(events), ""


@given(st.text(max_size=30).filter(lambda text: text.isprintable() and text), st.data())
def test_any_text_cut_anywhere_stays_itself(text: str, data: st.DataObject) -> None:
    body = event(response({"text": text}, finish="STOP"))
    assert heard(body, *data.draw(st.lists(st.integers(0, len(body)), max_size=8))) == (text, "")


NAMES = (
    "candidates content parts text thought thoughtSignature functionCall name id args partialArgs jsonPath stringValue"
    " numberValue willContinue finishReason finishMessage promptFeedback blockReason usageMetadata promptTokenCount"
    " modelVersion error code status details event_type step delta type signature arguments interaction usage"
).split()
VALUES = st.sampled_from(["STOP", "SAFETY", "$.a[0].b", "$['x']", "step.delta", "step.start", "function_call", "text"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=20,
)
PART = st.dictionaries(st.sampled_from(NAMES[3:7]), JSON, max_size=3) | st.fixed_dictionaries(
    {"functionCall": st.dictionaries(st.sampled_from(NAMES[7:14]), JSON, max_size=4)}
)


@given(st.lists(JSON | PART.map(lambda part: response(part)), max_size=4))
def test_any_json_is_an_event_or_a_named_problem(documents: list[Any]) -> None:
    heard(b"".join(map(event_of_any, documents)) + event(end()))


def event_of_any(document: Any) -> bytes:
    """One event, also of text that no file could hold."""
    return b"data: " + json.dumps(document).encode() + b"\r\n\r\n"


PATH = st.lists(st.sampled_from([".a", ".b", "[0]", "[1]", "['c d']"]), min_size=1, max_size=4).map(
    lambda steps: "$" + "".join(steps)
)
PIECE = st.fixed_dictionaries(
    {"jsonPath": PATH},
    optional={"stringValue": st.text(max_size=4), "numberValue": st.integers(), "willContinue": st.booleans()},
)


@given(st.lists(PIECE, max_size=12))
def test_arguments_in_any_pieces_are_an_object(pieces: list[Json]) -> None:
    parts = [call(partialArgs=[part], willContinue=True) for part in pieces]
    (made,) = calls_in(read(call("f", willContinue=True), *parts, call(), end()))
    assert isinstance(json.loads(made.arguments), dict)
