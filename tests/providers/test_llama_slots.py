"""llama.cpp's real server works on an answer no longer than somebody wants it, in each format that it speaks."""

from __future__ import annotations

import asyncio

import pytest
from llama_server import LlamaServer
from managed_providers import managed
from nuke_ai_panel.providers.base import Request
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.messages import Message, Text, TextDelta

HI = Request("", (Message("user", (Text("hi"),)),))
SERVICES = pytest.mark.parametrize("service", ["compatible", "openai", "anthropic"])
KEY = "sk-anything-0123456789"


async def idle(server: LlamaServer) -> None:
    """Until the server works on nothing; asks it again and again, and lets the loop have its turn."""
    async with asyncio.timeout(5):
        while server.busy_slots:
            await asyncio.sleep(0)


@SERVICES
async def test_leaving_in_the_middle_frees_the_slot(service: str, llama_endless: LlamaServer) -> None:
    async with managed(llama_endless.url, provider=service, key=KEY) as manager:
        async with manager.stream(service, HI) as answer:
            async for event in answer:
                if isinstance(event, TextDelta):
                    break
            assert llama_endless.busy_slots == 1
        await idle(llama_endless)


@SERVICES
async def test_cancelling_frees_the_slot(service: str, llama_endless: LlamaServer) -> None:
    begun = asyncio.Event()

    async def read(manager: ProviderManager) -> None:
        async with manager.stream(service, HI) as answer:
            async for _ in answer:
                begun.set()

    async with managed(llama_endless.url, provider=service, key=KEY) as manager:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(read(manager))
            await begun.wait()
            task.cancel()
        await idle(llama_endless)
