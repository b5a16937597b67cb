"""Gemini over real sockets: the contract, the model list, the key, and how an answer begins and ends."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from dialects.gemini import DIALECT, beginning, error, event, model_list, response, stream
from fault_server import Call, FaultServer, Handler, fails, fault_server
from managed_contract import ManagedContract
from managed_providers import ManagedProvider, managed
from nuke_ai_panel.providers.base import Provider, Request, Step
from nuke_ai_panel.providers.errors import ProviderError
from nuke_ai_panel.providers.formats import wire_format
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.manager.retrying import RequestPolicy
from nuke_ai_panel.providers.messages import Finished, Message, StreamEvent, Text, TextDelta
from nuke_ai_panel.providers.openai_chat.quirks import ChatQuirks
from nuke_ai_panel.providers.recorded import replayed

KEY = "AIza-sentinel-0123456789"
QUESTION = Request("tiny", (Message("user", (Text("hi"),)),))
RECORDING = (
    Path(os.environ.get("NUKE_AI_PANEL_TEST_DATA", "/nonexistent"))
    / "streams"
    / "google__google-reasoning-gemini3.chunks.txt"
)
RECORDED = 'There are **3** "r"s in strawberry.\n\nSt**r**awbe**rr**y'


def replays(*events: bytes, models: dict[str, Any] | None = None) -> Handler:
    """A server that lists a model and gives this answer to every question."""

    async def handle(call: Call) -> None:
        call.keep_open = True
        if call.method == "GET":
            await call.reply(json.dumps(models or model_list("tiny", "other")))
            return
        await call.stream(*events)
        await call.end()

    return handle


@asynccontextmanager
async def serving(handler: Handler, path: str = "/v1beta") -> AsyncIterator[tuple[FaultServer, ProviderManager]]:
    async with (
        fault_server(handler) as server,
        managed(server.origin + path, provider="gemini", key=KEY) as manager,
    ):
        yield server, manager


async def ask(manager: ProviderManager, request: Request = QUESTION) -> tuple[str, list[StreamEvent], str]:
    """The text, the events, and the kind of the problem."""
    events: list[StreamEvent] = []
    kind = ""
    try:
        async with manager.stream("gemini", request) as answer:
            async for told in answer:
                events.append(told)
    except ProviderError as failure:
        kind = failure.problem.kind
    return "".join(told.text for told in events if isinstance(told, TextDelta)), events, kind


class TestContract(ManagedContract):
    """With an answer of our own, which is there without the recordings."""

    service = "gemini"
    key = KEY
    expected = "Hello"
    events = stream("Hel", "lo")

    @asynccontextmanager
    async def provider(self) -> AsyncIterator[Provider]:
        async with serving(replays(*self.events)) as (_, manager):
            yield ManagedProvider(manager)


@pytest.mark.skipif(not RECORDING.exists(), reason="NUKE_AI_PANEL_TEST_DATA is not set")
class TestContractWithARecording(TestContract):
    expected = RECORDED

    @pytest.fixture(autouse=True)
    def recording(self) -> None:
        lines = RECORDING.read_text(encoding="utf-8").splitlines()
        self.events = [event(json.loads(line)) for line in lines if line.strip()]


class TestTheQuestion:
    @pytest.mark.parametrize("path", ["/v1beta", "/v1", "", "/v1beta/"])
    async def test_it_goes_to_the_model_with_the_key_in_a_header(self, path: str) -> None:
        async with serving(replays(*stream("x")), path) as (server, manager):
            assert (await ask(manager))[0] == "x"
        first, *_ = server.calls
        place = path.rstrip("/") or "/v1beta"
        assert first.path == f"{place}/models/tiny:streamGenerateContent?alt=sse"
        assert first.headers["x-goog-api-key"] == KEY and "authorization" not in first.headers
        assert first.json == {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
        assert all(KEY not in call.path and KEY not in call.body.decode() for call in server.calls)

    async def test_a_model_may_be_named_with_its_path_or_oddly(self) -> None:
        async with serving(replays(*stream("x"))) as (server, manager):
            for model in ("models/tiny", "odd/name?x#y z"):
                assert (await ask(manager, Request(model, QUESTION.messages)))[2] == ""
        assert [call.path.partition("/models/")[2].partition(":")[0] for call in server.calls] == [
            "tiny",
            "odd%2Fname%3Fx%23y%20z",
        ]

    async def test_what_the_list_says_of_thinking_shapes_the_question(self) -> None:
        listed = {"models": [{"name": "models/tiny", "thinking": True}, {"name": "models/dull", "thinking": False}]}
        async with serving(replays(*stream("x"), models=listed)) as (server, manager):
            await manager.models("gemini")
            for model in ("tiny", "models/tiny", "dull"):
                await ask(manager, Request(model, QUESTION.messages, effort="low"))
        configs = [call.json.get("generationConfig") for call in server.calls if call.method == "POST"]
        shown = {"thinkingConfig": {"includeThoughts": True}}
        assert configs == [shown, shown, None]


class TestTheAnswer:
    async def test_an_ended_answer_leaves_its_connection_for_the_next_one(self) -> None:
        async with serving(replays(*stream("x"))) as (server, manager):
            assert [(await ask(manager))[0] for _ in range(3)] == ["x", "x", "x"]
            assert server.connections == 1

    @pytest.mark.parametrize("in_a_list", [False, True])
    async def test_an_answer_in_one_piece_is_an_answer(self, in_a_list: bool) -> None:
        whole = response({"text": "Hello"}, finish="STOP")

        async def handle(call: Call) -> None:
            await call.reply(json.dumps([whole] if in_a_list else whole))

        async with serving(handle) as (_, manager):
            text, events, kind = await ask(manager)
        assert (text, events[-1], kind) == ("Hello", Finished("stop", "STOP"), "")

    async def test_a_question_that_is_blocked_is_told_as_an_end(self) -> None:
        async def handle(call: Call) -> None:
            await call.reply(json.dumps({"promptFeedback": {"blockReason": "SAFETY"}}))

        async with serving(handle) as (_, manager):
            assert (await ask(manager))[1][-1] == Finished("content_filter", "SAFETY")

    @pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
    @pytest.mark.parametrize("in_a_list", [False, True])
    async def test_an_error_in_place_of_an_answer_is_read(self, kind: str, in_a_list: bool) -> None:
        said = error(503, "The model is overloaded.")

        async def handle(call: Call) -> None:
            await call.reply(json.dumps([said] if in_a_list else said, indent=2), kind=kind)

        async with serving(handle) as (_, manager):
            assert (await ask(manager))[2] == "overloaded"

    async def test_an_error_that_is_thrown_into_the_stream_keeps_the_text(self) -> None:
        async with serving(replays(*beginning("Hel"), DIALECT.error_event("It fell over"))) as (_, manager):
            assert (await ask(manager))[::2] == ("Hel", "stream_error")

    async def test_a_call_that_the_model_wrote_badly_is_asked_for_again(self) -> None:
        badly = event({"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]})
        answers = [[badly], stream("Hello")]

        async def handle(call: Call) -> None:
            await call.stream(*answers.pop(0))
            await call.end()

        async with (
            fault_server(handle) as server,
            managed(f"{server.origin}/v1beta", provider="gemini", key=KEY, policy=RequestPolicy()) as manager,
        ):
            assert (await ask(manager))[::2] == ("Hello", "")
        assert len(server.calls) == 2

    async def test_an_end_without_a_reason_is_a_cut(self) -> None:
        async with serving(replays(*beginning("Hel"))) as (_, manager):
            assert (await ask(manager))[::2] == ("Hel", "stream_cut")

    async def test_another_document_is_no_answer(self) -> None:
        async with serving(fails("200 OK", {"hello": "world"})) as (_, manager):
            assert (await ask(manager))[2] == "not_an_api"


def pages(page: Callable[[str], dict[str, Any]]) -> Callable[[Call], Awaitable[None]]:
    """A model list whose page depends on the token, which is "" for the first."""

    async def handle(call: Call) -> None:
        call.keep_open = True
        asked = parse_qs(urlsplit(call.path).query)
        assert asked["pageSize"] == ["1000"]
        await call.reply(json.dumps(page(asked.get("pageToken", [""])[0])))

    return handle


class TestTheModels:
    async def test_an_entry_is_read_with_what_it_says(self) -> None:
        entry = {
            "name": "models/gemini-x",
            "displayName": "Gemini X",
            "inputTokenLimit": 1048576,
            "outputTokenLimit": "65536",
            "supportedGenerationMethods": ["generateContent", "countTokens"],
            "thinking": True,
        }
        async with serving(pages(lambda _: {"models": [entry]})) as (_, manager):
            (model,) = await manager.models("gemini")
        assert (model.id, model.label, model.context, model.output) == ("gemini-x", "Gemini X", 1048576, 65536)
        assert (model.reasoning, model.tools, model.images) == (True, None, None)
        assert model.aliases == ("models/gemini-x",)

    async def test_models_that_answer_nothing_are_left_out_and_those_that_do_not_say_are_kept(self) -> None:
        listed = [
            {"name": "models/embed", "supportedGenerationMethods": ["embedContent"]},
            {"name": "models/nothing", "supportedGenerationMethods": []},
            {"name": "models/bare"},
            {"displayName": "nameless"},
            None,
        ]
        async with serving(pages(lambda _: {"models": [*listed, *model_list("tiny")["models"]]})) as (_, manager):
            models = await manager.models("gemini")
        assert [(model.id, model.context, model.reasoning) for model in models] == [
            ("bare", None, None),
            ("tiny", None, None),
        ]

    async def test_all_pages_are_read_and_each_model_is_there_once(self) -> None:
        found = {
            "": {**model_list("a", "b"), "nextPageToken": "x/y=&?"},
            "x/y=&?": {**model_list("b", "c"), "nextPageToken": "last"},
            "last": {},
        }
        async with serving(pages(found.__getitem__)) as (server, manager):
            assert [model.id for model in await manager.models("gemini")] == ["a", "b", "c"]
        assert len(server.calls) == 3

    async def test_a_list_without_an_end_ends(self) -> None:
        async with serving(pages(lambda _: {**model_list("a"), "nextPageToken": "again"})) as (server, manager):
            assert [model.id for model in await manager.models("gemini")] == ["a"]
        assert len(server.calls) == 20

    @pytest.mark.parametrize("document", [{}, [], {"data": []}, {"models": {}}, None])
    async def test_another_list_is_no_list(self, document: Any) -> None:
        async with serving(fails("200 OK", document)) as (_, manager):
            with pytest.raises(ProviderError) as raised:
                await manager.models("gemini")
        assert raised.value.problem.kind == "not_an_api"


class TestTheConnectionTest:
    async def report(self, handler: Handler, model: str = "") -> tuple[list[tuple[str, bool | None]], str]:
        """The steps that the API takes part in, and the kind of the problem."""
        steps: list[Step] = []
        async with serving(handler) as (_, manager):
            report = await manager.check(manager.configs[0], model=model, on_step=steps.append)
        told = [(step.name, step.ok) for step in steps if step.name in ("API", "Key", "Models", "Model")]
        return told, report.problem.kind if report.problem else ""

    @pytest.mark.parametrize("model", ["", "tiny", "models/tiny"])
    async def test_the_list_proves_the_api_and_the_key(self, model: str) -> None:
        passed = [("API", True), ("Key", True), ("Models", True), ("Model", True)]
        assert await self.report(replays(), model) == (passed, "")

    async def test_a_wrong_key_is_told_though_it_is_a_400(self) -> None:
        reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
        said = error(400, "API key not valid. Please pass a valid API key.", reason)
        steps, kind = await self.report(fails("400 Bad Request", said))
        assert kind == "key_wrong" and ("API", True) in steps and ("Key", True) not in steps

    async def test_a_model_that_is_not_listed_is_told(self) -> None:
        assert (await self.report(replays(), "gone"))[1] == "model_unknown"


@pytest.mark.parametrize("in_a_list", [False, True])
def test_a_recorded_whole_answer_is_replayed(in_a_list: bool) -> None:
    whole = response({"text": "Hello"}, finish="STOP")
    recording = json.dumps([whole] if in_a_list else whole, indent=2).encode()
    told = list(replayed(recording, wire_format("gemini", ChatQuirks())))
    assert told[1:] == [TextDelta("Hello"), Finished("stop", "STOP")]
