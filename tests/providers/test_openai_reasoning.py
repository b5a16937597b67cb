"""What a model thinks, wherever services put it: fields, parts, marks in the text, and what they want back."""

from __future__ import annotations

import itertools
import json
import tracemalloc
from typing import Any

import pytest
from chat_reading import Chunk, call, calls_in, chat, delta, in_pieces, read, reasoning_in, text_in
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers.messages import (
    Opaque,
    ReasoningDelta,
    ReasoningOpaque,
    TextDelta,
    ToolCall,
    ToolCallReady,
)
from nuke_ai_panel.providers.openai_chat.details import ReasoningDetails
from nuke_ai_panel.providers.openai_chat.quirks import ChatQuirks
from nuke_ai_panel.providers.wire.framing import ServerEvent


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


def test_pieces_that_say_nothing_are_kept_up_to_a_limit() -> None:
    details = ReasoningDetails(2**20)
    tracemalloc.start()
    for _ in range(10):
        details.add([{}] * 50_000)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 16 * 2**20
    assert details.whole() == []


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


def test_lists_of_parts_are_read_as_reasoning_and_text() -> None:
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]
    events = read(delta(content=thinking), delta("stop", content=[{"type": "text", "text": "4"}]))
    assert events[1:3] == [ReasoningDelta("Hm"), TextDelta("4")]
