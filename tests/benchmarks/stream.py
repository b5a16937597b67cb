"""What a stream costs from the socket to typed events: `python tests/benchmarks/stream.py [--json]`, in group `bench`.

The server is a process of its own. Ours, the vendors' clients and aiohttp with `json` alone take turns, 7 rounds; what
is compared is the CPU time of this process. Takes about two minutes.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import loop_server
import stream_server
from measuring import ROUNDS, Row, interleaved, plain_row, ratio_row, show
from nuke_ai_panel.panel.threads import run_blocking
from nuke_ai_panel.providers.base import Request
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.errors import ProviderError
from nuke_ai_panel.providers.manager import ProviderConfig, ProviderManager, RequestPolicy
from nuke_ai_panel.providers.messages import Finished, Message, Text, TextDelta
from nuke_ai_panel.providers.redact import Redactor, Secret

HERE = Path(__file__).parent
PIECES = 20_000
ASKED = Request("tiny", (Message("user", (Text("hi"),)),))
QUESTION = [{"role": "user", "content": "hi"}]
KEY = "sk-ant-nothing"

PATHS = {
    "compatible": "/v1",
    "anthropic": "/v1",
    "ollama": "",
    "openai": "/v1",
    "gemini": "/v1beta",
}
ENDINGS = {
    "compatible": "/v1/chat/completions",
    "anthropic": "/v1/messages",
    "ollama": "/api/chat",
    "openai": "/v1/responses",
    "gemini": "/v1beta/models/tiny:streamGenerateContent",
}

V = TypeVar("V")
Pieces = Callable[[], Awaitable[int]]
"""Asks once, and gives how many pieces of text came."""
Client = Callable[[], AbstractAsyncContextManager[Pieces]]
"""A client that is ready: what it costs to make one, mostly the reading of certificates, is no cost of a stream."""


def main() -> int:
    if sys.argv[1:2] == ["--grow"]:
        print(_run(grown_mb(sys.argv[2])))
        return 0
    with stream_server.running() as url:
        show(rows(url))
    return 0


def rows(url: str) -> Iterator[Row]:
    yield from events(url)
    yield from large(url)
    with loop_server.running() as (url, _):
        yield from many(url)


def events(url: str) -> Iterator[Row]:
    """CPU of an event. Each client ends with the same number of pieces."""
    place = f"{url}/{PIECES}"
    peers: dict[str, Client] = {
        **{f"ours, {provider}": partial(ours, provider, place) for provider in PATHS},
        **{f"alone, {provider}": partial(alone, place + ENDINGS[provider]) for provider in PATHS},
        "openai": partial(with_openai, place),
        "openai, responses": partial(with_responses, place),
        "anthropic": partial(with_anthropic, place),
        "ollama": partial(with_ollama, place),
    }
    figures = {name: partial(_figure, client) for name, client in peers.items()}
    for figure in figures.values():
        figure()
    cpu = interleaved(figures)
    for provider in PATHS:
        name = f"{provider}: CPU from the socket to an event"
        yield ratio_row(name, cpu[f"ours, {provider}"], cpu[f"alone, {provider}"], "aiohttp + json", "us", at_most=4)
    for peer, provider, bar in (
        ("openai", "compatible", 6),
        ("openai, responses", "openai", None),
        ("anthropic", "anthropic", 4),
        ("ollama", "ollama", 3),
    ):
        name = f"CPU of the {peer} client for an event"
        yield ratio_row(name, cpu[peer], cpu[f"ours, {provider}"], "ours", "us", at_least=bar)


def _figure(client: Client) -> float:
    return _run(cpu_us(client))


async def cpu_us(client: Client) -> float:
    """Microseconds of CPU for one piece, of this process with all its threads."""
    async with client() as pieces:
        began = time.process_time()
        found = await pieces()
        spent = time.process_time() - began
    if found != PIECES:
        raise RuntimeError(f"{found} of {PIECES} pieces came")
    return spent / PIECES * 1e6


@asynccontextmanager
async def ours(provider: str, url: str) -> AsyncGenerator[Pieces]:
    async def pieces() -> int:
        async with providers.stream(provider, ASKED) as answer:
            return sum([1 async for event in answer if isinstance(event, TextDelta)])

    async with manager(provider, url) as providers:
        await providers.prepare()
        yield pieces


def manager(provider: str, url: str) -> ProviderManager:
    async def key_for(_: str, __: str) -> Secret:
        return Secret(KEY)

    config = ProviderConfig(PROVIDERS[provider], url + PATHS[provider], "tiny")
    policy = RequestPolicy(retries=0, at_once=1000)  # what is measured is not to wait for its turn
    return ProviderManager([config], key_for=key_for, run_blocking=run_blocking, policy=policy, redactor=Redactor())


@asynccontextmanager
async def alone(url: str) -> AsyncGenerator[Pieces]:
    """Lines and documents, and nothing done with them: less is no client."""

    async def pieces() -> int:
        found, rest = 0, b""
        async with session.post(url, json={}) as response:
            async for piece in response.content.iter_any():
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    text = line.removeprefix(b"data: ")
                    if text.startswith(b"{"):
                        document = json.loads(text)
                        found += stream_server.TEXT in str(document.get("delta", "")) or "choices" in document
        return PIECES if found or rest == b"" else 0

    async with aiohttp.ClientSession() as session:
        yield pieces


@asynccontextmanager
async def with_openai(url: str) -> AsyncGenerator[Pieces]:
    from openai import AsyncOpenAI

    async def pieces() -> int:
        stream = await client.chat.completions.create(model="tiny", messages=QUESTION, stream=True)
        return sum([1 async for event in stream if event.choices and event.choices[0].delta.content])

    async with AsyncOpenAI(api_key=KEY, base_url=f"{url}/v1") as client:
        yield pieces


@asynccontextmanager
async def with_responses(url: str) -> AsyncGenerator[Pieces]:
    from openai import AsyncOpenAI

    async def pieces() -> int:
        stream = await client.responses.create(model="tiny", input="hi", stream=True)
        return sum([1 async for event in stream if event.type == "response.output_text.delta"])

    async with AsyncOpenAI(api_key=KEY, base_url=f"{url}/v1") as client:
        yield pieces


@asynccontextmanager
async def with_anthropic(url: str) -> AsyncGenerator[Pieces]:
    from anthropic import AsyncAnthropic

    async def pieces() -> int:
        async with client.messages.stream(model="tiny", max_tokens=9, messages=QUESTION) as stream:
            return sum([1 async for event in stream if event.type == "text"])

    async with AsyncAnthropic(api_key=KEY, base_url=url) as client:
        yield pieces


@asynccontextmanager
async def with_ollama(url: str) -> AsyncGenerator[Pieces]:
    from ollama import AsyncClient

    async def pieces() -> int:
        stream = await client.chat(model="tiny", messages=QUESTION, stream=True)
        return sum([1 async for event in stream if event.message.content])

    client = AsyncClient(host=url)
    yield pieces
    await client.close()


def many(url: str) -> Iterator[Row]:
    """On the shared loop, beside a Qt timer."""
    lives = [_child(str(HERE / "stream_work.py"), "at_once", url) for _ in range(3)]
    words = "100 answers x 100 pieces/s at once: "
    yield plain_row(f"{words}a 5 ms timer, 99 of 100", [life["p99_ms"] for life in lives], "ms", at_most=20)
    yield plain_row(f"{words}its longest gap", [life["longest_ms"] for life in lives], "ms", at_most=100)
    yield plain_row(f"{words}of a core", [life["core"] for life in lives], "%")
    stops = [_child(str(HERE / "stream_work.py"), "cancels", url) for _ in range(3)]
    yield plain_row("500 x Stop: until it has ended, 99 of 100", [life["p99_ms"] for life in stops], "ms", at_most=50)
    left = [life["left"] for life in (*lives, *stops)]
    yield plain_row("  streams and tasks left", left, "", at_most=0)


def _child(*command: str) -> Any:
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _run(work: Coroutine[None, None, V]) -> V:
    with asyncio.Runner() as runner:
        return runner.run(work)


def large(url: str) -> Iterator[Row]:
    for name, what in (("one event of 10 MB", "10mb"), ("10 MB in pieces of 64 bytes", "drops")):
        seconds = [_run(seconds_of(f"{url}/{what}")) for _ in range(ROUNDS)]
        yield plain_row(name, seconds, "s", at_most=0.5)
    grown = [_in_a_child(f"{url}/endless") for _ in range(3)]
    yield plain_row("an endless answer: memory until it is ended", grown, "MB", at_most=64)


async def seconds_of(url: str) -> float:
    async with AsyncExitStack() as stack:
        providers = await stack.enter_async_context(manager("compatible", url))
        await providers.prepare()
        began = time.perf_counter()
        answer = await stack.enter_async_context(providers.stream("compatible", ASKED))
        last = [event async for event in answer][-1]
        if not isinstance(last, Finished):
            raise RuntimeError("it did not end in order")
        return time.perf_counter() - began


def _in_a_child(url: str) -> float:
    """The most memory that a process ever had says nothing once it has done something else."""
    return _child(__file__, "--grow", url)


async def grown_mb(url: str) -> float:
    """From when the first piece has come."""
    before = 0
    async with manager("compatible", url) as providers:
        try:
            async with providers.stream("compatible", ASKED) as answer:
                async for _ in answer:
                    before = before or _most_kb()
        except ProviderError as error:
            if error.problem.kind != "answer_too_large":
                raise
    return (_most_kb() - before) / 1024


def _most_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    raise SystemExit(main())
