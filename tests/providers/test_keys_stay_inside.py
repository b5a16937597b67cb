"""A key goes to its server and nowhere else: whatever fails, it is in no error, no log, no name and no repr."""

from __future__ import annotations

import asyncio
import base64
import gc
import logging
import types
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fault_server import (
    Call,
    Handler,
    answers,
    chunk,
    closes_kept_connections,
    cut_in_the_middle,
    drips,
    ends_without_end_mark,
    error_in_stream,
    fails,
    fault_server,
    garbage_status_line,
    head,
    never_answers,
    one_event_of,
    redirects_to,
    refused_url,
    silent_after_a_token,
    sse,
    wants_key,
    web_page,
)
from managed_providers import managed
from nuke_ai_panel.providers.base import CheckReport, Request, Step
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.checks import report_text
from nuke_ai_panel.providers.errors import ProviderError
from nuke_ai_panel.providers.limits import Limits
from nuke_ai_panel.providers.manager import ProviderConfig, ProviderManager
from nuke_ai_panel.providers.messages import Message, Text
from nuke_ai_panel.providers.network import Network
from nuke_ai_panel.providers.redact import Redactor, Secret
from proxy_server import proxy_server

KEY = "odd-SENTINEL7f/3+9~qwertzuiop&asdf=%ghjkl-0123"
"""Of no known shape, and with characters that a URL writes otherwise."""

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


def forms(key: str) -> list[str]:
    """The key as a request, a URL or a header of Basic could carry it; base64 at each alignment."""
    coded = [base64.b64encode(b"user:"[before:] + key.encode()).decode() for before in range(3)]
    return [key, quote(key, safe=""), *coded, *(text.replace("/", "_") for text in coded)]


def gives_away(text: str) -> list[str]:
    """The forms of the key of which this text holds a piece. The last four characters may be told."""
    return [form for form in forms(KEY) if any(form[at : at + 12] in text for at in range(8, len(form) - 16))]


def echo_everywhere(text: str) -> dict[str, Handler]:
    """Servers that say the key back, one in each place where an answer has text."""

    async def in_the_status_line(call: Call) -> None:
        await call.reply("{}", status=f"500 {text}")

    async def in_a_wrong_status_line(call: Call) -> None:
        await call.send(f"{text}\r\n\r\n".encode())

    async def in_a_wrong_header(call: Call) -> None:
        await call.send(f"HTTP/1.1 200 OK\r\n{text}\r\n\r\n".encode())

    async def in_events_that_are_none(call: Call) -> None:
        await call.send(head("200 OK", "text/event-stream") + sse("x" * 480 + text) * 20)

    async def as_the_model(call: Call) -> None:
        await call.send(head("200 OK", "text/event-stream") + chunk("Hi", model=text))

    message = {"error": {"message": text, "type": text, "code": text}}
    return {
        "status line": in_the_status_line,
        "wrong status line": in_a_wrong_status_line,
        "wrong header": in_a_wrong_header,
        "bad events": in_events_that_are_none,
        "model": as_the_model,
        "message": fails("418 Teapot", message),
        "message of a 401": fails("401 Unauthorized", message, X_Request_Id=text),
        "page": fails("200 OK", "x" * 190 + text, kind="text/html"),
        "page of a 404": fails("404 Not Found", "x" * 1990 + text, kind="text/html"),
        "redirect": redirects_to(f"http://elsewhere.invalid/{'x' * 170}?{text}"),
        "stream": error_in_stream("Hi", error=message),
    }


FAULTS: dict[str, Handler] = {
    "healthy": answers("Hi"),
    "wrong key": wants_key("other", answers()),
    "web page": web_page(),
    "cut": cut_in_the_middle("Hi"),
    "no end mark": ends_without_end_mark("Hi"),
    "error in stream": error_in_stream("Hi"),
    "silence": silent_after_a_token(),
    "no answer": never_answers,
    "drips": drips(0.02),
    "too large": one_event_of(2 * 2**20),
    "no HTTP": garbage_status_line,
    "redirect": redirects_to("http://elsewhere.invalid/"),
    "stale": closes_kept_connections(answers("Hi")),
    **{
        f"{status} {kind}": fails(status, body, kind=kind)
        for status in ("400 x", "402 x", "403 x", "404 x", "429 x", "500 x", "502 x", "503 x")
        for body, kind in (({"error": {"message": "no"}}, "application/json"), ("<html>no</html>", "text/html"))
    },
}


class Ears(logging.Handler):
    """Hears every record of every logger, at DEBUG, the way a report would write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(f"{record.name} {self.format(record)} {record.args!r} {record.__dict__!r}")


@pytest.fixture
def ears() -> Iterator[Ears]:
    root, heard = logging.getLogger(), Ears()
    loggers = [root, *(logging.getLogger(name) for name in ("aiohttp.client", "aiohttp.internal", "asyncio", "qasync"))]
    before = [logger.level for logger in loggers]
    root.addHandler(heard)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield heard
    root.removeHandler(heard)
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


async def everything_said(manager: ProviderManager, url: str, key: str = KEY) -> list[str]:
    """What comes out of a question, a model list and a connection test, in every form that a report could take."""
    said: list[str] = []
    try:
        async with manager.stream("compatible", QUESTION) as answer:
            async for event in answer:
                said += [repr(event), *_state_of(manager)]
    except ProviderError as error:
        said += _told_by(error)
    try:
        said.append(repr(await manager.models("compatible")))
    except ProviderError as error:
        said += _told_by(error)
    config = ProviderConfig(PROVIDERS["compatible"], url, "tiny")
    steps: list[Step] = []
    report: CheckReport = await manager.check(config, key=Secret(key), model="tiny", on_step=steps.append)
    return [*said, repr(steps), repr(report), report_text(report, Redactor()), *_state_of(manager)]


def _told_by(error: BaseException | None) -> list[str]:
    """An exception and everything that hangs on it."""
    said: list[str] = []
    while error is not None:
        said += [str(error), repr(error), repr(error.args), repr(getattr(error, "__notes__", ""))]
        said.append(repr(getattr(error, "problem", "")))
        assert not type(error).__module__.startswith(("aiohttp", "ssl")), f"a foreign error hangs on: {error!r}"
        error = error.__cause__ or error.__context__
    return said


def _state_of(manager: ProviderManager) -> list[str]:
    """The tasks, and how every object prints that can be reached from the manager and is no bare container or text."""
    tasks = [f"{task.get_name()} {task!r} {task.get_coro()!r}" for task in asyncio.all_tasks()]
    return [*tasks, *(repr(thing) for thing in _reachable(manager))]


_FOREIGN = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, asyncio.AbstractEventLoop)
_BARE = (str, bytes, bytearray, int, float, dict, list, tuple, set, frozenset, types.CellType, types.MethodType)


def _reachable(start: object) -> Iterator[object]:
    seen, waiting = {id(start)}, [start]
    while waiting:
        thing = waiting.pop()
        if type(thing).__module__.startswith("nuke_ai_panel"):
            yield thing
        for inner in gc.get_referents(thing):
            ours = isinstance(inner, _BARE) or type(inner).__module__.startswith(("nuke_ai_panel", "aiohttp"))
            if id(inner) not in seen and ours and not isinstance(inner, _FOREIGN):
                seen.add(id(inner))
                waiting.append(inner)


async def assert_kept(handler: Handler, ears: Ears) -> None:
    async with fault_server(handler) as server, managed(server.url, key=KEY, limits=QUICK) as manager:
        said = await everything_said(manager, server.url)
        assert any(KEY in call.headers.get("authorization", "") for call in server.calls)
    found = [(gives_away(text), text[:500]) for text in (*said, *ears.heard) if gives_away(text)]
    assert found == []


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_fails_the_key_is_nowhere(fault: str, ears: Ears) -> None:
    await assert_kept(FAULTS[fault], ears)


@pytest.mark.parametrize("form", range(len(forms(KEY))))
@pytest.mark.parametrize("place", echo_everywhere(""))
async def test_a_server_that_says_the_key_back_is_not_repeated(place: str, form: int, ears: Ears) -> None:
    await assert_kept(echo_everywhere(f"you sent {forms(KEY)[form]} to us")[place], ears)


@pytest.mark.parametrize("url", ["http://nobody.invalid/v1", "refused", "https"])
async def test_where_nobody_is_reached_the_key_is_nowhere(url: str, ears: Ears) -> None:
    async with fault_server(answers()) as plain:
        url = {"refused": refused_url(), "https": plain.url.replace("http:", "https:")}.get(url, url)
        async with managed(url, key=KEY, limits=QUICK) as manager:
            said = await everything_said(manager, url)
    assert [text for text in (*said, *ears.heard) if gives_away(text)] == []


@pytest.mark.parametrize("key", [f"{KEY}\r\nX-Evil: 1", f"{KEY}\0", f"{KEY}\N{LATIN SMALL LETTER E WITH ACUTE}"])
async def test_a_key_that_cannot_be_sent_is_not_told_either(key: str, ears: Ears) -> None:
    async with fault_server(answers()) as server, managed(server.url, key=key) as manager:
        with pytest.raises(ProviderError) as error:
            await manager.models("compatible")
        said = [*_told_by(error.value), *_state_of(manager)]
        assert server.connections == 0
    assert [text for text in (*said, *ears.heard) if gives_away(text)] == []


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
@pytest.mark.parametrize("told_by", ["settings", "system"])
@pytest.mark.parametrize("fault", [*PROXIES, "dead"])
async def test_whatever_fails_the_password_of_the_proxy_is_nowhere(
    fault: str, told_by: str, scheme: str, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fault_server(answers("Hi")) as server:
        options = {"user": "ann", "password": KEY, "names": {"api.example": server.port}, **PROXIES.get(fault, {})}
        async with proxy_server(**options) as proxy:
            address = refused_url().removesuffix("/v1") if fault == "dead" else proxy.address
            network = Network(proxy="manual", proxy_address=address, proxy_user="ann")
            if told_by == "system":
                network = Network()
                monkeypatch.setenv(f"{scheme}_proxy", address.replace("://", f"://ann:{quote(KEY, safe='')}@"))
            url = f"{scheme}://api.example/v1"
            async with managed(url, limits=QUICK, network=network, proxy_password=KEY) as manager:
                said = await everything_said(manager, url, key="k-1234567")
            assert fault == "dead" or any("proxy-authorization" in headers for headers in proxy.headers)
    assert [(gives_away(text), text[:500]) for text in (*said, *ears.heard) if gives_away(text)] == []


def test_an_excerpt_holds_no_half_of_a_key() -> None:
    redactor = Redactor()
    redactor.add(Secret(KEY))
    for length in range(150):
        assert not gives_away(redactor.excerpt(f"{'x' * 80}{KEY}{'y' * 80}", length))
