"""The Responses API against llama.cpp's real server: the contract, stopping, keys, tools, a full context."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import llama_server as llama
import pytest
from llama_server import LlamaServer
from managed_contract import ManagedContract
from managed_providers import managed
from nuke_ai_panel.providers.base import Request
from nuke_ai_panel.providers.errors import ProviderError
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.messages import (
    Finished,
    Image,
    Message,
    Opaque,
    Part,
    Started,
    StreamEvent,
    Text,
    TextDelta,
    ToolCall,
    ToolCallReady,
    ToolResult,
    ToolSpec,
    UsageReported,
)

KEY = "sk-anything-0123456789"
HI = Message("user", (Text("hi"),))


class TestContract(ManagedContract):
    service = "openai"
    key = KEY
    expected = llama.ANSWER

    @pytest.fixture(autouse=True)
    def server(self, llama_server: LlamaServer) -> None:
        self.url = llama_server.url


@asynccontextmanager
async def asking(server: LlamaServer, key: str = KEY) -> AsyncIterator[ProviderManager]:
    async with managed(server.url, provider="openai", key=key) as manager:
        yield manager


async def collect(manager: ProviderManager, *messages: Message, tools: tuple[ToolSpec, ...] = ()) -> list[StreamEvent]:
    async with manager.stream("openai", Request("tiny-markov", messages, tools)) as answer:
        return [event async for event in answer]


async def test_the_known_text_comes_in_several_events_with_its_counts(llama_server: LlamaServer) -> None:
    async with asking(llama_server) as manager:
        events = await collect(manager, Message("system", (Text("be kind"),)), HI)
    pieces = [event.text for event in events if isinstance(event, TextDelta)]
    assert "".join(pieces) == llama_server.answer and len(pieces) > 5
    assert isinstance(events[0], Started) and events[0].id.startswith("resp_")
    usage = next(event.usage for event in events if isinstance(event, UsageReported))
    assert usage.input and usage.output == len(pieces) + 1
    assert events[-1] == Finished("stop", "completed")


async def test_the_model_list_says_how_much_fits(llama_server: LlamaServer) -> None:
    async with asking(llama_server) as manager:
        (model,) = await manager.models("openai")
    assert (model.id, model.context, model.images) == ("tiny-markov", llama.CONTEXT // 2, False)


async def test_a_tool_is_called_and_its_result_is_read(llama_server: LlamaServer) -> None:
    tools = (
        ToolSpec("overview", "Sums the script up", {"type": "object", "properties": {}}),
        ToolSpec("find", "Finds nodes", {"type": "object", "properties": {"text": {"type": "string"}}}),
    )
    async with asking(llama_server) as manager:
        events = await collect(manager, HI, tools=tools)
        (call,) = [event.call for event in events if isinstance(event, ToolCallReady)]
        assert (call.name, call.arguments) == ("overview", "{}")
        assert events[-1] == Finished("tool_calls", "completed")
        asked: tuple[Part, ...] = (Text("let me see"), ToolCall(call.id, call.name, call.arguments))
        told = Message("tool", (ToolResult(call.id, call.name, True, "3 nodes"),))
        events = await collect(manager, HI, Message("assistant", asked), told, tools=tools)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == llama_server.answer


async def test_reasoning_in_its_own_form_is_taken_back(llama_server: LlamaServer) -> None:
    thought = {"type": "reasoning_text", "text": "hm"}
    item = {"id": "rs_1", "type": "reasoning", "summary": [], "content": [thought], "encrypted_content": ""}
    before = Message("assistant", (Opaque("openai_responses", item), Text("hello")))
    async with asking(llama_server) as manager:
        assert (await collect(manager, HI, before, HI))[-1] == Finished("stop", "completed")


async def test_a_key_opens_the_door_and_another_does_not(llama_with_key: LlamaServer) -> None:
    async with asking(llama_with_key, llama_with_key.key) as manager:
        assert await collect(manager, HI)
    for key, kind in (("sk-wrong-0123456789", "key_wrong"), ("", "key_missing")):
        async with asking(llama_with_key, key) as manager:
            with pytest.raises(ProviderError) as error:
                await collect(manager, HI)
        assert error.value.problem.kind == kind


async def test_a_conversation_that_is_too_long_is_named(tmp_path: Path) -> None:
    with llama.start(tmp_path, context=512) as server:
        async with asking(server) as manager:
            with pytest.raises(ProviderError) as error:
                await collect(manager, Message("user", (Text("x" * 1000),)))
            assert error.value.problem.kind == "context_full"
            assert "tokens" in error.value.problem.detail


async def test_a_picture_for_a_blind_model_is_named(llama_server: LlamaServer) -> None:
    async with asking(llama_server) as manager:
        with pytest.raises(ProviderError) as error:
            await collect(manager, Message("user", (Text("what is this?"), Image("image/png", b"\x89PNG" * 100_000))))
    assert error.value.problem.kind == "no_vision"
