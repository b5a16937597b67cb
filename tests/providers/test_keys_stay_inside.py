"""A key goes to its server and nowhere else: whatever fails, it is in no error, no log, no name and no repr.

Every failure of a format is met at once, each as a provider of its own, with the key where the format has it and, every
other time, in a header of the user's.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import dialects
import pytest
from dialect import Dialect
from dialect_faults import SILENT, echoes, faults
from fault_server import Handler, answers, fault_server, refused_url
from managed_providers import managed
from nuke_ai_panel.providers.base import CheckReport, Request, Step
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.checks.report import report_text
from nuke_ai_panel.providers.errors import ProviderError
from nuke_ai_panel.providers.limits import Limits
from nuke_ai_panel.providers.manager import ProviderConfig, ProviderManager
from nuke_ai_panel.providers.messages import Message, Text
from nuke_ai_panel.providers.network import Network
from nuke_ai_panel.providers.redact import Redactor, Secret
from planted_keys import KEY, Ears, forms, gives_away, leaks, listening, state_of, told_by
from proxy_server import proxy_server

QUESTION = Request("tiny", (Message("user", (Text("hi"),)),))
QUICK = Limits(
    connect=0.3,
    first_event=0.1,
    first_event_local=0.1,
    idle_local=0.1,
    total=5,
    test=0.3,
    event_bytes=2**20,
    list_bytes=2**20,
)
TOGETHER = replace(QUICK, connect=20, first_event_local=20, idle_local=20, total=20, test=20)
"""For many at once: each must come so far that its key is sent."""
BRIEF = replace(QUICK, connect=5, first_event_local=0.4, idle_local=0.3, test=0.4)
"""For those that only a deadline ends."""
OWN_HEADER = {"X-Studio": "Token {key}"}
FORMATS = pytest.mark.parametrize("dialect", dialects.ALL.values(), ids=list(dialects.ALL))


@pytest.fixture
def ears() -> Iterator[Ears]:
    with listening() as ears:
        yield ears


async def everything_said(manager: ProviderManager) -> list[str]:
    """What comes out of questions, model lists and connection tests, in every form that a report could take."""
    said: list[str] = []
    async with asyncio.TaskGroup() as group:
        for config in manager.configs:
            group.create_task(_ask_and_list(manager, config.id, said))
            group.create_task(_check(manager, config, said))
    return said + state_of(manager)


async def _ask_and_list(manager: ProviderManager, provider_id: str, said: list[str]) -> None:
    """The list over the connection that the answer has left, if it has."""
    try:
        async with manager.stream(provider_id, QUESTION) as answer:
            async for event in answer:
                said.append(repr(event))
                if manager.configs[0].id == provider_id:
                    said += state_of(manager)
    except ProviderError as error:
        said += told_by(error)
    try:
        said.append(repr(await manager.models(provider_id)))
    except ProviderError as error:
        said += told_by(error)


async def _check(manager: ProviderManager, config: ProviderConfig, said: list[str]) -> None:
    steps: list[Step] = []
    report: CheckReport = await manager.check(config, model="tiny", on_step=steps.append)
    said += [repr(steps), repr(report), report_text(report, Redactor())]


async def assert_kept(dialect: Dialect, handlers: Mapping[str, Handler], limits: Limits, ears: Ears) -> None:
    row = replace(PROVIDERS[dialect.provider], needs_key=True)
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(fault_server(handler)) for handler in handlers.values()]
        configs = [
            ProviderConfig(
                replace(row, id=f"service-{place}", headers=OWN_HEADER if place % 2 else row.headers),
                server.origin + dialect.base_path,
                "tiny",
            )
            for place, server in enumerate(servers)
        ]
        async with managed("", configs=configs, key=KEY, limits=limits) as manager:
            said = await everything_said(manager)
    assert leaks([*said, *ears.heard]) == []
    for name, server in zip(handlers, servers, strict=True):
        headers = [value for call in server.calls for value in call.headers.values()]
        assert any(KEY in value for value in headers), f"{name} never got the key"


@FORMATS
async def test_whatever_fails_the_key_is_nowhere(dialect: Dialect, ears: Ears) -> None:
    handlers = faults(dialect)
    silent = {name: handlers.pop(name) for name in SILENT}
    await assert_kept(dialect, handlers, TOGETHER, ears)
    await assert_kept(dialect, silent, BRIEF, ears)


@FORMATS
async def test_a_server_that_says_the_key_back_is_not_repeated(dialect: Dialect, ears: Ears) -> None:
    said_back = {
        f"{place}, form {number}": handler
        for number, form in enumerate(forms(KEY))
        for place, handler in echoes(dialect, f"you sent {form} to us").items()
    }
    await assert_kept(dialect, said_back, TOGETHER, ears)


@pytest.mark.parametrize("url", ["http://nobody.invalid/v1", "refused", "https"])
async def test_where_nobody_is_reached_the_key_is_nowhere(url: str, ears: Ears) -> None:
    async with fault_server(answers()) as plain:
        url = {"refused": refused_url(), "https": plain.url.replace("http:", "https:")}.get(url, url)
        async with managed(url, key=KEY, limits=QUICK) as manager:
            said = await everything_said(manager)
    assert leaks([*said, *ears.heard]) == []


@pytest.mark.parametrize("key", [f"{KEY}\r\nX-Evil: 1", f"{KEY}\0", f"{KEY}\N{LATIN SMALL LETTER E WITH ACUTE}"])
async def test_a_key_that_cannot_be_sent_is_not_told_either(key: str, ears: Ears) -> None:
    async with fault_server(answers()) as server, managed(server.url, key=key) as manager:
        with pytest.raises(ProviderError) as error:
            await manager.models("compatible")
        said = [*told_by(error.value), *state_of(manager)]
        assert server.connections == 0
    assert leaks([*said, *ears.heard]) == []


LOGIN = base64.b64encode(f"ann:{KEY}".encode())
PROXIES: dict[str, dict[str, Any]] = {
    "right": {},
    "wrong": {"password": "another"},
    "hangs": {"hangs": True},
    "no proxy": {"odd": b"you sent Basic " + LOGIN + b"\r\n\r\n"},
    "status": {"odd": b"HTTP/1.1 502 " + LOGIN + b"\r\nContent-Length: 0\r\n\r\n"},
    "page": {"odd": b"HTTP/1.1 403 No\r\nContent-Type: text/html\r\nContent-Length: 99\r\n\r\n" + KEY.encode()},
    "407": {"odd": b"HTTP/1.1 407 " + KEY.encode() + b"\r\nX-Was: " + LOGIN + b"\r\nContent-Length: 0\r\n\r\n"},
    "redirect": {"odd": b"HTTP/1.1 302 Found\r\nLocation: http://ann:" + KEY.encode() + b"@x.invalid/\r\n\r\n"},
}


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_whatever_fails_the_password_of_a_proxy_in_the_settings_is_nowhere(scheme: str, ears: Ears) -> None:
    async def meet(fault: str) -> None:
        async with behind_a_proxy(fault) as address:
            network = Network(proxy="manual", proxy_address=address, proxy_user="ann")
            said.extend(await said_through_it(scheme, network=network, proxy_password=KEY))

    said: list[str] = []
    async with asyncio.TaskGroup() as group:
        for fault in [*PROXIES, "dead"]:
            group.create_task(meet(fault))
    assert leaks([*said, *ears.heard]) == []


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("fault", [*PROXIES, "dead"])
async def test_whatever_fails_the_password_of_a_proxy_of_the_system_is_nowhere(
    fault: str, scheme: str, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with behind_a_proxy(fault) as address:
        monkeypatch.setenv(f"{scheme}_proxy", address.replace("://", f"://ann:{quote(KEY, safe='')}@"))
        said = await said_through_it(scheme)
    assert leaks([*said, *ears.heard]) == []


@asynccontextmanager
async def behind_a_proxy(fault: str) -> AsyncIterator[str]:
    """The address of a proxy that wants the key as its password, or that does one thing wrong."""
    if fault == "dead":
        yield refused_url().removesuffix("/v1")
        return
    async with fault_server(answers("Hi")) as server:
        options = {"user": "ann", "password": KEY, "names": {"api.example": server.port}, **PROXIES[fault]}
        async with proxy_server(**options) as proxy:
            yield proxy.address
            assert any("proxy-authorization" in headers for headers in proxy.headers), f"{fault} got no password"


async def said_through_it(scheme: str, **network: Any) -> list[str]:
    async with managed(f"{scheme}://api.example/v1", key="k-1234567", limits=QUICK, **network) as manager:
        return await everything_said(manager)


def test_an_excerpt_holds_no_half_of_a_key() -> None:
    redactor = Redactor()
    redactor.add(Secret(KEY))
    for length in range(150):
        assert not gives_away(redactor.excerpt(f"{'x' * 80}{KEY}{'y' * 80}", length))
