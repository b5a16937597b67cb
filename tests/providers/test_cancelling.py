"""Cancelled at each point where it waits, a question and a test leave nothing; a host that stood still cuts nothing."""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import Any

import pytest
import trustme
from cancelled_at import CancelledAt
from dialect import Dialect
from dialects import ALL
from fault_server import Call, Handler, chat, chunk, fault_server, model_list, silent_after_a_token
from managed_providers import managed
from nuke_ai_panel.providers.base import Request
from nuke_ai_panel.providers.limits import Limits
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.messages import Message, Progress, Text, TextDelta
from own_time import own_time

QUESTION = Request("tiny", (Message("user", (Text("hi"),)),))


async def two_tokens(call: Call) -> None:
    """A model list, or two tokens and then nothing until the client leaves."""
    if call.method == "GET":
        await call.reply(model_list("tiny"))
    else:
        await call.stream(chunk("Hel"))
        await call.part(chunk("lo"))
    await call.gone.wait()


def is_whole(call: Call) -> bool:
    """A whole answer leaves a connection that may serve again."""
    return call.method == "GET" or call.path == "/api/show"


def two_tokens_of(dialect: Dialect) -> Handler:
    """The same in any format; its server also says who it is, and downloads a model."""

    async def handle(call: Call) -> None:
        call.keep_open = is_whole(call)
        if call.keep_open:
            version: Any = {"version": "1"} if call.path.endswith("/version") else {}
            await call.reply(json.dumps(version or (dialect.model_list("tiny") if call.method == "GET" else {})))
            return
        await call.begin(dialect.content_type)
        layer = {"status": "pulling a", "digest": "a", "total": 2, "completed": 1}
        pulls = call.path == "/api/pull"
        for event in [json.dumps(layer).encode() + b"\n"] if pulls else dialect.beginning("Hel", "lo"):
            await call.part(event)
        await call.gone.wait()

    return handle


async def question(manager: ProviderManager) -> None:
    async with manager.stream(manager.configs[0].id, QUESTION) as answer:
        async for event in answer:
            if event == TextDelta("lo"):
                return


async def models(manager: ProviderManager) -> None:
    await manager.models(manager.configs[0].id)


async def connection_test(manager: ProviderManager) -> None:
    report = await manager.check(manager.configs[0], on_step=lambda _: None)
    assert report.ok


async def connection_test_with_a_token(manager: ProviderManager) -> None:
    report = await manager.check(manager.configs[0], model="tiny", on_step=lambda _: None, spend=True)
    assert report.ok


async def download(manager: ProviderManager) -> None:
    async with manager.pull(manager.configs[0].id, "tiny") as progress:
        async for event in progress:
            if event == Progress("Downloading tiny", 0.5):
                return


EVERYWHERE = [
    *(
        (dialect, use)
        for dialect in ALL.values()
        for use in (question, models, connection_test, connection_test_with_a_token)
    ),
    *((dialect, download) for dialect in ALL.values() if dialect.format == "ollama"),
]


def _named(value: Any) -> str:
    return value.format if isinstance(value, Dialect) else value.__name__


@pytest.mark.parametrize(("dialect", "use"), EVERYWHERE, ids=_named)
async def test_cancelled_wherever_it_waits_it_leaves_nothing(dialect: Dialect, use: Any) -> None:
    reached, number = True, 0
    while reached:
        number += 1
        async with (
            fault_server(two_tokens_of(dialect)) as server,
            managed(server.origin + dialect.base_path, provider=dialect.provider, key="sk-0123456789abc") as manager,
        ):
            work = CancelledAt(use(manager), number)

            async def run(work: CancelledAt = work) -> None:
                await work

            await asyncio.wait([asyncio.get_running_loop().create_task(run())])
            assert manager.open_streams == 0
            assert not [name for name in manager.open_sessions if name.startswith("test of ")]
            async with asyncio.timeout(1):
                for call in server.calls:
                    if not is_whole(call):
                        await call.gone.wait()
        reached = work.reached
    assert number > 4


async def test_an_encrypted_stream_is_left_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with fault_server(silent_after_a_token(), tls=context) as server, managed(server.url) as manager:
        async with manager.stream("compatible", QUESTION) as answer:
            await anext(answer)
        async with asyncio.timeout(0.1):
            await server.calls[0].gone.wait()


def stand_still(seconds: float) -> None:
    """What a host does that renders on the thread of its loop."""
    end = own_time() + seconds
    while own_time() < end:
        pass


IMPATIENT = Limits(first_event_local=20, idle_local=0.2)


async def test_a_host_that_stood_still_between_two_tokens_loses_nothing() -> None:
    async def handle(call: Call) -> None:
        await call.stream(chunk("Hel"))
        await call.pause(0.1)
        await call.part(b"".join(chat("lo")))
        await call.end()

    async with fault_server(handle) as server, managed(server.url, limits=IMPATIENT) as manager:
        text: list[str] = []
        async with manager.stream("compatible", QUESTION) as answer:
            async for event in answer:
                if isinstance(event, TextDelta):
                    text.append(event.text)
                    if text == ["Hel"]:
                        asyncio.get_running_loop().call_soon(stand_still, 0.6)  # while it waits for the next one
        assert text == ["Hel", "lo"]


async def test_the_time_in_which_nobody_reads_is_no_silence() -> None:
    async def handle(call: Call) -> None:
        await call.stream(chunk("Hel"))
        await call.pause(0.02)
        await call.part(b"".join(chat("lo")))
        await call.end()

    async with fault_server(handle) as server, managed(server.url, limits=IMPATIENT) as manager:
        text = ""
        async with manager.stream("compatible", QUESTION) as answer:
            async for event in answer:
                if isinstance(event, TextDelta):
                    text += event.text
                    stand_still(0.4)
        assert text == "Hello"


async def test_nothing_is_opened_after_the_end() -> None:
    async with fault_server(two_tokens) as server, managed(server.url) as manager:
        await manager.close()
        for use in (question, models, connection_test):
            with pytest.raises(Exception, match="The panel could not answer"):
                await use(manager)
        assert (manager.open_sessions, server.connections) == ((), 0)
