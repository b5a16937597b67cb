"""The Anthropic messages format over real connections: llama.cpp's own server, and servers with one oddity each."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import llama_server as llama
import pytest
from dialects.anthropic import DIALECT, named
from fault_server import Call, Handler, fault_server
from llama_server import LlamaServer
from managed_contract import ManagedContract
from managed_providers import Managed
from nuke_ai_panel.providers.anthropic.format import VERSION
from nuke_ai_panel.providers.base import Request
from nuke_ai_panel.providers.errors import ProviderError
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.messages import (
    Finished,
    Image,
    Message,
    Opaque,
    ReasoningOpaque,
    StreamEvent,
    Text,
    TextDelta,
    ToolCall,
    ToolCallReady,
    ToolResult,
    ToolSpec,
    UsageReported,
)

HI = Message("user", (Text("hi"),))
KEY = "sk-ant-0123456789abcdef"
TOOLS = (
    ToolSpec("overview", "Sums the script up", {"type": "object", "properties": {}}),
    ToolSpec("find", "Finds nodes", {"type": "object", "properties": {"text": {"type": "string"}}}),
)


class TestContract(ManagedContract):
    service = "anthropic"
    expected = llama.ANSWER

    @pytest.fixture(autouse=True)
    def server(self, llama_with_key: LlamaServer) -> None:
        self.url, self.key = llama_with_key.url, llama_with_key.key


@pytest.fixture
def asking(managed: Managed) -> Callable[..., AbstractAsyncContextManager[ProviderManager]]:
    """A manager for Anthropic at this address, with a key."""
    return lambda url, key=KEY: managed(url, provider="anthropic", key=key)


async def collect(manager: ProviderManager, *messages: Message, **more: Any) -> list[StreamEvent]:
    async with manager.stream("anthropic", Request("tiny-markov", messages, **more)) as answer:
        return [event async for event in answer]


async def problem_of(manager: ProviderManager, *messages: Message, **more: Any) -> Any:
    with pytest.raises(ProviderError) as error:
        await collect(manager, *messages, **more)
    return error.value.problem


def text_in(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


class TestLlamaCpp:
    async def test_the_known_text_comes_in_several_events(self, asking: Any, llama_server: LlamaServer) -> None:
        async with asking(llama_server.url) as manager:
            events = await collect(manager, HI)
        pieces = [event.text for event in events if isinstance(event, TextDelta)]
        assert "".join(pieces) == llama_server.answer and len(pieces) > 5
        assert events[-1] == Finished("stop", "end_turn")

    async def test_what_was_read_counts_the_same_from_the_cache(self, asking: Any, llama_server: LlamaServer) -> None:
        question = Message("user", (Text("how many words have I"),))
        async with asking(llama_server.url) as manager:
            answers = [await collect(manager, question) for _ in range(2)]
        first, second = (event.usage for events in answers for event in events if isinstance(event, UsageReported))
        assert first.input == second.input and first.output == second.output
        assert first.cached is not None and second.cached is not None and second.input is not None
        assert first.cached <= second.cached <= second.input and second.cached > 0

    async def test_the_model_list_says_how_much_fits(self, asking: Any, llama_server: LlamaServer) -> None:
        async with asking(llama_server.url) as manager:
            (model,) = await manager.models("anthropic")
        assert (model.id, model.context) == ("tiny-markov", llama.CONTEXT // 2)

    async def test_a_tool_is_called_and_its_result_is_read(self, asking: Any, llama_server: LlamaServer) -> None:
        async with asking(llama_server.url) as manager:
            events = await collect(manager, HI, tools=TOOLS)
            (call,) = [event.call for event in events if isinstance(event, ToolCallReady)]
            assert (call.name, call.arguments) == ("overview", "{}")
            assert events[-1] == Finished("tool_calls", "tool_use")
            asked = Message("assistant", (Text("let me see"), call))
            told = Message("tool", (ToolResult(call.id, call.name, True, "3 nodes"),))
            assert text_in(await collect(manager, HI, asked, told, tools=TOOLS)) == llama_server.answer

    async def test_everything_that_can_be_asked_is_taken(self, asking: Any, llama_server: LlamaServer) -> None:
        system = Message("system", (Text("be brief"),))
        async with asking(llama_server.url) as manager:
            for effort in ("none", "low", "high"):
                events = await collect(manager, system, HI, effort=effort, temperature=0.5)
                assert text_in(events) == llama_server.answer

    async def test_the_length_that_was_asked_for_is_kept(self, asking: Any, llama_server: LlamaServer) -> None:
        async with asking(llama_server.url) as manager:
            events = await collect(manager, HI, max_tokens=3)
        assert events[-1] == Finished("length", "max_tokens") and 0 < len(text_in(events)) < len(llama_server.answer)

    async def test_another_key_is_refused(self, asking: Any, llama_with_key: LlamaServer) -> None:
        async with asking(llama_with_key.url, "sk-wrong-0123456789") as manager:
            problem = await problem_of(manager, HI)
        assert (problem.kind, problem.status) == ("key_wrong", 401)

    async def test_without_a_key_nothing_is_asked(self, asking: Any, llama_with_key: LlamaServer) -> None:
        async with asking(llama_with_key.url, "") as manager:
            assert (await problem_of(manager, HI)).kind == "key_missing"

    async def test_a_conversation_that_is_too_long_is_named(self, asking: Any, tmp_path: Path) -> None:
        with llama.start(tmp_path, context=512) as server:
            async with asking(server.url) as manager:
                problem = await problem_of(manager, Message("user", (Text("x" * 1000),)))
        assert problem.kind == "context_full" and "tokens" in problem.detail

    async def test_an_answer_that_fills_the_context_ends_by_length(self, asking: Any, tmp_path: Path) -> None:
        with llama.start(tmp_path, context=512, endless=True) as server:
            async with asking(server.url) as manager:
                assert (await collect(manager, HI))[-1] == Finished("length", "max_tokens")

    async def test_a_picture_for_a_blind_model_is_named(self, asking: Any, llama_server: LlamaServer) -> None:
        async with asking(llama_server.url) as manager:
            picture = Message("user", (Text("what is this?"), Image("image/png", b"\x89PNG" * 100_000)))
            assert (await problem_of(manager, picture)).kind == "no_vision"


def lists(pages: Callable[[str], Any]) -> Handler:
    """A server that answers the list with what `pages` makes of the query."""

    async def handle(call: Call) -> None:
        call.keep_open = True
        assert call.path.startswith("/v1/models?limit=1000")
        await call.reply(json.dumps(pages(call.path.partition("&after_id=")[2])))

    return handle


def streams(*events: bytes) -> Handler:
    async def handle(call: Call) -> None:
        call.keep_open = True
        await call.stream(*events)
        await call.end()

    return handle


def page(*ids: str, more: bool = False) -> dict[str, Any]:
    return {**DIALECT.model_list(*ids), "has_more": more}


class TestTheModelList:
    async def test_it_is_read_to_its_last_page_and_no_model_twice(self, asking: Any) -> None:
        pages = {"": page("a", "b&c", more=True), "b%26c": page("b&c", "d", more=True), "d": page("e")}
        async with fault_server(lists(pages.__getitem__)) as server, asking(server.url) as manager:
            models = await manager.models("anthropic")
            assert [(model.id, model.label, model.context) for model in models] == [
                ("a", "A", 1000),
                ("b&c", "B&C", 1000),
                ("d", "D", 1000),
                ("e", "E", 1000),
            ]
            assert len(server.calls) == 3

    async def test_a_server_that_knows_no_pages_is_asked_twice(self, asking: Any) -> None:
        async with (
            fault_server(lists(lambda after: page("a", "b", more=True))) as server,
            asking(server.url) as manager,
        ):
            assert len(await manager.models("anthropic")) == 2
            assert len(server.calls) == 2

    async def test_a_list_without_end_ends(self, asking: Any) -> None:
        async with (
            fault_server(lists(lambda after: page(after + "x", more=True))) as server,
            asking(server.url) as manager,
        ):
            assert len(await manager.models("anthropic")) == len(server.calls) == 20

    async def test_an_empty_first_page_is_an_empty_list(self, asking: Any) -> None:
        async with fault_server(lists(lambda after: page(more=True))) as server, asking(server.url) as manager:
            assert await manager.models("anthropic") == ()

    async def test_what_a_model_can_write_is_asked_for(self, asking: Any) -> None:
        async def handle(call: Call) -> None:
            if call.method == "GET":
                await lists(lambda after: {"data": [{"id": "tiny-markov", "max_tokens": 777}]})(call)
            else:
                assert call.json["max_tokens"] == 777
                await streams(*DIALECT.stream("Hi"))(call)

        async with fault_server(handle) as server, asking(server.url) as manager:
            await manager.models("anthropic")
            assert text_in(await collect(manager, HI)) == "Hi"


class TestWhatIsSent:
    async def test_the_key_and_the_version_go_in_headers_and_nowhere_else(self, asking: Any) -> None:
        async with fault_server(streams(*DIALECT.stream("Hi"))) as server, asking(server.url) as manager:
            await collect(manager, HI)
            (call,) = server.calls
        assert (call.method, call.path) == ("POST", DIALECT.chat_path)
        assert call.headers["x-api-key"] == KEY and call.headers["anthropic-version"] == VERSION
        assert call.headers["content-type"] == "application/json"
        assert KEY.encode() not in call.body and "authorization" not in call.headers

    async def test_thinking_that_a_model_refuses_is_left_out_and_stays_out(self, asking: Any) -> None:
        async def handle(call: Call) -> None:
            if "thinking" in call.json:
                body = DIALECT.error(400, "thinking: Input tag 'adaptive' does not match any of the expected tags")
                await call.reply(json.dumps(body), status="400 Bad Request")
            else:
                await streams(*DIALECT.stream("Hi"))(call)

        async with fault_server(handle) as server, asking(server.url) as manager:
            for _ in range(2):
                assert text_in(await collect(manager, HI, effort="high")) == "Hi"
            asked = [call.json for call in server.calls if call.method == "POST"]
            assert ["thinking" in question for question in asked] == [True, False, False]
            assert all(question["output_config"] == {"effort": "high"} for question in asked)

    async def test_signed_reasoning_goes_through_a_tool_loop_unchanged(self, asking: Any) -> None:
        signed = {"type": "thinking", "thinking": "Hm.", "signature": "s1"}
        hidden = {"type": "redacted_thinking", "data": "x"}
        use = {"type": "tool_use", "id": "toolu_1", "name": "overview", "input": {}}
        whole = {"type": "message", "id": "m1", "model": "tiny", "content": [signed, hidden, use]}

        async def handle(call: Call) -> None:
            if len(call.json["messages"]) == 1:
                call.keep_open = True
                await call.reply(json.dumps({**whole, "stop_reason": "tool_use"}))
                return
            assert call.json["messages"][1:] == [
                {"role": "assistant", "content": [signed, hidden, use]},
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "toolu_1", "content": "3 nodes", "is_error": False}
                    ],
                },
            ]
            await streams(*DIALECT.stream("Three."))(call)

        async with fault_server(handle) as server, asking(server.url) as manager:
            parts: list[Opaque | ToolCall] = []
            for event in await collect(manager, HI):
                if isinstance(event, ReasoningOpaque):
                    parts.append(event.part)
                elif isinstance(event, ToolCallReady):
                    parts.append(event.call)
            told = Message("tool", (ToolResult("toolu_1", "overview", True, "3 nodes"),))
            assert text_in(await collect(manager, HI, Message("assistant", tuple(parts)), told)) == "Three."


class TestWhatComesBack:
    async def test_what_is_no_answer_of_this_format_is_told(self, asking: Any) -> None:
        async def handle(call: Call) -> None:
            await call.reply('{"choices": []}')

        async with fault_server(handle) as server, asking(server.url) as manager:
            assert (await problem_of(manager, HI)).kind == "not_an_api"

    async def test_a_full_context_keeps_what_was_said(self, asking: Any) -> None:
        full = {"type": "message_delta", "delta": {"stop_reason": "model_context_window_exceeded"}}
        events = [*DIALECT.beginning("Hel", "lo"), named(full), named({"type": "message_stop"})]
        told: list[StreamEvent] = []
        async with fault_server(streams(*events)) as server, asking(server.url) as manager:
            with pytest.raises(ProviderError) as error:
                async with manager.stream("anthropic", Request("m", (HI,))) as answer:
                    async for event in answer:
                        told.append(event)
        assert text_in(told) == "Hello" and error.value.problem.kind == "context_full"

    async def test_a_limit_of_money_is_never_asked_again(self, asking: Any) -> None:
        async def handle(call: Call) -> None:
            await call.reply(json.dumps(DIALECT.error(429, "x")), status="429 Too Many Requests", request_id="req_9")

        async with fault_server(handle) as server, asking(server.url) as manager:
            problem = await problem_of(manager, HI)
            assert (problem.kind, len(server.calls), problem.request_id) == ("out_of_credits", 1, "req_9")
