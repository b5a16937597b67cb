"""A real proxy on the way: what passes it, what never does, and that what goes wrong there is told as the proxy's."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import trustme
from cancelled_at import CancelledAt
from certificates import authority_file, server_side
from fault_server import Call, answers, chat, fails, fault_server, redirects_to, refused_url, silent_port, web_page
from guards import UnseenErrors
from managed_providers import managed
from nuke_ai_panel.providers.base import CheckReport, Request
from nuke_ai_panel.providers.errors import Problem, ProviderError
from nuke_ai_panel.providers.limits import Limits
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.messages import Message, Text, TextDelta
from nuke_ai_panel.providers.network import Network
from proxy_server import ProxyServer, proxy_server

PASSWORD = "p:w@rd/ \N{SNOWMAN}%41#?-SENTINEL-0123"
"""With everything that an address, a header or a form would write otherwise."""
QUESTION = Request("tiny", (Message("user", (Text("hi"),)),))
BEHIND = "api.example"
"""A name that only the proxy can find."""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    return authority_file(authority, tmp_path)


@pytest.fixture
def behind(authority: trustme.CA) -> ssl.SSLContext:
    """The encryption of a server that stands behind the proxy."""
    return server_side(authority, BEHIND)


async def ask(manager: ProviderManager) -> tuple[str, Problem | None]:
    text = ""
    try:
        async with manager.stream("compatible", QUESTION) as answer:
            async for event in answer:
                text += event.text if isinstance(event, TextDelta) else ""
    except ProviderError as error:
        return text, error.problem
    return text, None


async def check(manager: ProviderManager) -> CheckReport:
    return await manager.check(manager.configs[0], on_step=lambda _: None)


def through(proxy: ProxyServer | str, *, user: str = "", ca_file: str = "") -> Network:
    address = proxy if isinstance(proxy, str) else proxy.address
    return Network(proxy="manual", proxy_address=address, proxy_user=user, ca_file=ca_file)


def steps(report: CheckReport) -> dict[str, tuple[bool | None, str]]:
    return {step.name: (step.ok, step.detail) for step in report.steps}


# What passes.


async def test_without_encryption_the_proxy_reads_the_whole_address() -> None:
    async with fault_server(answers("Hello")) as server, proxy_server(names={BEHIND: server.port}) as proxy:
        async with managed(f"http://{BEHIND}/v1", network=through(proxy), key="k-123456") as manager:
            assert await ask(manager) == ("Hello", None)
            report = await check(manager)
        assert report.ok
        assert proxy.passed[0] == f"POST http://{BEHIND}/v1/chat/completions"
        assert server.calls[0].headers["authorization"] == "Bearer k-123456"
        assert server.calls[0].headers["host"] == BEHIND


async def test_with_encryption_the_proxy_sees_a_tunnel_and_nothing_else(behind: ssl.SSLContext, ca_file: str) -> None:
    async with (
        fault_server(answers("Hello"), tls=behind) as server,
        proxy_server(names={BEHIND: server.port}) as proxy,
        managed(f"https://{BEHIND}/v1", network=through(proxy, ca_file=ca_file), key="k-123456") as manager,
    ):
        assert await ask(manager) == ("Hello", None)
        report = await check(manager)
        assert report.ok, report
        assert set(proxy.passed) == {f"CONNECT {BEHIND}:443"}
        assert all("authorization" not in headers for headers in proxy.headers)
        told = steps(report)
        assert list(told) == ["Address", "DNS", "TCP", "Proxy", "TLS", "API", "Key", "Models", "Model"]
        assert told["DNS"] == (True, "the proxy, 127.0.0.1, nothing to look up")
        assert told["TCP"] == (True, f"port {proxy.port}, the proxy")
        assert told["Proxy"] == (True, f"{proxy.place}, named by the settings")
        assert told["TLS"][1].startswith("1.3, certificate valid to ")
        assert all(step.ms is not None for step in report.steps if step.name in ("DNS", "TCP", "Proxy", "TLS"))


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_login_with_odd_characters_is_accepted(scheme: str, behind: ssl.SSLContext, ca_file: str) -> None:
    async with (
        fault_server(answers("Hello"), tls=behind if scheme == "https" else None) as server,
        proxy_server(user="änn", password=PASSWORD, names={BEHIND: server.port}) as proxy,
        managed(
            f"{scheme}://{BEHIND}/v1",
            network=through(proxy, user="änn", ca_file=ca_file),
            proxy_password=PASSWORD,
        ) as manager,
    ):
        assert await ask(manager) == ("Hello", None)
        assert await ask(manager) == ("Hello", None)
        assert (await check(manager)).ok
        assert proxy.refused == 0
        assert all("proxy-authorization" not in call.headers for call in server.calls)


async def test_a_proxy_that_is_encrypted_itself_works(
    authority: trustme.CA, behind: ssl.SSLContext, ca_file: str
) -> None:
    async with (
        fault_server(answers("Hello"), tls=behind) as server,
        proxy_server(tls=server_side(authority, "127.0.0.1"), names={BEHIND: server.port}) as proxy,
        managed(f"https://{BEHIND}/v1", network=through(proxy, ca_file=ca_file)) as manager,
    ):
        assert await ask(manager) == ("Hello", None)
        assert (await check(manager)).ok


async def test_a_stream_is_left_at_once_through_the_proxy_as_well(behind: ssl.SSLContext, ca_file: str) -> None:
    async def endless(call: Call) -> None:
        await call.stream(*chat("Hello")[:1])
        await call.gone.wait()

    async with (
        fault_server(endless, tls=behind) as server,
        proxy_server(names={BEHIND: server.port}) as proxy,
        managed(f"https://{BEHIND}/v1", network=through(proxy, ca_file=ca_file)) as manager,
    ):
        async with manager.stream("compatible", QUESTION) as answer:
            await anext(answer)
        async with asyncio.timeout(1):
            await server.calls[0].gone.wait()


@pytest.mark.parametrize("use", [ask, check])
async def test_cancelled_wherever_it_waits_it_leaves_nothing(
    use: Callable[[ProviderManager], Any], behind: ssl.SSLContext, ca_file: str
) -> None:
    reached, number = True, 0
    async with (
        fault_server(answers("Hello"), tls=behind) as server,
        proxy_server(user="ann", password=PASSWORD, names={BEHIND: server.port}) as proxy,
    ):
        network = through(proxy, user="ann", ca_file=ca_file)
        while reached:
            number += 1
            async with managed(f"https://{BEHIND}/v1", network=network, proxy_password=PASSWORD) as manager:
                work = CancelledAt(use(manager), number)

                async def run(work: CancelledAt = work) -> None:
                    await work

                await asyncio.wait([asyncio.get_running_loop().create_task(run())])
                assert manager.open_streams == 0
                assert "test of compatible" not in manager.open_sessions
            reached = work.reached
        while proxy.running:  # each of their connections has seen ours end
            await asyncio.wait(proxy.running)
    assert number > 6


# What does not pass, each told as the proxy's.


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(("user", "words"), [("", "without them"), ("ann", "refused the user name or the password")])
async def test_a_missing_and_a_wrong_login_are_told(scheme: str, user: str, words: str) -> None:
    async with (
        proxy_server(user="ann", password=PASSWORD) as proxy,
        managed(
            f"{scheme}://{BEHIND}/v1", network=through(proxy, user=user), proxy_password="wrong-SENTINEL-99"
        ) as manager,
    ):
        _, problem = await ask(manager)
        report = await check(manager)
    assert problem and report.problem
    assert problem.kind == report.problem.kind == "proxy_auth"
    assert words in problem.why and words in report.problem.why
    assert steps(report)["Proxy" if scheme == "https" else "API"] == (False, "the proxy wants a login, HTTP 407")
    assert "SENTINEL" not in repr((problem, report))


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_dead_proxy_is_named(scheme: str) -> None:
    place = refused_url().removeprefix("http://").removesuffix("/v1")
    async with managed(f"{scheme}://{BEHIND}/v1", network=through(place)) as manager:
        _, problem = await ask(manager)
        report = await check(manager)
    assert problem == report.problem or (problem and report.problem and problem.why == report.problem.why)
    assert problem and problem.kind == "proxy_refused" and place in problem.title
    assert problem.why == (
        "The proxy cannot be reached: nothing is listening there. It is the one in the network settings."
    )
    assert steps(report)["TCP"] == (False, "stopped at the proxy") and steps(report)["Proxy"] == (None, "not run")


async def test_many_questions_at_once_all_name_the_dead_proxy() -> None:
    place = refused_url().removeprefix("http://").removesuffix("/v1")
    async with managed(f"https://{BEHIND}/v1", network=through(place)) as manager, asyncio.TaskGroup() as group:
        asked = [group.create_task(ask(manager)) for _ in range(10)]
    assert {problem.kind for _, problem in (task.result() for task in asked) if problem} == {"proxy_refused"}


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_whose_name_is_unknown_is_not_mistaken_for_the_server(scheme: str) -> None:
    async with managed(f"{scheme}://{BEHIND}/v1", network=through("proxy.invalid:3128")) as manager:
        _, problem = await ask(manager)
        report = await check(manager)
    assert problem and problem.kind == "proxy_refused" and "its name was not found" in problem.why
    assert report.problem and report.problem.why == problem.why and steps(report)["DNS"][0] is False


async def test_a_proxy_that_hangs_is_given_up_and_named() -> None:
    limits = Limits(connect=0.3)
    async with (
        proxy_server(hangs=True) as proxy,
        managed(f"https://{BEHIND}/v1", network=through(proxy), limits=limits) as manager,
    ):
        _, problem = await ask(manager)
        report = await check(manager)
    for told in (problem, report.problem):
        assert told and told.kind == "connect_timeout" and f"the proxy {proxy.place}" in told.why
    assert steps(report)["Proxy"] == (False, "no answer")


async def test_a_proxy_that_hangs_can_be_left_at_once() -> None:
    for use in (ask, check):
        async with (
            proxy_server(hangs=True) as proxy,
            managed(f"https://{BEHIND}/v1", network=through(proxy)) as manager,
        ):
            async with asyncio.TaskGroup() as group:
                using = group.create_task(use(manager))
                await proxy.asked.wait()
                using.cancel()
            assert proxy.passed == []


ODD = {
    b"\x00\x01 no HTTP\r\n\r\n": "What answers there is no HTTP proxy.",
    b"\x15\x03\x01\x00\x02\x02\x16\r\n\r\n": "The proxy speaks https: begin its address with https://.",
    b"": "The proxy hung up without an answer.",
    b"SSH-2.0-OpenSSH_9.2\r\n": "What answers there is no HTTP proxy.",
    b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n": "What answers there is no HTTP proxy.",
}
ANSWERED = {
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n": "502",
    b"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!": "403",
    b"HTTP/1.1 302 Found\r\nLocation: https://portal.invalid/\r\nContent-Length: 0\r\n\r\n": "302",
}


@pytest.mark.parametrize("odd", ODD)
async def test_what_is_no_proxy_is_told(odd: bytes) -> None:
    async with proxy_server(odd=odd) as proxy, managed(f"https://{BEHIND}/v1", network=through(proxy)) as manager:
        _, problem = await ask(manager)
        report = await check(manager)
    for told in (problem, report.problem):
        assert told and (told.kind, told.why) == ("proxy_refused", ODD[odd]) and proxy.place in told.title
    assert steps(report)["Proxy"][0] is False


@pytest.mark.parametrize("odd", list(ODD)[:4])
async def test_what_is_no_proxy_is_told_without_encryption_as_well(odd: bytes) -> None:
    async with proxy_server(odd=odd) as proxy, managed(f"http://{BEHIND}/v1", network=through(proxy)) as manager:
        _, problem = await ask(manager)
    assert problem and (problem.kind, problem.why) == ("proxy_refused", ODD[odd])


@pytest.mark.parametrize("odd", ANSWERED)
async def test_an_answer_of_the_proxy_is_not_taken_for_the_servers(odd: bytes) -> None:
    async with proxy_server(odd=odd) as proxy, managed(f"https://{BEHIND}/v1", network=through(proxy)) as manager:
        _, problem = await ask(manager)
        report = await check(manager)
    for told in (problem, report.problem):
        assert told and told.kind == "proxy_refused"
        assert told.why == f"The proxy answered with HTTP {ANSWERED[odd]} when it was asked for {BEHIND}."


async def test_a_proxy_that_cannot_reach_the_server_says_so_without_encryption_too() -> None:
    port = int(refused_url().rpartition(":")[2].removesuffix("/v1"))
    async with (
        proxy_server(names={BEHIND: port}) as proxy,
        managed(f"http://{BEHIND}/v1", network=through(proxy)) as manager,
    ):
        _, problem = await ask(manager)
    assert problem and problem.kind == "proxy_refused" and "HTTP 502" in problem.why


async def test_a_redirect_behind_a_proxy_leaves_both_in_question() -> None:
    async with (
        fault_server(redirects_to("http://portal.invalid/")) as server,
        proxy_server(names={BEHIND: server.port}) as proxy,
        managed(f"http://{BEHIND}/v1", network=through(proxy)) as manager,
    ):
        _, problem = await ask(manager)
        assert problem and problem.kind == "redirected"
        assert problem.why == (
            f"It, or the proxy {proxy.place}, redirects to http://portal.invalid/; nothing was sent there."
        )


async def test_the_answers_of_a_server_behind_a_proxy_stay_the_servers() -> None:
    for handler, kind in ((web_page(), "not_an_api"), (fails("401 No", {}), "key_missing")):
        async with (
            fault_server(handler) as server,
            proxy_server(names={BEHIND: server.port}) as proxy,
            managed(f"http://{BEHIND}/v1", network=through(proxy)) as manager,
        ):
            _, problem = await ask(manager)
            assert problem and problem.kind == kind


@pytest.mark.parametrize("whose", ["127.0.0.1", BEHIND])
async def test_the_certificate_of_the_proxy_is_told_apart_from_the_servers(
    whose: str, behind: ssl.SSLContext, ca_file: str
) -> None:
    stranger = server_side(trustme.CA(), "127.0.0.1", BEHIND)
    # One of the two only: Python 3.11.7 logs a fault of its own where the inner of two handshakes fails.
    proxys, servers = (None, stranger) if whose == BEHIND else (stranger, behind)
    async with (
        fault_server(answers("Hello"), tls=servers) as server,
        proxy_server(tls=proxys, names={BEHIND: server.port}) as proxy,
        managed(f"https://{BEHIND}/v1", network=through(proxy, ca_file=ca_file)) as manager,
    ):
        _, problem = await ask(manager)
        report = await check(manager)
    for told in (problem, report.problem):
        assert told and told.kind == "cert_untrusted" and told.title.startswith(f"The certificate of {whose}")
    assert steps(report)["TLS" if whose == BEHIND else "Proxy"] == (False, "certificate not trusted")


async def test_a_handshake_inside_of_another_that_fails_is_told(
    authority: trustme.CA, ca_file: str, unseen_errors: UnseenErrors
) -> None:
    """asyncio itself may break on it (Python 3.11.7): then the certificate cannot be named as the cause."""
    stranger = server_side(trustme.CA(), BEHIND)
    async with (
        fault_server(answers("Hello"), tls=stranger) as server,
        proxy_server(tls=server_side(authority, "127.0.0.1"), names={BEHIND: server.port}) as proxy,
        managed(f"https://{BEHIND}/v1", network=through(proxy, ca_file=ca_file)) as manager,
    ):
        _, problem = await ask(manager)
        report = await check(manager)
    for told in (problem, report.problem):
        assert told and told.kind in ("cert_untrusted", "tls_failed")
        if told.kind == "tls_failed":
            unseen_errors.expect("Fatal error on SSL protocol")
    assert steps(report)["TLS"][0] is False


async def test_a_server_that_does_not_greet_behind_the_proxy_is_given_up() -> None:
    async with (
        silent_port() as server,
        proxy_server(names={BEHIND: server.port}) as proxy,
        managed(f"https://{BEHIND}/v1", network=through(proxy), limits=Limits(connect=0.3)) as manager,
    ):
        _, problem = await ask(manager)
        report = await check(manager)
    for told in (problem, report.problem):
        assert told and told.kind == "connect_timeout"
    assert steps(report)["TLS"] == (False, "no answer")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "name none"),
        ("socks5://127.0.0.1:1080", "SOCKS"),
        ("ann:secret-SENTINEL@127.0.0.1:3128", "have fields of their own"),
        ("http://127.0.0.1:99999", "port"),
        ("ftp://127.0.0.1", "http://"),
        ("http://a b:1", "name"),
    ],
)
async def test_a_proxy_that_cannot_be_used_is_told_in_words_and_not_gone_around(address: str, words: str) -> None:
    async with fault_server(answers("Hello")) as server:
        network = Network(proxy="manual", proxy_address=address)
        async with managed(f"http://unlisted.example:{server.port}/v1", network=network) as manager:
            _, problem = await ask(manager)
            report = await check(manager)
        assert server.connections == 0
    assert problem and problem.kind == "proxy_refused" and words in problem.why
    assert report.problem == problem
    assert list(steps(report))[:2] == ["Address", "Proxy"] and steps(report)["Proxy"][0] is False
    assert "SENTINEL" not in repr((problem, report))


# Who goes by it.


async def test_this_computer_is_never_reached_by_the_proxy() -> None:
    async with fault_server(answers("Hello")) as server, proxy_server() as proxy:
        for host in ("127.0.0.1", "localhost"):
            async with managed(f"http://{host}:{server.port}/v1", network=through(proxy)) as manager:
                assert await ask(manager) == ("Hello", None)
                assert "Proxy" not in steps(await check(manager))
        assert proxy.connections == 0


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
async def test_the_variables_of_the_system_name_a_proxy(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        fault_server(answers("Hello")) as server,
        proxy_server(user="ann", password=PASSWORD, names={BEHIND: server.port}) as proxy,
    ):
        monkeypatch.setenv(variable, f"http://ann:{quote(PASSWORD, safe='')}@{proxy.place}")
        async with managed(f"http://{BEHIND}/v1") as manager:
            assert await ask(manager) == ("Hello", None)
            report = await check(manager)
        assert steps(report)["Proxy"] == (True, f"{proxy.place}, named by the system's settings")
        monkeypatch.setenv("NO_PROXY", f"other.example, {BEHIND}")
        async with managed(f"http://{BEHIND}/v1") as manager:
            _, problem = await ask(manager)
        assert problem and problem.kind == "host_unknown"  # straight on, where nobody knows the name
        monkeypatch.delenv("NO_PROXY")
        async with managed(f"http://{BEHIND}/v1", network=Network(proxy="none")) as manager:
            _, problem = await ask(manager)
        assert problem and problem.kind == "host_unknown"


async def test_new_settings_of_the_network_count_from_the_next_question_on() -> None:
    async with fault_server(answers("Hello")) as server, proxy_server(names={BEHIND: server.port}) as proxy:
        async with managed(f"http://{BEHIND}/v1", network=Network(proxy="none")) as manager:
            assert (await ask(manager))[1] is not None
            manager.use_network(through(proxy))
            assert await ask(manager) == ("Hello", None)
            manager.use_network(through(proxy))
            assert await ask(manager) == ("Hello", None)
            assert manager.open_sessions == ("compatible",)


async def test_the_way_out_is_looked_for_again_after_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop is carried from one network to another while the panel is open."""
    async with fault_server(answers("Hello")) as server, proxy_server(names={BEHIND: server.port}) as proxy:
        async with managed(f"http://{BEHIND}/v1") as manager:
            _, problem = await ask(manager)
            assert problem and problem.kind == "host_unknown"
            monkeypatch.setenv("http_proxy", proxy.address)
            assert await ask(manager) == ("Hello", None)
