"""The OpenAI chat format against llama.cpp's real server: the contract, stopping, keys, a full context."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import llama_server as llama
import pytest
from fault_server import refused_url
from llama_server import LlamaServer
from managed_providers import Managed, ManagedProvider, managed
from nuke_ai_panel.providers.base import Provider, Request
from nuke_ai_panel.providers.errors import ProviderError
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.messages import (
    Finished,
    Image,
    Message,
    StreamEvent,
    Text,
    TextDelta,
    ToolCall,
    ToolCallReady,
    ToolResult,
    ToolSpec,
    UsageReported,
)
from nuke_ai_panel.providers.testing import ProviderContract

HI = Message("user", (Text("hi"),))


class TestContract(ProviderContract):
    expected = llama.ANSWER

    @pytest.fixture(autouse=True)
    def server(self, llama_server: LlamaServer) -> None:
        self.url = llama_server.url

    @asynccontextmanager
    async def provider(self) -> AsyncIterator[Provider]:
        async with managed(self.url) as manager:
            yield ManagedProvider(manager)

    @asynccontextmanager
    async def broken_provider(self) -> AsyncIterator[Provider]:
        async with managed(refused_url()) as manager:
            yield ManagedProvider(manager)

    def left_open(self, provider: Provider) -> int:
        assert isinstance(provider, ManagedProvider)
        return provider.manager.open_streams


async def collect(manager: ProviderManager, *messages: Message, tools: tuple[ToolSpec, ...] = ()) -> list[StreamEvent]:
    async with manager.stream("compatible", Request("tiny-markov", messages, tools)) as answer:
        return [event async for event in answer]


async def idle(server: LlamaServer) -> None:
    """Until the server works on nothing; asks it again and again, and lets the loop have its turn."""
    async with asyncio.timeout(5):
        while server.busy_slots:
            await asyncio.sleep(0)


async def test_the_known_text_comes_in_several_events(managed: Managed, llama_server: LlamaServer) -> None:
    async with managed(llama_server.url) as manager:
        events = await collect(manager, HI)
    pieces = [event.text for event in events if isinstance(event, TextDelta)]
    assert "".join(pieces) == llama_server.answer and len(pieces) > 5
    assert events[-1] == Finished("stop", "stop")
    usage = next(event.usage for event in events if isinstance(event, UsageReported))
    assert usage.input and usage.output == len(pieces) + 1


async def test_the_model_list_says_how_much_fits(managed: Managed, llama_server: LlamaServer) -> None:
    async with managed(llama_server.url) as manager:
        (model,) = await manager.models("compatible")
    assert (model.id, model.context, model.images) == ("tiny-markov", llama.CONTEXT // 2, False)


async def test_leaving_in_the_middle_frees_the_slot(managed: Managed, llama_endless: LlamaServer) -> None:
    async with managed(llama_endless.url) as manager:
        async with manager.stream("compatible", Request("", (HI,))) as answer:
            async for event in answer:
                if isinstance(event, TextDelta):
                    break
            assert llama_endless.busy_slots == 1
        await idle(llama_endless)


async def test_cancelling_frees_the_slot(managed: Managed, llama_endless: LlamaServer) -> None:
    begun = asyncio.Event()

    async def read(manager: ProviderManager) -> None:
        async with manager.stream("compatible", Request("", (HI,))) as answer:
            async for _ in answer:
                begun.set()

    async with managed(llama_endless.url) as manager:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(read(manager))
            await begun.wait()
            task.cancel()
        await idle(llama_endless)


async def test_a_tool_is_called_and_its_result_is_read(managed: Managed, llama_server: LlamaServer) -> None:
    tools = (
        ToolSpec("overview", "Sums the script up", {"type": "object", "properties": {}}),
        ToolSpec("find", "Finds nodes", {"type": "object", "properties": {"text": {"type": "string"}}}),
    )
    async with managed(llama_server.url) as manager:
        events = await collect(manager, HI, tools=tools)
        (call,) = [event.call for event in events if isinstance(event, ToolCallReady)]
        assert (call.name, call.arguments) == ("overview", "{}")
        assert events[-1] == Finished("tool_calls", "tool_calls")
        asked = Message("assistant", (Text("let me see"), ToolCall(call.id, call.name, call.arguments)))
        told = Message("tool", (ToolResult(call.id, call.name, True, "3 nodes"),))
        events = await collect(manager, HI, asked, told, tools=tools)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == llama_server.answer


async def test_a_key_opens_the_door_and_another_does_not(managed: Managed, llama_with_key: LlamaServer) -> None:
    async with managed(llama_with_key.url, key=llama_with_key.key) as manager:
        assert await collect(manager, HI)
    for key, kind in (("sk-wrong-0123456789", "key_wrong"), ("", "key_missing")):
        async with managed(llama_with_key.url, key=key) as manager:
            with pytest.raises(ProviderError) as error:
                await collect(manager, HI)
        assert error.value.problem.kind == kind


async def test_a_conversation_that_is_too_long_is_named(managed: Managed, tmp_path: Path) -> None:
    with llama.start(tmp_path, context=512) as server:
        async with managed(server.url) as manager:
            with pytest.raises(ProviderError) as error:
                await collect(manager, Message("user", (Text("x" * 1000),)))
            assert error.value.problem.kind == "context_full"
            assert "tokens" in error.value.problem.detail


async def test_a_picture_for_a_blind_model_is_named(managed: Managed, llama_server: LlamaServer) -> None:
    async with managed(llama_server.url) as manager:
        with pytest.raises(ProviderError) as error:
            await collect(manager, Message("user", (Text("what is this?"), Image("image/png", b"\x89PNG" * 100_000))))
    assert error.value.problem.kind == "no_vision"


async def test_an_answer_that_fills_the_context_ends_by_length(managed: Managed, tmp_path: Path) -> None:
    with llama.start(tmp_path, context=512, endless=True) as server:
        async with managed(server.url) as manager:
            assert (await collect(manager, HI))[-1] == Finished("length", "length")
