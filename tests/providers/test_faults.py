"""Every fault of the network, over real sockets: what the user is told, and that nothing is left or given away."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from fault_server import (
    DONE,
    Call,
    Handler,
    answers,
    chat,
    chunk,
    closes_kept_connections,
    cut_in_the_middle,
    drips,
    ends_without_end_mark,
    error_in_stream,
    fails,
    fault_server,
    full_backlog,
    garbage_status_line,
    head,
    never_answers,
    one_event_of,
    redirects_to,
    refused_url,
    silent_after_a_token,
    silent_port,
    sse,
    wants_key,
    web_page,
)
from managed_providers import Managed
from nuke_ai_panel.panel.threads import PREFIX
from nuke_ai_panel.providers.base import CheckReport, Request
from nuke_ai_panel.providers.errors import Problem, ProviderError
from nuke_ai_panel.providers.limits import Limits
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.messages import Finished, Message, StreamEvent, Text, TextDelta

KEY = "sk-sentinel-0123456789abcdef"
QUESTION = Request("tiny", (Message("user", (Text("hi"),)),))
QUICK = Limits(connect=0.3, first_event_local=0.2, idle_local=0.2, total=5, test=1)


async def ask(manager: ProviderManager, provider: str = "compatible") -> tuple[str, list[StreamEvent], Problem | None]:
    """The text, all events, and the problem if there was one."""
    events: list[StreamEvent] = []
    problem = None
    try:
        async with manager.stream(provider, QUESTION) as answer:
            async for event in answer:
                events.append(event)
    except ProviderError as error:
        problem = error.problem
    return "".join(event.text for event in events if isinstance(event, TextDelta)), events, problem


async def meet(managed: Managed, handler: Handler, **options: object) -> tuple[str, Problem | None]:
    """Asks a server that behaves like this."""
    async with fault_server(handler) as server, managed(server.url, **options) as manager:
        text, _, problem = await ask(manager)
        return text, problem


async def test_a_healthy_server_streams_its_text(managed: Managed) -> None:
    async with fault_server(answers("Hel", "lo")) as server, managed(server.url) as manager:
        text, events, problem = await ask(manager)
        assert (text, problem) == ("Hello", None)
        assert events[-1] == Finished("stop", "stop")
        assert [model.id for model in await manager.models("compatible")] == ["tiny"]


async def test_a_kept_connection_serves_the_next_question(managed: Managed) -> None:
    async with fault_server(answers("Hello")) as server, managed(server.url) as manager:
        await ask(manager)
        await ask(manager)
        assert (server.connections, len(server.calls)) == (1, 2)


async def test_nothing_listening_is_said_with_the_address(managed: Managed) -> None:
    url = refused_url()
    async with managed(url) as manager:
        _, _, problem = await ask(manager)
    assert problem and problem.kind == "server_not_running"
    assert problem.title == f"Nothing is listening at {url.removeprefix('http://').removesuffix('/v1')}"


async def test_a_name_that_does_not_exist_is_named(managed: Managed) -> None:
    async with managed("http://nobody.invalid/v1") as manager:
        _, _, problem = await ask(manager)
    assert problem and problem.kind == "host_unknown" and "nobody.invalid" in problem.title


@contextmanager
def slow_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[asyncio.Event, list[str]]]:
    """A name server that does not answer: an event for the first question, and the threads that wait for it."""
    loop, asked, threads = asyncio.get_running_loop(), asyncio.Event(), list[str]()
    answered, real = threading.Event(), socket.getaddrinfo

    def look_up(host: str, *arguments: Any, **options: Any) -> Any:
        if host != "slow.example":
            return real(host, *arguments, **options)
        threads.append(threading.current_thread().name)
        loop.call_soon_threadsafe(asked.set)
        answered.wait(20)
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    try:
        yield asked, threads
    finally:
        answered.set()


async def connection_test(manager: ProviderManager) -> CheckReport:
    return await manager.check(manager.configs[0], on_step=lambda _: None)


@pytest.mark.parametrize("use", [ask, connection_test])
async def test_a_name_server_that_is_silent_can_be_left_at_once(
    managed: Managed, monkeypatch: pytest.MonkeyPatch, use: Callable[[ProviderManager], Any]
) -> None:
    with slow_names(monkeypatch) as (asked, threads):
        async with managed("http://slow.example/v1") as manager:
            async with asyncio.TaskGroup() as group:
                using = group.create_task(use(manager))
                await asked.wait()
                using.cancel()
            async with asyncio.timeout(0.5):
                await manager.close()
        assert all(name.startswith(PREFIX) for name in threads)  # daemon threads that nobody joins


async def test_a_name_server_that_is_silent_is_given_up(managed: Managed, monkeypatch: pytest.MonkeyPatch) -> None:
    with slow_names(monkeypatch):
        async with managed("http://slow.example/v1", limits=Limits(connect=0.3)) as manager:
            _, _, problem = await ask(manager)
            report = await connection_test(manager)
    assert problem and problem.kind == "connect_timeout" and "slow.example" in problem.title
    assert report.problem and report.problem.kind == "connect_timeout"
    assert [step.name for step in report.steps if step.ok is False] == ["DNS"]


async def test_a_host_that_drops_the_first_packet_is_given_up(managed: Managed) -> None:
    with full_backlog() as url:
        async with managed(url, limits=Limits(connect=0.3)) as manager:
            _, _, problem = await ask(manager)
            report = await manager.check(manager.configs[0], on_step=lambda _: None)
    assert problem and problem.kind == "connect_timeout" and "0.3 s" in problem.title
    assert report.problem and report.problem.kind == "connect_timeout"


async def test_a_silent_handshake_is_given_up(managed: Managed) -> None:
    async with silent_port() as server, managed(server.url, key=KEY, limits=Limits(connect=0.3)) as manager:
        _, _, problem = await ask(manager)
        report = await manager.check(manager.configs[0], on_step=lambda _: None)
    assert problem and problem.kind == "connect_timeout"
    assert report.problem and report.problem.kind == "connect_timeout"
    assert [step.name for step in report.steps if step.ok is False] == ["TLS"]


async def test_a_silent_handshake_can_be_left_at_once(managed: Managed) -> None:
    async def test(manager: ProviderManager) -> None:
        await manager.check(manager.configs[0], on_step=lambda _: None)

    for use in (ask, test):
        async with silent_port() as server, managed(server.url) as manager:
            async with asyncio.TaskGroup() as group:
                using = group.create_task(use(manager))
                await server.heard.wait()
                using.cancel()
            async with asyncio.timeout(0.1):
                await manager.close()


async def test_a_netrc_has_no_effect(managed: Managed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password from-netrc\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with fault_server(answers("Hi")) as server, managed(server.url) as manager:
        assert (await ask(manager))[0] == "Hi"
        await manager.models("compatible")
        assert all("authorization" not in call.headers for call in server.calls)
    async with fault_server(answers("Hi")) as server, managed(server.url, key=KEY) as manager:
        assert (await ask(manager))[0] == "Hi"
        assert server.calls[0].headers["authorization"] == f"Bearer {KEY}"


async def test_the_proxy_variables_have_no_effect_on_this_computer(
    managed: Managed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fault_server(never_answers) as proxy, fault_server(answers("Hi")) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.origin)
        async with managed(server.url, key=KEY) as manager:
            assert (await ask(manager))[0] == "Hi"
        assert proxy.connections == 0


async def test_a_wrong_key_is_refused_and_never_repeated(managed: Managed) -> None:
    _, problem = await meet(managed, wants_key("other", answers()), key=KEY)
    assert problem and problem.kind == "key_wrong" and problem.status == 401
    assert KEY not in repr(problem)


async def test_a_server_that_echoes_the_key_does_not_give_it_away(managed: Managed) -> None:
    body = {"error": {"message": f"bad key {KEY} in {json.dumps(KEY)}", "code": "odd"}}
    _, problem = await meet(managed, fails("418 Teapot", body), key=KEY)
    assert problem and KEY not in repr(problem)


async def test_a_server_that_wants_a_key_says_so_when_none_was_sent(managed: Managed) -> None:
    _, problem = await meet(managed, wants_key(KEY, answers()))
    assert problem and problem.kind == "key_missing"


async def test_a_service_without_its_key_is_not_even_connected_to(managed: Managed) -> None:
    async with fault_server(answers()) as server, managed(server.url, provider="openai") as manager:
        _, _, problem = await ask(manager, "openai")
        with pytest.raises(ProviderError):
            await manager.models("openai")
        assert problem and problem.kind == "key_missing"
        assert server.connections == 0


async def test_a_key_with_a_line_break_is_not_sent(managed: Managed) -> None:
    async with fault_server(answers()) as server, managed(server.url, key="abc\r\nX-Evil: 1") as manager:
        _, _, problem = await ask(manager)
        assert problem and problem.kind == "key_malformed"
        assert server.connections == 0


WRONG_PATHS = [
    ({"error": {"message": "File Not Found", "type": "not_found_error", "code": 404}}, "not_an_api"),
    ({"detail": "Not Found"}, "not_an_api"),
    ({"error": {"message": "The model `tiny` does not exist.", "type": "NotFoundError", "code": 404}}, "model_unknown"),
    ({"error": {"message": "no such thing", "code": "model_not_found"}}, "model_unknown"),
    ({"error": {"message": "model 'tiny' not found, try pulling it first"}}, "model_not_pulled"),
    ({"error": "No models loaded. Please load a model in the developer page."}, "model_not_loaded"),
]


@pytest.mark.parametrize(("body", "kind"), WRONG_PATHS)
async def test_a_404_tells_a_wrong_path_from_a_missing_model(managed: Managed, body: object, kind: str) -> None:
    _, problem = await meet(managed, fails("404 Not Found", body))
    assert problem and problem.kind == kind


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "403 Forbidden"])
async def test_a_web_page_is_not_an_api(managed: Managed, status: str) -> None:
    _, problem = await meet(managed, web_page(status))
    assert problem and problem.kind == "not_an_api"
    async with fault_server(web_page(status)) as server, managed(server.url) as manager:
        with pytest.raises(ProviderError) as error:
            await manager.models("compatible")
        assert error.value.problem.kind == "not_an_api"


async def test_other_json_is_not_an_api(managed: Managed) -> None:
    _, problem = await meet(managed, fails("200 OK", {"hello": "world"}))
    assert problem and problem.kind == "not_an_api"


async def test_an_answer_in_one_piece_is_an_answer(managed: Managed) -> None:
    whole = {"model": "tiny", "choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
    assert await meet(managed, fails("200 OK", whole)) == ("Hello", None)


async def test_a_stream_cut_inside_a_chunk_keeps_its_text(managed: Managed) -> None:
    text, problem = await meet(managed, cut_in_the_middle("Hel", "lo"))
    assert text == "Hello"
    assert problem and problem.kind == "stream_cut"


async def test_an_orderly_end_without_the_end_mark_is_a_cut(managed: Managed) -> None:
    text, problem = await meet(managed, ends_without_end_mark("Hel", "lo"))
    assert text == "Hello"
    assert problem and problem.kind == "stream_cut"


async def test_one_token_then_silence_keeps_the_token_and_names_the_silence(managed: Managed) -> None:
    text, problem = await meet(managed, silent_after_a_token("Hello"), limits=QUICK)
    assert text == "Hello"
    assert problem and problem.kind == "timeout_silence" and "0.2 s" in problem.title


async def test_a_server_that_never_answers_is_given_up(managed: Managed) -> None:
    _, problem = await meet(managed, never_answers, limits=QUICK)
    assert problem and problem.kind == "timeout_silence"


async def test_dripping_bytes_are_silence(managed: Managed) -> None:
    _, problem = await meet(managed, drips(0.02), limits=QUICK)
    assert problem and problem.kind == "timeout_silence"


async def test_comments_are_a_sign_of_life(managed: Managed) -> None:
    async def handle(call: Call) -> None:
        await call.stream(b": working\n\n")
        for _ in range(5):
            await call.pause(0.1)
            await call.part(b": working\n\n")
        await call.part(b"".join(chat("Hello")))
        await call.end()

    assert await meet(managed, handle, limits=QUICK) == ("Hello", None)


async def test_an_endless_answer_ends_at_its_limit(managed: Managed) -> None:
    async def handle(call: Call) -> None:
        await call.begin()
        while not call.gone.is_set():
            await call.part(chunk("x" * 1000))

    text, problem = await meet(managed, handle, limits=Limits(answer_characters=50_000))
    assert problem and problem.kind == "answer_too_large" and len(text) == 50_000


async def test_an_answer_may_not_take_for_ever(managed: Managed) -> None:
    async def handle(call: Call) -> None:
        await call.begin()
        while not call.gone.is_set():
            await call.part(b": still here\n\n")

    _, problem = await meet(managed, handle, limits=Limits(total=0.2))
    assert problem and problem.kind == "took_too_long"


async def test_an_event_of_10_mb_is_read(managed: Managed) -> None:
    text, problem = await meet(managed, one_event_of(10 * 2**20), limits=Limits(answer_characters=2**24))
    assert problem is None and len(text) == 10 * 2**20


async def test_an_event_over_the_limit_is_refused(managed: Managed) -> None:
    _, problem = await meet(managed, one_event_of(2 * 2**20), limits=Limits(event_bytes=2**20))
    assert problem and problem.kind == "event_too_large" and "1 MB" in problem.why


async def test_a_garbage_status_line_is_not_shown_as_the_servers_word(managed: Managed) -> None:
    _, problem = await meet(managed, garbage_status_line)
    assert problem and problem.kind == "not_an_api" and problem.status is None


async def test_a_header_without_end_is_refused(managed: Managed) -> None:
    async def handle(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n")

    _, problem = await meet(managed, handle)
    assert problem and problem.kind == "not_an_api"


async def test_an_error_in_the_stream_keeps_the_text_and_the_services_words(managed: Managed) -> None:
    text, problem = await meet(managed, error_in_stream("Hello"))
    assert text == "Hello"
    assert problem and problem.kind == "stream_error" and problem.why == "The engine fell over."


async def test_an_error_in_the_stream_is_recognised_by_its_code(managed: Managed) -> None:
    error = {"error": {"message": "quota", "code": "insufficient_quota"}}
    _, problem = await meet(managed, error_in_stream(error=error))
    assert problem and problem.kind == "out_of_credits"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_a_redirect_sends_nothing_to_the_other_host(managed: Managed, status: str) -> None:
    async with fault_server(answers()) as second:
        target = f"http://localhost:{second.port}/v1/chat/completions"
        async with fault_server(redirects_to(target, status)) as first, managed(first.url, key=KEY) as manager:
            _, _, problem = await ask(manager)
            with pytest.raises(ProviderError):
                await manager.models("compatible")
            report = await manager.check(manager.configs[0], on_step=lambda _: None)
        assert problem and problem.kind == "redirected" and target in problem.why
        assert report.problem and report.problem.kind == "redirected"
        assert (second.connections, second.received) == (0, 0)


async def test_a_redirect_on_the_same_host_is_not_followed_either(managed: Managed) -> None:
    """Another port is another server; https is another connection; a file is none at all."""
    async with silent_port() as secure, fault_server(answers()) as other:
        for target in (
            other.url,
            secure.url,
            "file:///etc/passwd",
            "//evil.invalid/v1",
            "/v1/elsewhere",
            "",
            "\N{SNOWMAN}",
        ):
            async with fault_server(redirects_to(target, "302 Found")) as first, managed(first.url, key=KEY) as manager:
                _, _, problem = await ask(manager)
                report = await manager.check(manager.configs[0], on_step=lambda _: None)
                assert {call.path for call in first.calls} == {"/v1/chat/completions", "/v1/models"}
            assert problem and problem.kind == "redirected" and "root:" not in repr(problem)
            assert report.problem and report.problem.kind == "redirected"
        assert (other.connections, secure.connections) == (0, 0)


BOMBS = {
    "gzip": gzip.compress(b"\0" * (64 * 2**20), 9),
    "deflate": zlib.compress(b"\0" * (64 * 2**20), 9),
    "gzip of lines": gzip.compress(b": \n" * (16 * 2**20), 9),
}


UNPACKS_IN_SMALL_PIECES = tuple(map(int, metadata.version("aiohttp").split(".")[:3])) >= (3, 14, 1)
"""Before, aiohttp gives 32 MiB at once, and has them two or three times while it does."""


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("status", ["200 OK", "500 Oops"])
@pytest.mark.parametrize("kind", ["text/event-stream", "application/json"])
async def test_a_compressed_bomb_stays_small(managed: Managed, bomb: str, status: str, kind: str) -> None:
    """It was not asked for, and is read up to the same limits as anything else."""
    coding = bomb.split(" ")[0]

    async def handle(call: Call) -> None:
        assert call.headers["accept-encoding"] == "identity"
        await call.send(head(status, kind, **{"Content-Encoding": coding}) + BOMBS[bomb])

    limits = Limits(event_bytes=2**20, list_bytes=2**20, total=1)
    async with fault_server(handle) as server, managed(server.url, limits=limits) as manager:
        tracemalloc.start()
        try:
            _, _, problem = await ask(manager)
            with pytest.raises(ProviderError):
                await manager.models("compatible")
            highest = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert problem and problem.kind in ("event_too_large", "stream_cut", "server_error", "took_too_long")
    assert highest < (16 if UNPACKS_IN_SMALL_PIECES else 100) * 2**20


async def test_a_huge_error_body_is_not_read_to_its_end(managed: Managed) -> None:
    async def handle(call: Call) -> None:
        await call.send(head("500 Oops", "application/json"))
        while not call.gone.is_set():
            await call.send(b" " * 65536)

    _, problem = await meet(managed, handle)
    assert problem and problem.kind == "server_error"


async def test_a_model_list_over_the_limit_is_refused(managed: Managed) -> None:
    handler = answers(models=[f"model-{n}" for n in range(1000)])
    async with fault_server(handler) as server, managed(server.url, limits=Limits(list_bytes=10_000)) as manager:
        with pytest.raises(ProviderError) as error:
            await manager.models("compatible")
    assert error.value.problem.kind == "event_too_large"


async def test_ten_thousand_models_are_listed(managed: Managed) -> None:
    handler = answers(models=[f"model-{n}" for n in range(10_000)])
    async with fault_server(handler) as server, managed(server.url) as manager:
        assert len(await manager.models("compatible")) == 10_000


async def test_a_connection_that_went_stale_is_replaced_silently(managed: Managed) -> None:
    async with fault_server(closes_kept_connections(answers("Hello"))) as server, managed(server.url) as manager:
        assert (await ask(manager))[0] == "Hello"
        assert (await ask(manager))[0] == "Hello"
        assert server.connections == 2


async def test_every_kept_connection_may_have_gone_stale(managed: Managed) -> None:
    """As after a night in which the computer slept: a question is asked once more, on a fresh connection."""
    together = asyncio.Barrier(3)

    async def wait_for_all(call: Call) -> None:
        await together.wait()
        await answers("Hello")(call)

    stale = closes_kept_connections(wait_for_all)
    async with fault_server(stale) as server, managed(server.url) as manager:
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(ask(manager))
        assert server.connections == 3
        async with asyncio.TaskGroup() as group:
            again = [group.create_task(ask(manager)) for _ in range(3)]
        assert [answer.result()[0] for answer in again] == ["Hello"] * 3
        assert server.connections == 6


async def test_an_alert_of_encryption_is_recognised(managed: Managed) -> None:
    async def handle(call: Call) -> None:
        await call.send(b"\x15\x03\x01\x00\x02\x02\x16\r\n\r\n")

    _, problem = await meet(managed, handle)
    assert problem and problem.kind == "http_on_tls"


async def test_a_server_that_hangs_up_without_a_word_is_asked_once(managed: Managed) -> None:
    async def handle(call: Call) -> None:
        call.hang_up()

    async with fault_server(handle) as server, managed(server.url) as manager:
        _, _, problem = await ask(manager)
        assert problem and problem.kind in ("http_on_tls", "stream_cut")
        assert len(server.calls) == 1


async def test_bad_events_are_skipped_until_there_are_too_many(managed: Managed) -> None:
    def handler(bad: int) -> Handler:
        async def handle(call: Call) -> None:
            await call.stream(chunk("Hel"), *[sse("{no json")] * bad, chunk("lo"), chunk(finish="stop"), DONE)
            await call.end()

        return handle

    assert await meet(managed, handler(19)) == ("Hello", None)
    text, problem = await meet(managed, handler(20))
    assert text == "Hel" and problem and problem.kind == "not_an_api"


async def test_an_answer_without_a_word_is_said_to_be_empty(managed: Managed) -> None:
    _, problem = await meet(managed, answers())
    assert problem and problem.kind == "empty_answer"


async def test_leaving_early_closes_the_connection_at_once(managed: Managed) -> None:
    left = asyncio.Event()

    async def handle(call: Call) -> None:
        await call.stream(chunk("Hello"))
        await call.gone.wait()
        left.set()

    async with fault_server(handle) as server, managed(server.url) as manager:
        async with manager.stream("compatible", QUESTION) as answer:
            await anext(answer)
            assert manager.open_streams == 1
        async with asyncio.timeout(0.1):
            await left.wait()


async def test_cancelling_before_the_first_byte_leaves_nothing(managed: Managed) -> None:
    arrived, left = asyncio.Event(), asyncio.Event()

    async def handle(call: Call) -> None:
        arrived.set()
        await call.gone.wait()
        left.set()

    async with fault_server(handle) as server, managed(server.url) as manager:
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(ask(manager))
            await arrived.wait()
            asking.cancel()
        async with asyncio.timeout(0.1):
            await left.wait()


async def test_retry_after_is_handed_on(managed: Managed) -> None:
    body = {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}
    _, problem = await meet(managed, fails("429 Too Many", body, Retry_After="7"))
    assert problem and problem.kind == "rate_limited" and problem.retry_after == 7
    assert problem.next == "Try again in 7 s."


async def test_headers_say_what_is_taken_and_the_body_what_is_asked(managed: Managed) -> None:
    async with fault_server(answers("Hello")) as server, managed(server.url, key=KEY) as manager:
        await ask(manager)
        call = server.calls[0]
        assert call.path == "/v1/chat/completions"
        assert call.headers["authorization"] == f"Bearer {KEY}"
        assert call.json["messages"] == [{"role": "user", "content": "hi"}]
        assert call.json["stream_options"] == {"include_usage": True}


ODD_BUT_RIGHT = {
    "no [DONE]": [chunk("Hello"), chunk(finish="stop")],
    "no blank after data:": [event.replace(b"data: ", b"data:") for event in chat("Hello")],
    "usage null": [sse({"choices": [{"delta": {"content": "Hello"}}], "usage": None}), *chat()],
    "no choices": [sse({"choices": [], "usage": None}), *chat("Hello")],
    "line ends of Windows": [event.replace(b"\n", b"\r\n") for event in chat("Hello")],
}


@pytest.mark.parametrize("oddity", ODD_BUT_RIGHT)
async def test_an_odd_stream_is_read_all_the_same(managed: Managed, oddity: str) -> None:
    async def handle(call: Call) -> None:
        await call.stream(*ODD_BUT_RIGHT[oddity])
        await call.end()

    assert await meet(managed, handle) == ("Hello", None)


NO_MODEL = {"error": {"message": "No models loaded. Please load a model in the developer page", "type": "x"}}
LOADING = {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}
SAID = [
    ("400 Bad Request", NO_MODEL, "model_not_loaded", "runs, but no model is loaded"),
    ("404 Not Found", NO_MODEL, "model_not_loaded", "runs, but no model is loaded"),
    ("503 Service Unavailable", LOADING, "model_loading", "is loading the model"),
    ("502 Bad Gateway", "<html><h1>502 Bad Gateway</h1></html>", "server_error", "had an internal error"),
    ("200 OK", {"error": {"message": "The engine fell over"}}, "unknown", "could not answer"),
    ("200 OK", {"error": "Unexpected endpoint or method. (POST /chat)"}, "not_an_api", "no model server"),
    ("200 OK", NO_MODEL, "model_not_loaded", "runs, but no model is loaded"),
]


@pytest.mark.parametrize(("status", "body", "kind", "words"), SAID)
async def test_what_a_local_server_says_is_told_in_plain_words(
    managed: Managed, status: str, body: object, kind: str, words: str
) -> None:
    html = "text/html" if isinstance(body, str) else "application/json"
    _, problem = await meet(managed, fails(status, body, kind=html))
    assert problem and problem.kind == kind and words in problem.title
    assert "<" not in problem.title + problem.why + problem.next


@pytest.mark.parametrize("typed", ["{origin}", "{origin}/", "{origin}/v1/", "{origin}/v1/chat/completions"])
async def test_an_address_as_it_is_pasted_reaches_v1(managed: Managed, typed: str) -> None:
    async with fault_server(answers("Hello")) as server, managed(typed.format(origin=server.origin)) as manager:
        assert (await ask(manager))[0] == "Hello"
        assert [call.path for call in server.calls] == ["/v1/chat/completions"]


@pytest.mark.parametrize("base", ["", "/api/v1", "/openai/v1", "/inference"])
async def test_a_server_may_have_its_api_at_the_root_or_under_a_prefix(managed: Managed, base: str) -> None:
    async with fault_server(answers("Hello")) as server:
        async with managed(f"{server.origin}{base}/chat/completions") as manager:
            assert (await ask(manager))[0] == "Hello"
            await manager.models("compatible")
        assert [call.path for call in server.calls] == [f"{base}/chat/completions", f"{base}/models"]
