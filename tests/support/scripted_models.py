"""A `Models` whose answers are written down: what a turn does with events, without a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from nuke_ai_panel.providers.base import Request
from nuke_ai_panel.providers.errors import ProviderError
from nuke_ai_panel.providers.messages import StreamEvent

Script = Sequence[StreamEvent | ProviderError | asyncio.Event]


class ScriptedModels:
    """Plays one script a request: events are given, errors raised, an asyncio.Event is waited for."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.requests: list[Request] = []
        self.open = 0

    def label(self, provider_id: str) -> str:
        return "The Service"

    async def model_for(self, provider_id: str) -> str:
        return "model-1"

    @asynccontextmanager
    async def stream(self, provider_id: str, request: Request) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        self.requests.append(request)
        self.open += 1
        try:
            yield _play(self.scripts.pop(0))
        finally:
            self.open -= 1


async def _play(script: Script) -> AsyncIterator[StreamEvent]:
    for step in script:
        if isinstance(step, ProviderError):
            raise step
        if isinstance(step, asyncio.Event):
            await step.wait()
        else:
            yield step
