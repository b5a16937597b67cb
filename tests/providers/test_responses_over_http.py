"""The Responses API over real sockets: what is sent, what is sent again, and how answers and refusals arrive."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from dialects.openai_responses import DIALECT, named
from fault_server import Call, FaultServer, Handler, fails, fault_server
from managed_providers import managed
from nuke_ai_panel.panel.chat import Chat
from nuke_ai_panel.panel.hosts.base import EmptyHost
from nuke_ai_panel.providers.base import Request
from nuke_ai_panel.providers.errors import ProviderError
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.messages import Finished, Message, ReasoningOpaque, StreamEvent, Text, TextDelta

KEY = "sk-proj-0123456789abcdef"


def streams(*events: bytes) -> Handler:
    async def handle(call: Call) -> None:
        await call.stream(*events)
        await call.end()

    return handle


HELLO = streams(*DIALECT.stream("Hel", "lo"))


@asynccontextmanager
async def asked_at(handler: Handler) -> AsyncIterator[tuple[FaultServer, ProviderManager]]:
    async with fault_server(handler) as server, managed(server.url, provider="openai", key=KEY) as manager:
        yield server, manager


async def ask(manager: ProviderManager) -> list[StreamEvent]:
    async with manager.stream("openai", Request("new-model", (Message("user", (Text("hi"),)),))) as answer:
        return [event async for event in answer]


def text_in(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_a_question_goes_to_its_endpoint_with_the_key() -> None:
    async with asked_at(HELLO) as (server, manager):
        assert text_in(await ask(manager)) == "Hello"
    (call,) = server.calls
    assert (call.method, call.path, call.headers["authorization"]) == ("POST", "/v1/responses", f"Bearer {KEY}")
    assert (call.json["stream"], call.json["store"]) == (True, False)


async def test_what_a_model_has_sealed_goes_back_unchanged_through_the_conversation() -> None:
    first = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gA/+=", "status": None, "odd": 1.5}
    second = {**first, "id": "rs_2", "summary": [{"type": "summary_text", "text": "Hm"}]}
    calls = [
        {"id": f"fc_{number}", "type": "function_call", "call_id": f"c{number}", "name": "overview", "arguments": "{}"}
        for number in (1, 2)
    ]
    output = [first, calls[0], second, calls[1]]
    items = (named("response.output_item.done", output_index=place, item=item) for place, item in enumerate(output))
    end = named("response.completed", response={"status": "completed", "output": output})
    asks_for_tools = streams(*items, end)

    async def handle(call: Call) -> None:
        await (HELLO if len(server.calls) > 1 else asks_for_tools)(call)

    async with asked_at(handle) as (server, manager):
        chat = Chat(models=manager, model_for=_model_for, host=EmptyHost(), provider="openai")
        assert (await chat.ask("hi")).text == "Hello"
    sent = server.calls[1].json["input"]
    assert [(item["type"], item.get("id") or item.get("call_id")) for item in sent[-6:]] == [
        ("reasoning", "rs_1"),
        ("function_call", "c1"),
        ("reasoning", "rs_2"),
        ("function_call", "c2"),
        ("function_call_output", "c1"),
        ("function_call_output", "c2"),
    ]
    assert (sent[-6], sent[-4]) == (first, second)


async def _model_for(_: str) -> str:
    return "new-model"


async def test_a_model_that_cannot_seal_its_thoughts_is_asked_again_without() -> None:
    error = {"message": "Encrypted content is not supported with this model.", "param": "include", "code": None}
    refuses = fails("400 Bad Request", {"error": {**error, "type": "invalid_request_error"}})

    async def handle(call: Call) -> None:
        await (refuses if "include" in call.json else HELLO)(call)

    async with asked_at(handle) as (server, manager):
        assert text_in(await ask(manager)) == text_in(await ask(manager)) == "Hello"
    assert ["include" in call.json for call in server.calls] == [True, False, False]
    assert all("reasoning" in call.json for call in server.calls)


async def test_a_whole_answer_is_taken_though_a_stream_was_asked_for() -> None:
    content = [{"type": "output_text", "text": "Hello"}]
    document = {"object": "response", "status": "completed", "output": [{"type": "message", "content": content}]}

    async def handle(call: Call) -> None:
        await call.reply(json.dumps(document))

    async with asked_at(handle) as (_, manager):
        events = await ask(manager)
    assert text_in(events) == "Hello" and events[-1] == Finished("stop", "completed")


ERROR = {"code": "insufficient_quota", "type": "insufficient_quota", "message": "You exceeded your current quota"}


@pytest.mark.parametrize("error", [{"error": ERROR}, ERROR])
async def test_a_bill_that_is_due_is_told_though_the_status_says_that_all_is_well(error: dict[str, Any]) -> None:
    failed = named("response.failed", response={"status": "failed", "error": ERROR})
    begun = DIALECT.beginning("Hel")
    told: list[StreamEvent] = []
    async with asked_at(streams(*begun, named("error", **{**error, "type": "error"}), failed)) as (server, manager):
        with pytest.raises(ProviderError) as raised:
            async with manager.stream("openai", Request("m", (Message("user", (Text("hi"),)),))) as answer:
                async for event in answer:
                    told.append(event)
    assert text_in(told) == "Hel" and raised.value.problem.kind == "out_of_credits"
    assert len(server.calls) == 1


async def test_only_models_that_can_chat_are_listed() -> None:
    async def handle(call: Call) -> None:
        await call.reply(json.dumps(DIALECT.model_list("gpt-5.1", "dall-e-3", "text-embedding-3-small")))

    async with asked_at(handle) as (server, manager):
        assert [model.id for model in await manager.models("openai")] == ["gpt-5.1"]
    assert server.calls[0].path == "/v1/models"


async def test_what_one_service_has_sealed_goes_to_no_other_that_speaks_its_format() -> None:
    """A chat goes on with a server of the house: what it cannot open it would refuse with every further question."""
    sealed = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gA/+="}
    said = {"id": "m_1", "type": "message", "content": [{"type": "output_text", "text": "Hello"}]}
    output = [sealed, said]
    items = (named("response.output_item.done", output_index=place, item=item) for place, item in enumerate(output))
    thinks = streams(*items, named("response.completed", response={"status": "completed", "output": output}))
    sent: list[Any] = []
    history: tuple[Message, ...] = (Message("user", (Text("hi"),)),)
    async with asked_at(thinks) as (first, one), asked_at(HELLO) as (second, other):
        async with one.stream("openai", Request("new-model", history)) as answer:
            parts = [event.part async for event in answer if isinstance(event, ReasoningOpaque)]
        history = (*history, Message("assistant", (*parts, Text("Hello"))), *history)
        for manager, server in ((other, second), (one, first)):
            async with manager.stream("openai", Request("new-model", history)) as answer:
                assert [event async for event in answer]
            sent.append([item["type"] for item in server.calls[-1].json["input"]])
    assert sent == [["message"] * 3, ["message", "reasoning", "message", "message"]]
