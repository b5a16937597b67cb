"""Bytes to events: however they are cut, the events are the same."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers.wire.framing import (
    EventTooLarge,
    KeepAlive,
    LineSplitter,
    NdjsonReader,
    ServerEvent,
    SseReader,
)

LINE = st.text("abdt:é😀 \t", max_size=12)
FIELD = st.one_of(LINE, LINE.map("data: {}".format), LINE.map("event: {}".format), LINE.map(": {}".format), st.just(""))
END = st.sampled_from(["\n", "\r\n", "\r"])
STREAM = st.lists(st.tuples(FIELD, END), max_size=12).map(lambda lines: "".join(a + b for a, b in lines).encode())

BYTES = st.sampled_from([b"a", b"\n", b"\r", "\ufeff".encode(), "é😀".encode(), b"\xe2\x82", b"\x80", b"\xff"])


def read(stream: bytes, cuts: list[int]) -> list[ServerEvent | KeepAlive]:
    reader = SseReader()
    edges = [0, *sorted(cuts), len(stream)]
    events = [event for a, b in zip(edges, edges[1:], strict=False) for event in reader.feed(stream[a:b])]
    return events + reader.finish()


@given(STREAM, st.data())
def test_any_way_of_cutting_gives_the_same_events(stream: bytes, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=20))
    assert read(stream, cuts) == read(stream, []) == read(stream, list(range(len(stream))))


@given(st.lists(BYTES), st.integers(1, 5))
def test_lines_are_those_of_the_whole_also_where_characters_are_broken(parts: list[bytes], size: int) -> None:
    stream = b"".join(parts)
    splitter = LineSplitter()
    found = [line for at in range(0, len(stream), size) for line in splitter.feed(stream[at : at + size])]
    wanted = [line.decode("utf-8", "replace") for line in stream.splitlines()]
    assert found + splitter.finish() == [line.removeprefix("\ufeff") for line in wanted[:1]] + wanted[1:]


def test_every_cut_of_a_mixed_text_gives_the_whole() -> None:
    stream = "\ufeff: hi\r\ndata: é😀\r\ndata:b\n\nevent: error\rdata: {}\r\rdata: last".encode()
    wanted = [KeepAlive("hi"), ServerEvent("é😀\nb"), ServerEvent("{}", "error"), ServerEvent("last")]
    for cut in range(len(stream) + 1):
        assert read(stream, [cut]) == wanted


def test_an_event_is_given_out_as_soon_as_it_is_complete() -> None:
    reader = SseReader()
    assert reader.feed(b"data: a\r\n\r") == [ServerEvent("a")]
    assert reader.feed(b"\ndata: b\n\n") == [ServerEvent("b")]


def test_an_event_without_data_is_none() -> None:
    assert read(b"event: ping\n\n\n\nid: 4\n\n", []) == []


def test_a_document_outside_of_any_event_is_one() -> None:
    stream = b'data: 1\r\n\r\n{\r\n  "error": {\r\n    "data": 5\r\n  }\r\n}\r\n'
    wanted = [ServerEvent("1"), ServerEvent('{\n  "error": {\n    "data": 5\n  }\n}')]
    for cut in range(len(stream) + 1):
        assert read(stream, [cut]) == wanted
    assert read(b"[1]\n\ndata: 2\nno document\n{\n\n", []) == [ServerEvent("[1]"), ServerEvent("2")]


def test_bytes_that_are_no_text_do_not_stop_a_stream() -> None:
    assert read(b"data: \xff\xfe\n\n", []) == [ServerEvent("\ufffd\ufffd")]


def test_ten_megabytes_in_small_pieces_take_time_in_proportion() -> None:
    stream = b"data: " + b"x" * 10_000_000 + b"\n\n"
    began = time.process_time()
    reader = SseReader()
    events = [event for start in range(0, len(stream), 64) for event in reader.feed(stream[start : start + 64])]
    assert len(events) == 1
    assert time.process_time() - began < 2  # the quadratic way takes minutes; the bar itself is a benchmark


@pytest.mark.parametrize(
    "stream", [b"data: " + b"x" * 100, b"data: 1234567890\n" * 10, b": " + b"x" * 100, b"{\n" + b"1234567890\n" * 10]
)
def test_an_event_over_the_limit_is_refused_before_it_is_complete(stream: bytes) -> None:
    with pytest.raises(EventTooLarge):
        SseReader(limit=64).feed(stream)


def test_many_events_may_be_larger_than_the_limit_together() -> None:
    assert len(SseReader(limit=64).feed(b"data: 0123456789\n\n" * 100)) == 100


def test_lines_end_in_three_ways() -> None:
    assert LineSplitter().feed(b"a\nb\r\nc\rd") == ["a", "b", "c"]


@given(st.lists(st.sampled_from(['{"a": "é"}', "", "[1]"]), max_size=6), st.data())
def test_json_lines_are_the_same_however_they_are_cut(lines: list[str], data: st.DataObject) -> None:
    stream = "\n".join(lines).encode()
    cut = data.draw(st.integers(0, len(stream)))
    reader = NdjsonReader()
    found = reader.feed(stream[:cut]) + reader.feed(stream[cut:]) + reader.finish()
    assert [event for event in found if event != KeepAlive()] == [ServerEvent(line) for line in lines if line]
