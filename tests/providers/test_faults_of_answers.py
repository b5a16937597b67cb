"""The faults of answers, in each wire format: what is told, what is kept, and that nothing is left.

Rows of the list of faults are named in brackets. What one format alone does wrong has tests of its own.
"""

from __future__ import annotations

import gzip
import time

import pytest
from dialect import Dialect
from fault_server import (
    Call,
    garbage_status_line,
    head,
    never_answers,
    web_page,
)
from met import begins, meet, serves, streams
from nuke_ai_panel.providers.limits import Limits


class TestTheAnswer:
    async def test_it_never_comes(self, dialect: Dialect) -> None:
        """[N9]"""
        assert (await meet(dialect, never_answers)).kind == "timeout_silence"

    async def test_bytes_drip_and_make_no_event(self, dialect: Dialect) -> None:
        """[N10]"""

        async def drip(call: Call) -> None:
            while not call.gone.is_set():
                await call.part(b"x")
                await call.pause(0.02)

        met = await meet(dialect, begins(dialect, "Hel", then=drip))
        assert (met.text, met.kind) == ("Hel", "timeout_silence")

    async def test_it_is_long_and_healthy(self, dialect: Dialect) -> None:
        """[N11] Each silence is shorter than what is allowed, and all of them together are longer."""
        first, *rest = dialect.stream(*["a"] * 12)

        async def answer(call: Call) -> None:
            await call.begin(dialect.content_type)
            for event in (first, *rest):
                await call.part(event)
                await call.pause(0.03)
            await call.end()

        assert (await meet(dialect, serves(dialect, answer))).text == "a" * 12

    async def test_it_says_that_it_is_alive(self, dialect: Dialect) -> None:
        """[N10] Where the format can."""
        if not dialect.keep_alive:
            pytest.skip("this format has no sign of life")

        async def answer(call: Call) -> None:
            await call.begin(dialect.content_type)
            for _ in range(8):
                await call.part(dialect.keep_alive)
                await call.pause(0.05)
            for event in dialect.stream("Hello"):
                await call.part(event)
            await call.end()

        assert (await meet(dialect, serves(dialect, answer))).text == "Hello"

    async def test_it_dies_in_the_middle(self, dialect: Dialect) -> None:
        """[N12]"""

        async def die(call: Call) -> None:
            await call.send(b"40\r\nda")
            call.hang_up()

        met = await meet(dialect, begins(dialect, "Hel", "lo", then=die))
        assert (met.text, met.kind) == ("Hello", "stream_cut")

    async def test_it_ends_in_order_and_is_cut_all_the_same(self, dialect: Dialect) -> None:
        """[N13] No length and no pieces: to HTTP a success."""

        async def answer(call: Call) -> None:
            kind = head("200 OK", dialect.content_type, Connection="close")
            await call.send(kind + b"".join(dialect.beginning("Hel", "lo")))

        met = await meet(dialect, serves(dialect, answer))
        assert (met.text, met.kind) == ("Hello", "stream_cut")

    async def test_events_that_cannot_be_read_are_skipped_until_there_are_too_many(self, dialect: Dialect) -> None:
        """[N14]"""
        *start, end = dialect.beginning("Hel"), dialect.stream("Hel")
        opening = start[0]

        def with_broken(count: int) -> list[bytes]:
            return [*opening, *[dialect.broken_event] * count, *end[len(opening) :]]

        met = await meet(dialect, streams(dialect, with_broken(19)))
        assert (met.text, met.kind) == ("Hel", "")
        met = await meet(dialect, streams(dialect, with_broken(20)))
        assert (met.text, met.kind) == ("Hel", "not_an_api")

    async def test_characters_are_cut_anywhere(self, dialect: Dialect) -> None:
        """[N15]"""
        text = "Grüße, 合成 🎬 e\u0301 \u202etfel\u202c"
        stream = b"".join(dialect.stream(text))
        for size in (1, 2, 3):
            pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
            assert (await meet(dialect, streams(dialect, pieces))).text == text

    async def test_one_event_has_ten_megabytes(self, dialect: Dialect) -> None:
        """[N16]"""
        text = "x" * 10_000_000
        limits = Limits(answer_characters=2**25)
        began = time.process_time()
        met = await meet(dialect, streams(dialect, dialect.stream(text)), limits)
        assert met.text == text and met.kind == ""
        assert time.process_time() - began < 2  # both ends of it, on a busy machine; the benchmark measures ours

    async def test_one_event_is_larger_than_allowed(self, dialect: Dialect) -> None:
        """[N16]"""
        limits = Limits(event_bytes=2**20)
        assert (await meet(dialect, streams(dialect, dialect.stream("x" * 2**21)), limits)).kind == "event_too_large"

    async def test_it_comes_in_drops(self, dialect: Dialect) -> None:
        """[N17]"""
        stream = b"".join(dialect.stream(*["word "] * 2_000))
        drops = [stream[at : at + 64] for at in range(0, len(stream), 64)]
        assert (await meet(dialect, streams(dialect, drops))).text == "word " * 2_000

    async def test_it_does_not_end(self, dialect: Dialect) -> None:
        """[N18]"""
        *opening, last = dialect.beginning("Hel", "x" * 1000)

        async def on(call: Call) -> None:
            while not call.gone.is_set():
                await call.part(last)

        met = await meet(dialect, begins(dialect, "Hel", then=on), Limits(answer_characters=100_000))
        assert met.kind == "answer_too_large" and met.text.startswith("Hel")

    async def test_a_line_does_not_end(self, dialect: Dialect) -> None:
        """[N18]"""

        async def on(call: Call) -> None:
            await call.part(b"data: ")
            while not call.gone.is_set():
                await call.part(b"x" * 65536)

        met = await meet(dialect, begins(dialect, "Hel", then=on), Limits(event_bytes=2**20))
        assert (met.text, met.kind) == ("Hel", "event_too_large")

    async def test_a_page_comes_instead(self, dialect: Dialect) -> None:
        """[N19]"""
        for status in ("200 OK", "404 Not Found"):
            met = await meet(dialect, web_page(status))
            assert met.kind == "not_an_api" and "<html" not in met.problem.why

    async def test_a_bomb_comes_instead(self, dialect: Dialect) -> None:
        """[N20]"""
        bomb = gzip.compress(b"\0" * (64 * 2**20), 9)

        async def answer(call: Call) -> None:
            assert call.headers["accept-encoding"] == "identity"
            await call.send(head("200 OK", dialect.content_type, **{"Content-Encoding": "gzip"}) + bomb)

        met = await meet(dialect, serves(dialect, answer), Limits(event_bytes=2**20))
        assert met.kind in ("event_too_large", "stream_cut")

    async def test_an_error_comes_in_the_middle(self, dialect: Dialect) -> None:
        """[N14]"""

        async def fail(call: Call) -> None:
            await call.part(dialect.error_event("The engine fell over"))
            await call.end()

        met = await meet(dialect, begins(dialect, "Hel", then=fail))
        assert met.text == "Hel" and met.problem is not None
        assert "The engine fell over" in met.problem.detail + met.problem.why

    async def test_it_is_no_http(self, dialect: Dialect) -> None:
        """[N25]"""
        met = await meet(dialect, garbage_status_line)
        assert met.kind == "not_an_api" and met.problem.status is None

    async def test_a_header_does_not_end(self, dialect: Dialect) -> None:
        """[N25]"""

        async def answer(call: Call) -> None:
            await call.send(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n")

        met = await meet(dialect, answer)
        assert met.kind == "not_an_api" and met.problem.status is None
