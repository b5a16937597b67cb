"""The faults of a network, of keys and of lifetimes, once for each wire format: what is told, and that nothing is left.

What one format alone does wrong has tests of its own. Rows N, K and L of the list of faults are named in brackets.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from certificates import authority_file, out_of_date, server_side
from dialect import MODEL, Dialect
from dialects import ALL
from fault_server import (
    Call,
    FaultServer,
    Handler,
    closes_kept_connections,
    fails,
    fault_server,
    full_backlog,
    garbage_status_line,
    head,
    never_answers,
    redirects_to,
    refused_url,
    silent_port,
    web_page,
)
from managed_providers import managed
from nuke_ai_panel.providers.base import Request
from nuke_ai_panel.providers.errors import Problem, ProviderError
from nuke_ai_panel.providers.limits import Limits
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.manager.retrying import RequestPolicy
from nuke_ai_panel.providers.messages import Finished, Message, StreamEvent, Text, TextDelta, Waiting
from nuke_ai_panel.providers.network import Network
from proxy_server import proxy_server
from quick_time import QuickTime

PASSWORD = "pa:ss@word/SENTINEL-0123"
KEY = "sk-SENTINEL-0123456789abcdefghij"
QUICK = Limits(connect=0.15, first_event=0.2, first_event_local=0.2, idle=0.2, idle_local=0.2, total=5, test=1)
QUESTION = Request(MODEL, (Message("user", (Text("hi"),)),))


@pytest.fixture(params=ALL.values(), ids=list(ALL))
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return request.param


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


class Met:
    """What came of one question. `waits`: the seconds of each wait for better times."""

    def __init__(self) -> None:
        self.events: list[StreamEvent] = []
        self.problem: Problem | None = None

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def kind(self) -> str:
        return self.problem.kind if self.problem else ""

    @property
    def waits(self) -> list[float | None]:
        return [event.seconds for event in self.events if isinstance(event, Waiting)]


async def ask(manager: ProviderManager, dialect: Dialect) -> Met:
    met = Met()
    try:
        async with manager.stream(dialect.provider, QUESTION) as answer:
            async for event in answer:
                met.events.append(event)
    except ProviderError as error:
        met.problem = error.problem
    assert KEY not in repr(met.events) + repr(met.problem)
    return met


def base(dialect: Dialect, origin: str) -> str:
    return origin + dialect.base_path


async def meet(dialect: Dialect, handler: Handler, limits: Limits = QUICK, **more: Any) -> Met:
    """One question to a server with this handler."""
    async with (
        fault_server(handler) as server,
        managed(base(dialect, server.origin), provider=dialect.provider, key=KEY, limits=limits, **more) as manager,
    ):
        return await ask(manager, dialect)


def serves(dialect: Dialect, answer: Callable[[Call], Awaitable[None]]) -> Handler:
    """A server that lists one model and answers so."""

    async def handle(call: Call) -> None:
        if call.method == "GET":
            call.keep_open = True
            await call.reply(json.dumps(dialect.model_list(MODEL)))
        else:
            await answer(call)

    return handle


def streams(dialect: Dialect, events: list[bytes]) -> Handler:
    """A healthy server."""

    async def answer(call: Call) -> None:
        call.keep_open = True
        await call.begin(dialect.content_type)
        for event in events:
            await call.part(event)
        await call.end()

    return serves(dialect, answer)


def refuses(dialect: Dialect, status: int) -> Handler:
    """A server that is there and says no."""

    async def answer(call: Call) -> None:
        call.keep_open = True
        await call.reply(json.dumps(dialect.error(status, "try later")), status=f"{status} Oops")

    return serves(dialect, answer)


def begins(dialect: Dialect, *texts: str, then: Callable[[Call], Awaitable[None]]) -> Handler:
    """An answer that begins well."""

    async def answer(call: Call) -> None:
        await call.begin(dialect.content_type)
        for event in dialect.beginning(*texts):
            await call.part(event)
        await then(call)

    return serves(dialect, answer)


@asynccontextmanager
async def served(dialect: Dialect, handler: Handler) -> AsyncIterator[tuple[FaultServer, ProviderManager]]:
    """A server with this handler, and a manager for it."""
    async with (
        fault_server(handler) as server,
        managed(base(dialect, server.origin), provider=dialect.provider, key=KEY) as manager,
    ):
        yield server, manager


class TestTheWayThere:
    async def test_nothing_listens_there(self, dialect: Dialect) -> None:
        """[N1]"""
        url = refused_url().removesuffix("/v1")
        async with managed(base(dialect, url), provider=dialect.provider, key=KEY) as manager:
            met = await ask(manager, dialect)
        assert met.kind == "server_not_running" and url.removeprefix("http://") in met.problem.title

    async def test_the_name_does_not_exist(self, dialect: Dialect) -> None:
        """[N2]"""
        async with managed(base(dialect, "http://nobody.invalid"), provider=dialect.provider, key=KEY) as manager:
            assert (await ask(manager, dialect)).kind == "host_unknown"

    async def test_the_first_packet_is_dropped(self, dialect: Dialect) -> None:
        """[N3]"""
        with full_backlog() as url:
            place = base(dialect, url.removesuffix("/v1"))
            async with managed(place, provider=dialect.provider, key=KEY, limits=QUICK) as manager:
                assert (await ask(manager, dialect)).kind == "connect_timeout"

    async def test_the_handshake_is_silent(self, dialect: Dialect) -> None:
        """[N4]"""
        async with (
            silent_port() as server,
            managed(base(dialect, server.origin), provider=dialect.provider, key=KEY, limits=QUICK) as manager,
        ):
            assert (await ask(manager, dialect)).kind == "connect_timeout"

    async def test_a_netrc_changes_nothing(
        self, dialect: Dialect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """[N8]"""
        (tmp_path / "netrc").write_text("default login somebody password NETRC-SENTINEL\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        async with (
            fault_server(streams(dialect, dialect.stream("Hello"))) as server,
            managed(base(dialect, server.origin), provider=dialect.provider, key=KEY) as manager,
        ):
            assert (await ask(manager, dialect)).text == "Hello"
            assert "NETRC" not in repr([call.headers for call in server.calls])

    async def test_a_redirect_is_told_and_nothing_reaches_the_other_host(self, dialect: Dialect) -> None:
        """[N21]"""

        async def other(call: Call) -> None:
            raise AssertionError("it was asked")

        async with fault_server(other) as second:
            for status in ("302 Found", "307 Temporary Redirect", "308 Permanent Redirect"):
                met = await meet(dialect, redirects_to(second.origin.replace("127.0.0.1", "localhost"), status))
                assert met.kind == "redirected"
            assert second.connections == 0

    @pytest.mark.parametrize(
        "address", ["htp://x", "nobody:99999", "", " ", "http://u:p@127.0.0.1/v1", "http://a b", "http://", "//x/v1"]
    )
    async def test_a_bad_address_is_told_before_anything_is_sent(self, dialect: Dialect, address: str) -> None:
        """[N26] An empty one is the service's own: it is not asked here."""
        async with managed(address or "http:", provider=dialect.provider, key=KEY) as manager:
            assert (await ask(manager, dialect)).kind == "bad_address"


class TestTheWayThroughOthers:
    """Certificates and proxies."""

    async def met(self, dialect: Dialect, tls: ssl.SSLContext | None, address: str, **network: Any) -> Met:
        """`address`: of the server, whose port stands for PORT."""
        async with (
            fault_server(streams(dialect, dialect.stream("Hello")), tls=tls) as server,
            managed(
                base(dialect, address.replace("PORT", str(server.port))),
                provider=dialect.provider,
                key=KEY,
                limits=QUICK,
                network=Network(**network),
            ) as manager,
        ):
            return await ask(manager, dialect)

    async def test_an_authority_of_ones_own_is_trusted_by_its_file_alone(
        self, dialect: Dialect, authority: trustme.CA, tmp_path: Path
    ) -> None:
        """[N5]"""
        tls, place = server_side(authority, "127.0.0.1"), "https://127.0.0.1:PORT"
        assert (await self.met(dialect, tls, place)).kind == "cert_untrusted"
        assert (await self.met(dialect, tls, place, ca_file=authority_file(authority, tmp_path))).text == "Hello"

    async def test_a_wrong_name_an_old_certificate_and_mixed_up_schemes_are_four_problems(
        self, dialect: Dialect, authority: trustme.CA, tmp_path: Path
    ) -> None:
        """[N6]"""
        trusted = {"ca_file": authority_file(authority, tmp_path)}
        named, old = server_side(authority, "elsewhere.example"), server_side(authority, "127.0.0.1", **out_of_date())
        assert (await self.met(dialect, named, "https://127.0.0.1:PORT", **trusted)).kind == "cert_name"
        assert (await self.met(dialect, old, "https://127.0.0.1:PORT", **trusted)).kind == "cert_expired"
        assert (await self.met(dialect, None, "https://127.0.0.1:PORT")).kind == "tls_on_http"
        right = server_side(authority, "127.0.0.1")
        assert (await self.met(dialect, right, "http://127.0.0.1:PORT", **trusted)).kind == "http_on_tls"

    @pytest.mark.parametrize("scheme", ["http", "https"])
    async def test_a_proxy_lets_through_whom_it_knows(
        self, dialect: Dialect, scheme: str, authority: trustme.CA, tmp_path: Path
    ) -> None:
        """[N7]"""
        tls = server_side(authority, "api.example") if scheme == "https" else None
        async with (
            fault_server(streams(dialect, dialect.stream("Hello")), tls=tls) as server,
            proxy_server(user="ann", password=PASSWORD, names={"api.example": server.port}) as proxy,
        ):
            for password, kind in ((PASSWORD, ""), ("wrong-0123456789", "proxy_auth"), ("", "proxy_auth")):
                network = Network(
                    proxy="manual",
                    proxy_address=proxy.address,
                    proxy_user="ann",
                    ca_file=authority_file(authority, tmp_path),
                )
                async with managed(
                    base(dialect, f"{scheme}://api.example"),
                    provider=dialect.provider,
                    key=KEY,
                    network=network,
                    proxy_password=password,
                ) as manager:
                    met = await ask(manager, dialect)
                assert (met.text, met.kind) == ("" if kind else "Hello", kind)
                assert not password or password not in repr(met.problem)

    async def test_a_dead_proxy_is_named(self, dialect: Dialect) -> None:
        """[N7]"""
        place = refused_url().removesuffix("/v1")
        network = {"proxy": "manual", "proxy_address": place}
        met = await self.met(dialect, None, "http://api.example", **network)
        assert met.kind == "proxy_refused" and place.removeprefix("http://") in met.problem.title


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
