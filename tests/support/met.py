"""One question to a server that does something wrong, in any wire format, and what came of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from dialect import MODEL, Dialect
from fault_server import (
    Call,
    FaultServer,
    Handler,
    fault_server,
)
from managed_providers import managed
from nuke_ai_panel.providers.base import Request
from nuke_ai_panel.providers.errors import Problem, ProviderError
from nuke_ai_panel.providers.limits import Limits
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.messages import Message, StreamEvent, Text, TextDelta, Waiting

KEY = "sk-SENTINEL-0123456789abcdefghij"
QUICK = Limits(connect=0.15, first_event=0.2, first_event_local=0.2, idle=0.2, idle_local=0.2, total=5, test=1)
QUESTION = Request(MODEL, (Message("user", (Text("hi"),)),))


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
