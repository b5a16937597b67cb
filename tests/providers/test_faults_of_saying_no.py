"""Refusals, and answers that are left, in each wire format: what is told, how often is asked, and that nothing is left.

Rows of the list of faults are named in brackets. What one format alone does wrong has tests of its own.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from dialect import Dialect
from fault_server import (
    Call,
    closes_kept_connections,
    fails,
    fault_server,
    never_answers,
)
from managed_providers import managed
from met import KEY, QUESTION, ask, base, begins, meet, refuses, served, streams
from nuke_ai_panel.providers.manager.retrying import RequestPolicy
from nuke_ai_panel.providers.messages import Finished
from quick_time import QuickTime

WAITS = [
    ("7", 7.0),
    ("0.5", 0.5),
    ("0", 0.0),
    ("-3", None),
    ("soon", None),
    ("", None),
    ("nan", None),
    ("100000000000", 86_400.0),
    (format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True), 0.0),
]
"""What a service may say, and how long that is; None: nothing that can be used."""


class TestSayingNo:
    @pytest.mark.parametrize(("said", "seconds"), WAITS)
    async def test_the_asked_wait_is_read_or_left(self, dialect: Dialect, said: str, seconds: float | None) -> None:
        """[N22]"""
        body = dialect.error(429, "Too many requests")
        met = await meet(dialect, fails("429 Too Many Requests", body, Retry_After=said))
        assert met.kind in ("rate_limited", "out_of_credits")
        if met.kind == "rate_limited":
            assert met.problem.retry_after == seconds

    @pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504])
    async def test_a_burst_of_errors_costs_three_requests_and_is_told(self, dialect: Dialect, status: int) -> None:
        """[N23]"""
        async with (
            fault_server(refuses(dialect, status)) as server,
            managed(
                base(dialect, server.origin),
                provider=dialect.provider,
                key=KEY,
                policy=RequestPolicy(retries=2),
                timing=QuickTime().timing,
            ) as manager,
        ):
            met = await ask(manager, dialect)
            assert met.problem is not None and len(server.calls) == 3

    async def test_a_burst_that_ends_is_only_a_wait(self, dialect: Dialect) -> None:
        """[N23]"""
        healthy = streams(dialect, dialect.stream("Hello"))
        said: list[int] = []

        async def handle(call: Call) -> None:
            said.append(1)
            ready = len(said) > 2
            await (healthy if ready else refuses(dialect, 503))(call)

        met = await meet(dialect, handle, policy=RequestPolicy(retries=2), timing=QuickTime().timing)
        assert (met.text, met.kind) == ("Hello", "") and met.waits

    async def test_nothing_is_asked_again_once_something_was_shown(self, dialect: Dialect) -> None:
        """[N23]"""
        asked: list[int] = []

        async def die(call: Call) -> None:
            asked.append(1)
            call.hang_up()

        policy = RequestPolicy(retries=2)
        met = await meet(dialect, begins(dialect, "Hel", then=die), policy=policy, timing=QuickTime().timing)
        assert (met.text, met.kind) == ("Hel", "stream_cut") and len(asked) == 1

    async def test_a_stale_connection_is_replaced_without_a_word(self, dialect: Dialect) -> None:
        """[N24]"""
        async with (
            fault_server(closes_kept_connections(streams(dialect, dialect.stream("Hello")))) as server,
            managed(base(dialect, server.origin), provider=dialect.provider, key=KEY) as manager,
        ):
            for _ in range(2):
                met = await ask(manager, dialect)
                assert met.text == "Hello" and not met.waits

    async def test_a_wrong_key_is_named_and_never_repeated(self, dialect: Dialect) -> None:
        """[K2]"""
        body = dialect.error(401, f"{KEY} is wrong")
        async with (
            fault_server(fails("401 Unauthorized", body)) as server,
            managed(
                base(dialect, server.origin), provider=dialect.provider, key=KEY, policy=RequestPolicy(retries=2)
            ) as manager,
        ):
            met = await ask(manager, dialect)
            assert met.kind == "key_wrong" and len(server.calls) == 1

    @pytest.mark.parametrize("key", ["sk-a\nb-0123456789", "sk-a\rb-0123456789", "sk-a\0b-0123456789", "sk-é-0123456"])
    async def test_a_key_that_no_header_can_hold_is_not_sent(self, dialect: Dialect, key: str) -> None:
        """[K1] [K2]"""
        async with (
            fault_server(streams(dialect, dialect.stream("Hello"))) as server,
            managed(base(dialect, server.origin), provider=dialect.provider, key=key) as manager,
        ):
            met = await ask(manager, dialect)
            assert met.kind == "key_malformed" and server.calls == []


class TestLeaving:
    async def test_stop_closes_the_connection_at_once(self, dialect: Dialect) -> None:
        """[L2]"""
        left = asyncio.Event()

        async def wait(call: Call) -> None:
            await call.gone.wait()
            left.set()

        async with served(dialect, begins(dialect, "Hel", then=wait)) as (_, manager):
            begun = asyncio.Event()

            async def listen() -> None:
                async with manager.stream(dialect.provider, QUESTION) as answer:
                    async for _ in answer:
                        begun.set()

            async with asyncio.TaskGroup() as group:
                task = group.create_task(listen())
                await begun.wait()
                task.cancel()
            assert manager.open_streams == 0
            async with asyncio.timeout(0.1):
                await left.wait()

    async def test_everything_is_closed_in_the_middle_of_ten_answers(self, dialect: Dialect) -> None:
        """[L3]"""
        begun = 0
        all_begun = asyncio.Event()

        async def wait(call: Call) -> None:
            nonlocal begun
            begun += 1
            if begun == 10:
                all_begun.set()
            await call.gone.wait()

        async with served(dialect, begins(dialect, "Hel", then=wait)) as (_, manager), asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask(manager, dialect)) for _ in range(10)]
            await all_begun.wait()
            async with asyncio.timeout(1):
                await manager.close()
                for task in tasks:
                    task.cancel()

    async def test_a_server_that_slept_is_found_out(self, dialect: Dialect) -> None:
        """[L4] It stands still after its first words, as a laptop's other end does."""
        met = await meet(dialect, begins(dialect, "Hel", then=never_answers))
        assert (met.text, met.kind) == ("Hel", "timeout_silence")

    async def test_a_healthy_answer_leaves_nothing(self, dialect: Dialect) -> None:
        """[L1] The leak guards look at tasks, sockets and threads after each of these tests."""
        async with served(dialect, streams(dialect, dialect.stream("Hello", " you"))) as (_, manager):
            met = await ask(manager, dialect)
        assert met.text == "Hello you" and isinstance(met.events[-1], Finished)
