"""The built-in guide: answers from rules and tools, without a model, a key or a network.

Owns its place among the providers and the streaming of its words. What it understands and says is in `turn`. It
keeps nothing between two requests, and the same request gets the same answer.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from ..base import Capabilities, Model, OnStep, Request, Step
from ..messages import Finished, Started, StreamEvent, TextDelta, ToolCall, ToolCallReady, ToolCallStarted
from .reference import Reference
from .turn import next_step

MODEL = Model("guide", "Guide", tools=True, images=False)


class Guide:
    """A provider like any other; the embedded default."""

    id = "offline"
    label = "Guide (no model)"
    capabilities = Capabilities(tools=True, images=False, reasoning=False, local=True, needs_key=False)

    def __init__(self) -> None:
        self._reference = Reference()

    async def models(self) -> tuple[Model, ...]:
        return (MODEL,)

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[AsyncIterator[StreamEvent]]:
        events = self._events(request)
        try:
            yield events
        finally:
            await events.aclose()

    async def probe(self, model: str, on_step: OnStep) -> tuple[Model, ...]:
        """There is nothing to reach, so nothing can fail."""
        on_step(Step("models", True, "built in, works without a model", 0.0))
        return (MODEL,)

    async def _events(self, request: Request) -> AsyncGenerator[StreamEvent]:
        yield Started(MODEL.id)
        step = next_step(request, self._reference)
        if isinstance(step, ToolCall):
            yield ToolCallStarted(0, step.id, step.name)
            yield ToolCallReady(0, step)
            yield Finished("tool_calls")
            return
        for word in re.findall(r"\S+\s*|\s+", step):
            yield TextDelta(word)
            await asyncio.sleep(0)  # the loop's turn: a reader that is slow, or wants to stop, is heard
        yield Finished("stop")
