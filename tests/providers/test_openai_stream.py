"""The stream of an OpenAI-like answer, in all the ways in which services write it."""

from __future__ import annotations

import itertools
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
from nuke_ai_panel.providers.openai_chat.quirks import ChatQuirks
from nuke_ai_panel.providers.openai_chat.stream import ChatStream
from nuke_ai_panel.providers.redact import Redactor

SERVICE = Service("x", "X", "x.example")
Chunk = dict[str, Any]


def chat(limit: int = 2**23, quirks: ChatQuirks | None = None, context: int | None = None) -> ChatStream:
    return ChatStream(Asked(SERVICE, Redactor(), "asked", limit, context), quirks)


def read(*chunks: Chunk | str, quirks: ChatQuirks | None = None) -> list[StreamEvent]:
    stream = chat(quirks=quirks)
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


def reasoning_in(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, ReasoningDelta))


def in_pieces(text: str, cuts: list[int]) -> list[str]:
    """The text, cut at these places."""
    edges = sorted({cut % (len(text) + 1) for cut in cuts} | {0, len(text)})
    return [text[start:end] for start, end in itertools.pairwise(edges)]


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


CUTS = st.lists(st.integers(0, 200), max_size=12)
PLAIN = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(PLAIN, PLAIN, CUTS)
def test_thoughts_at_the_beginning_of_the_text_are_reasoning_wherever_they_are_cut(
    thought: str, text: str, cuts: list[int]
) -> None:
    thought = thought.replace("</think>", "")
    pieces = in_pieces(f"\n<think>{thought}</think>\n\n{text}", cuts)
    events = read(*(delta(content=piece) for piece in pieces), call("{}", id="a", name="f"), delta("stop"))
    assert reasoning_in(events) == thought.lstrip()
    assert text_in(events) == text.lstrip()


@given(PLAIN.filter(lambda text: not text.lstrip().startswith("<think>")), CUTS)
def test_text_without_thoughts_is_text_wherever_it_is_cut(text: str, cuts: list[int]) -> None:
    events = read(*(delta(content=piece) for piece in in_pieces(text, cuts)), call("{}", id="a"), delta("stop"))
    assert (text_in(events), reasoning_in(events)) == (text, "")


@pytest.mark.parametrize("text", ["a <think>b</think>", "<thinking>", "< think>", "<th", "<", " " * 500, "</think>x"])
def test_what_only_looks_like_a_thought_is_text(text: str) -> None:
    assert text_in(read(*(delta(content=letter) for letter in text), delta("stop"))) == text


def test_a_thought_without_an_end_is_reasoning_to_the_last_letter() -> None:
    events = read(delta(content="<think>Hm </thi"), call("{}", id="a", name="f"), delta("stop"))
    assert (reasoning_in(events), text_in(events)) == ("Hm </thi", "")


def test_a_mark_after_reasoning_of_its_own_field_is_text() -> None:
    events = read(delta(reasoning="Hm"), delta("stop", content="<think> is a mark"))
    assert (reasoning_in(events), text_in(events)) == ("Hm", "<think> is a mark")


@given(PLAIN, CUTS)
def test_characters_that_are_cut_in_two_are_joined(text: str, cuts: list[int]) -> None:
    written = f"😀{text}🎬"
    units = [written.encode("utf-16-le")[at : at + 2] for at in range(0, len(written.encode("utf-16-le")), 2)]
    halves = [unit.decode("utf-16-le", "surrogatepass") for unit in units]
    edges = sorted({cut % (len(halves) + 1) for cut in cuts} | {0, len(halves)})
    pieces = ["".join(halves[start:end]) for start, end in itertools.pairwise(edges)]
    said = [delta(content=piece) for piece in pieces]
    thought = [delta(reasoning=piece) for piece in pieces]
    called = [call("", index=0, id="a", name="f"), *(call(piece, index=0) for piece in pieces)]
    events = read(*thought, *said, *called, delta("stop"))
    assert (text_in(events), reasoning_in(events)) == (written, written)
    assert calls_in(events)[0].arguments == written


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["a\ud83d"], "a\ufffd"),
        (["\ude00b"], "\ufffdb"),
        (["\ud83d", "x"], "\ufffdx"),
        (["\ud83d", "\ud83d\ude00"], "\ufffd😀"),
        (["a\ud83d", "\ude00b"], "a😀b"),
    ],
)
def test_half_a_character_alone_is_replaced(pieces: list[str], text: str) -> None:
    events = read(*(delta(content=piece) for piece in pieces), delta("stop"))
    assert text_in(events) == text
    odd = call("\ud83d", index=0, id="\ud83d", name="\ud83d")
    (made,) = calls_in(read(odd, {**delta("stop"), "model": "\ud83d", "id": "\ude00"}))
    assert made == ToolCall("\ufffd", "\ufffd", "\ufffd")


OPENROUTER = ChatQuirks(reasoning_details="openrouter")


def detail(kind: str, index: int | None = 0, **fields: Any) -> Chunk:
    return {"type": f"reasoning.{kind}", "index": index, **fields}


def test_reasoning_that_is_wanted_back_is_kept_in_its_order() -> None:
    summary, secret = detail("summary", 0, summary="Plan"), detail("encrypted", 1, data="AAA=", id="r1")
    events = read(
        delta(reasoning_details=[summary]),
        delta(reasoning_details=[secret]),
        call("{}", index=0, id="a", name="f"),
        delta("tool_calls"),
        quirks=OPENROUTER,
    )
    assert reasoning_in(events) == "Plan"
    kept = [event.part for event in events if isinstance(event, ReasoningOpaque)]
    assert kept == [Opaque("openrouter", [summary, secret])]
    assert events.index(ReasoningOpaque(kept[0])) < events.index(ToolCallReady(0, ToolCall("a", "f", "{}")))


def test_the_pieces_of_one_thought_become_one_again() -> None:
    pieces = [
        detail("text", text="Let", format="x", signature=None),
        detail("text", text=" me", format="x"),
        detail("text", signature="sig"),
        detail("text", 1, text="Next"),
    ]
    events = read(
        *(delta(reasoning_details=[piece]) for piece in pieces), delta("stop", content="Hi"), quirks=OPENROUTER
    )
    (kept,) = [event.part.data for event in events if isinstance(event, ReasoningOpaque)]
    whole = detail("text", text="Let me", format="x", signature="sig")
    assert kept == [whole, detail("text", 1, text="Next")]
    assert reasoning_in(events) == "Let meNext"


def test_reasoning_that_comes_twice_is_told_once() -> None:
    twice = delta(reasoning="Hm", reasoning_details=[detail("text", text="Hm")])
    assert reasoning_in(read(twice, delta("stop", content="Hi"), quirks=OPENROUTER)) == "Hm"


def test_nobody_else_keeps_what_only_a_gateway_understands() -> None:
    events = read(delta(reasoning_details=[detail("text", text="Hm")]), delta("stop", content="Hi"))
    assert not any(isinstance(event, ReasoningOpaque) for event in events) and reasoning_in(events) == "Hm"


def test_more_than_an_answer_may_hold_is_not_kept_to_be_sent_back() -> None:
    stream = chat(1000, OPENROUTER)
    for _ in range(50):
        list(stream.feed(ServerEvent(json.dumps(delta(reasoning_details=[detail("encrypted", data="x" * 100)])))))
    list(stream.feed(ServerEvent(json.dumps(delta("stop", content="Hi")))))
    assert not any(isinstance(event, ReasoningOpaque) for event in stream.finish())


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
