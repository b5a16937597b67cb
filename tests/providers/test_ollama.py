"""Ollama as a provider, against a little one: the contract, the list, the memory, downloads, refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from dialects import ollama as wire
from fault_server import Call, FaultServer, Handler, fails, fault_server, head, refused_url, wants_key
from managed_contract import ManagedContract
from managed_providers import Managed, ManagedProvider, managed
from nuke_ai_panel.providers.answers.refusals import read_refusal
from nuke_ai_panel.providers.answers.signs import problem_of as refused
from nuke_ai_panel.providers.base import Model, Provider, Request, Step
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.errors import Problem, ProviderError
from nuke_ai_panel.providers.limits import Limits
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.messages import (
    Finished,
    Message,
    Progress,
    StreamEvent,
    Text,
    TextDelta,
    Usage,
    UsageReported,
)
from nuke_ai_panel.providers.ollama.context import DEFAULT_CONTEXT
from nuke_ai_panel.providers.ollama.signs import SIGNS
from nuke_ai_panel.providers.redact import Redactor
from ollama_server import OWN_CONTEXT, Installed, LittleOllama

HI = Message("user", (Text("hi"),))
EMBEDDER = Installed(("embedding",), 2048)
THINKER = Installed(("completion", "tools", "vision", "thinking"), 40_960)


class TestContract(ManagedContract):
    service = "ollama"
    expected = "Hello"

    @asynccontextmanager
    async def provider(self) -> AsyncIterator[Provider]:
        little = LittleOllama({"tiny:latest": Installed(), "embed:latest": EMBEDDER})
        async with fault_server(little) as server, managed(server.url, provider="ollama") as manager:
            yield ManagedProvider(manager)


@asynccontextmanager
async def serving(handler: Handler, **more: Any) -> AsyncIterator[tuple[FaultServer, ProviderManager]]:
    async with fault_server(handler) as server, managed(server.origin, provider="ollama", **more) as manager:
        yield server, manager


async def ask(manager: ProviderManager, *messages: Message, model: str = "tiny", **more: Any) -> list[StreamEvent]:
    async with manager.stream("ollama", Request(model, messages or (HI,), **more)) as answer:
        return [event async for event in answer]


async def pull(manager: ProviderManager, model: str) -> list[StreamEvent]:
    async with manager.pull("ollama", model) as download:
        return [event async for event in download]


async def problem_of(work: Awaitable[object]) -> Problem:
    with pytest.raises(ProviderError) as error:
        await work
    return error.value.problem


def questions(server: FaultServer) -> list[Any]:
    return [call.json for call in server.calls if call.path == "/api/chat"]


# Addresses


@pytest.mark.parametrize(
    "typed",
    ["", "/", "/v1", "/v1/", "/v1/chat/completions", "/v1/models", "/api", "/api/", "/api/chat", "/api/tags"],
)
def test_an_address_means_the_root_also_where_older_settings_say_v1(typed: str) -> None:
    row = PROVIDERS["ollama"]
    assert row.base_url_of(f"http://127.0.0.1:11434{typed}") == "http://127.0.0.1:11434" == row.base_url_of()


def test_a_path_of_a_proxy_stays() -> None:
    assert PROVIDERS["ollama"].base_url_of("https://gpu.studio.lan/ollama/v1") == "https://gpu.studio.lan/ollama"


async def test_a_question_goes_to_the_native_api_from_settings_of_before() -> None:
    async with fault_server(LittleOllama({"tiny:latest": Installed()})) as server:
        async with managed(f"{server.origin}/v1", provider="ollama") as manager:
            await ask(manager)
    assert [call.path for call in server.calls] == ["/api/chat"]


# Answers


async def test_an_answer_comes_with_its_counts() -> None:
    async with serving(LittleOllama({"tiny:latest": Installed()})) as (_, manager):
        events = await ask(manager)
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["Hel", "lo"]
    assert events[-2:] == [UsageReported(Usage(26, 2)), Finished("stop", "stop")]


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/json", "application/json; charset=utf-8"])
async def test_a_proxy_may_call_the_lines_what_it_likes(kind: str) -> None:
    async def handle(call: Call) -> None:
        await call.reply(b"".join(wire.stream("Hel", "lo")), kind=kind)

    async with serving(handle) as (_, manager):
        assert (await ask(manager))[1:3] == [TextDelta("Hel"), TextDelta("lo")]


async def test_an_answer_is_told_while_it_comes_whatever_the_proxy_calls_it() -> None:
    told = asyncio.Event()

    async def handle(call: Call) -> None:
        await call.begin("application/json")
        await call.part(wire.said("first"))
        await told.wait()
        await call.part(wire.last())
        await call.end()

    async with serving(handle) as (_, manager), manager.stream("ollama", Request("tiny", (HI,))) as answer:
        async for event in answer:
            if event == TextDelta("first"):
                told.set()


async def test_a_connection_serves_the_next_question_too() -> None:
    async with serving(LittleOllama({"tiny:latest": Installed()})) as (server, manager):
        for _ in range(3):
            await ask(manager)
    assert server.connections == 1 and len(server.calls) == 3


async def test_a_key_goes_along_as_bearer() -> None:
    little = LittleOllama({"tiny:latest": Installed()})
    async with serving(wants_key("key-0123456789", little), key="key-0123456789") as (server, manager):
        assert await ask(manager)
        assert await manager.models("ollama")
    assert {call.headers["authorization"] for call in server.calls} == {"Bearer key-0123456789"}


# The list


MODELS = {"thinker:14b": THINKER, "tiny:latest": Installed(), "embed:latest": EMBEDDER}


@pytest.mark.parametrize("says", ["2026", "2025"])
async def test_the_list_says_what_each_model_can(says: Any) -> None:
    async with serving(LittleOllama(MODELS, says=says, loaded={"thinker:14b": 32_768})) as (server, manager):
        models = await manager.models("ollama")
    assert models == (
        Model("thinker:14b", context=32_768, tools=True, images=True, reasoning=True, loaded=True),
        Model("tiny:latest", context=DEFAULT_CONTEXT, tools=True, images=False, reasoning=False, loaded=False),
    )
    shown = [call.json["model"] for call in server.calls if call.path == "/api/show"]
    assert sorted(shown) == ([] if says == "2026" else sorted(MODELS))


async def test_what_an_early_server_does_not_say_is_unknown_and_not_denied() -> None:
    async with serving(LittleOllama(MODELS, says="early", loaded={"tiny:latest": 1})) as (_, manager):
        models = {model.id: model for model in await manager.models("ollama")}
    assert models["tiny:latest"] == Model("tiny:latest", context=DEFAULT_CONTEXT, loaded=True)
    assert models["embed:latest"] == Model("embed:latest", context=2048, loaded=False)


async def test_models_are_listed_without_what_cannot_be_asked() -> None:
    async def handle(call: Call) -> None:
        if call.path == "/api/tags":
            await call.reply(json.dumps(wire.model_list("a", "b", "a") | {"more": 1}))
        else:
            await fails("404 Not Found", "404 page not found", kind="text/plain")(call)

    async with serving(handle) as (_, manager):
        assert await manager.models("ollama") == (Model("a"), Model("b"))


async def test_particulars_are_asked_for_in_bounds() -> None:
    names = [f"m{number}" for number in range(200)]
    busy = most = 0

    async def handle(call: Call) -> None:
        nonlocal busy, most
        if call.path == "/api/tags":
            await call.reply(json.dumps(wire.model_list(*names)))
            return
        busy += 1
        for _ in range(50):  # whoever else may ask has its chance to
            most = max(most, busy)
            await asyncio.sleep(0)
        await call.reply(json.dumps({"models": []} if call.path == "/api/ps" else {"capabilities": ["completion"]}))
        busy -= 1

    async with serving(handle) as (server, manager):
        models = await manager.models("ollama")
    assert [model.id for model in models] == names
    assert sum(call.path == "/api/show" for call in server.calls) == 64 and most <= 5


async def test_a_server_that_hangs_over_particulars_still_gives_its_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nuke_ai_panel.providers.ollama.models._PATIENCE", 0.05)

    async def handle(call: Call) -> None:
        if call.path == "/api/tags":
            await call.reply(json.dumps(wire.model_list("a")))
        else:
            await call.gone.wait()

    async with serving(handle) as (_, manager):
        assert await manager.models("ollama") == (Model("a"),)


async def test_a_model_of_the_cloud_has_all_its_context() -> None:
    entry = wire.entry("big:cloud", "completion", context=262_144, remote_host="https://ollama.com:443")

    async def handle(call: Call) -> None:
        await call.reply(json.dumps({"models": [entry] if call.path == "/api/tags" else []}))

    async with serving(handle) as (_, manager):
        (model,) = await manager.models("ollama")
    assert model.context == 262_144


@pytest.mark.parametrize("document", [{"models": None}, {"models": []}])
async def test_a_server_without_models_has_an_empty_list(document: Any) -> None:
    async with serving(fails("200 OK", document)) as (_, manager):
        assert await manager.models("ollama") == ()


@pytest.mark.parametrize("document", [{}, [], {"models": {}}, {"data": []}, {"error": "Unexpected endpoint"}])
async def test_what_is_no_list_is_not_ollama(document: Any) -> None:
    async with serving(fails("200 OK", document)) as (_, manager):
        assert (await problem_of(manager.models("ollama"))).kind == "not_an_api"


# The memory


async def test_a_model_is_loaded_with_room_for_a_long_chat() -> None:
    little = LittleOllama(dict(MODELS), loaded={"tiny:latest": OWN_CONTEXT})
    async with serving(little) as (server, manager):
        await ask(manager, model="tiny:latest")
        await manager.models("ollama")
        await ask(manager, model="tiny:latest")
    assert little.loaded["tiny:latest"] == DEFAULT_CONTEXT
    assert [asked["options"]["num_ctx"] for asked in questions(server)] == [DEFAULT_CONTEXT] * 2


async def test_a_model_that_runs_with_more_keeps_it() -> None:
    little = LittleOllama(dict(MODELS), loaded={"tiny:latest": 65_536})
    async with serving(little) as (_, manager):
        await manager.models("ollama")
        await ask(manager, model="tiny:latest")
        assert little.loaded["tiny:latest"] == 65_536
        await ask(manager, model="tiny:latest", context=8192)
    assert little.loaded["tiny:latest"] == 8192


async def test_a_model_that_cannot_think_is_not_asked_to() -> None:
    async with serving(LittleOllama(dict(MODELS))) as (server, manager):
        await manager.models("ollama")
        await ask(manager, model="tiny:latest", effort="high")
        await ask(manager, model="thinker:14b", effort="high")
    assert [asked.get("think") for asked in questions(server)] == [None, "high"]


async def test_a_model_of_which_nothing_was_known_is_asked_again_without_thinking_and_that_is_remembered() -> None:
    async with serving(LittleOllama(dict(MODELS))) as (server, manager):
        for _ in range(2):
            assert (await ask(manager, model="tiny:latest", effort="high"))[-1] == Finished("stop", "stop")
    assert [asked.get("think") for asked in questions(server)] == ["high", None, None]


async def test_a_server_that_knows_no_levels_of_thinking_is_asked_again_without() -> None:
    refusal = {"error": "json: cannot unmarshal string into Go struct field ChatRequest.think of type bool"}

    async def handle(call: Call) -> None:
        old = isinstance(call.json.get("think"), str)
        await (fails("400 Bad Request", refusal) if old else LittleOllama({"tiny": Installed()}))(call)

    async with serving(handle) as (_, manager):
        assert (await ask(manager, effort="low"))[-1] == Finished("stop", "stop")


# Downloads


async def test_a_model_is_fetched_and_can_then_be_asked() -> None:
    little = LittleOllama({}, library={"new:latest": Installed()})
    async with serving(little) as (_, manager):
        found = await problem_of(ask(manager, model="new"))
        assert found.kind == "model_not_pulled" and PROVIDERS[found.provider].downloads
        told = await pull(manager, "new")
        assert await ask(manager, model="new")
    assert told[0] == Progress("Downloading new") and Progress("Downloading new", 0.25) in told
    assert told[-2:] == [Progress("Checking new"), Progress("Downloaded new", 1.0)]


async def test_a_name_that_nobody_knows_cannot_be_fetched() -> None:
    async with serving(LittleOllama({})) as (_, manager):
        assert (await problem_of(pull(manager, "nonsense"))).kind == "model_unknown"


async def test_stopping_a_download_closes_its_connection_and_leaves_nothing_open() -> None:
    gone = asyncio.Event()

    async def handle(call: Call) -> None:
        await call.begin(wire.NDJSON)
        await call.part(wire.line({"status": "pulling manifest"}))
        await call.gone.wait()
        gone.set()

    async with serving(handle) as (_, manager):
        begun = asyncio.Event()

        async def fetch() -> None:
            async with manager.pull("ollama", "big") as download:
                async for _ in download:
                    begun.set()

        async with asyncio.TaskGroup() as group:
            task = group.create_task(fetch())
            await begun.wait()
            assert manager.open_streams == 1
            task.cancel()
        assert manager.open_streams == 0
        await gone.wait()


async def test_a_download_that_breaks_is_a_cut() -> None:
    async def handle(call: Call) -> None:
        await call.begin(wire.NDJSON)
        await call.part(wire.line({"status": "pulling a", "digest": "a", "total": 9, "completed": 3}))
        call.hang_up()

    async with serving(handle) as (_, manager):
        assert (await problem_of(pull(manager, "big"))).kind == "stream_cut"


async def test_a_download_may_be_silent_and_last_longer_than_an_answer() -> None:
    impatient = Limits(total=0.2, idle=0.05, idle_local=0.05)

    async def handle(call: Call) -> None:
        await call.begin(wire.NDJSON)
        await call.part(wire.line({"status": "verifying sha256 digest"}))
        await call.pause(0.3)
        await call.part(wire.line({"status": "success"}))
        await call.end()

    async with serving(handle, limits=impatient) as (_, manager):
        assert (await pull(manager, "big"))[-1] == Progress("Downloaded big", 1.0)


async def test_a_page_for_people_is_no_download() -> None:
    async with serving(fails("200 OK", "<html>Sign in</html>", kind="text/html")) as (_, manager):
        assert (await problem_of(pull(manager, "big"))).kind == "not_an_api"


async def test_others_download_nothing(managed: Managed) -> None:
    async with managed(refused_url(), provider="lmstudio") as manager:
        with pytest.raises(ProviderError) as error:
            async with manager.pull("lmstudio", "m"):
                raise AssertionError
    assert "downloads no models" in error.value.problem.why


# Refusals


REFUSALS: list[tuple[str, str, str]] = [
    ("404 Not Found", "model 'tiny' not found", "model_not_pulled"),
    ("404 Not Found", 'model "tiny" not found, try pulling it first', "model_not_pulled"),
    ("400 Bad Request", "model is required", "model_unknown"),
    ("400 Bad Request", "registry.ollama.ai/library/tiny:latest does not support tools", "no_tools"),
    ("400 Bad Request", '"tiny" does not support thinking', "no_thinking"),
    ("400 Bad Request", "registry.ollama.ai/library/tiny:latest does not support vision", "no_vision"),
    ("500 Internal Server Error", "this model is missing data required for image input", "no_vision"),
    ("400 Bad Request", "request (5000 tokens) exceeds the available context size (4096 tokens)", "context_full"),
    ("400 Bad Request", "the input length exceeds the context length", "context_full"),
    ("400 Bad Request", "the prompt is longer than the context length currently available", "context_full"),
    (
        "400 Bad Request",
        "json: cannot unmarshal string into Go struct field ChatRequest.think of type bool",
        "bad_parameter",
    ),
    ("400 Bad Request", 'invalid think value: "x" (must be "high", "medium", "low", true, or false)', "bad_parameter"),
    ("401 Unauthorized", "unauthorized", "key_missing"),
    ("403 Forbidden", "", "host_blocked"),
    ("403 Forbidden", "ollama cloud is disabled: remote inference is unavailable", "unknown"),
    ("429 Too Many Requests", "you have reached your hourly usage limit", "rate_limited"),
    ("500 Internal Server Error", "model requires more system memory (9 GiB) than is available (5 GiB)", "no_memory"),
    ("500 Internal Server Error", "llama runner process has terminated: exit status 2", "no_memory"),
    ("500 Internal Server Error", "unable to allocate CUDA0 buffer", "no_memory"),
    ("500 Internal Server Error", "something else", "server_error"),
    ("502 Bad Gateway", "dial tcp: lookup ollama.com: no such host", "server_error"),
    ("503 Service Unavailable", "server busy, please try again.  maximum pending requests exceeded", "overloaded"),
]


def refuses(status: str, message: str) -> Handler:
    return fails(status, {"error": message} if message else "")


@pytest.mark.parametrize(("status", "message", "kind"), REFUSALS)
async def test_a_refusal_is_named(status: str, message: str, kind: str) -> None:
    async with serving(refuses(status, message)) as (_, manager):
        found = await problem_of(ask(manager, HI))
    assert found.kind == kind and message in found.detail


async def test_a_blocked_host_name_is_named_in_the_test_of_the_connection_too() -> None:
    async with serving(lambda call: call.send(head("403 Forbidden", "", Connection="close"))) as (server, manager):
        steps: list[Step] = []
        report = await manager.check(manager.configs[0], on_step=steps.append)
    assert report.problem and report.problem.kind == "host_blocked" and steps[-1].name == "API"
    assert [call.path for call in server.calls] == ["/api/version"]


async def test_a_local_server_that_wants_to_be_signed_in_says_how() -> None:
    async with serving(fails("401 Unauthorized", {"error": "unauthorized", "signin_url": "https://x"})) as (_, manager):
        assert "ollama signin" in (await problem_of(ask(manager))).next
    assert "signin" not in PROVIDERS["ollama"].service("https://ollama.com").key_hint


async def test_refusals_of_a_server_that_knows_its_models_are_met_as_they_are() -> None:
    async with serving(LittleOllama(dict(MODELS))) as (_, manager):
        assert (await problem_of(ask(manager, model="embed:latest"))).why == '"embed:latest" does not support chat.'
        assert (await problem_of(ask(manager, model="absent"))).kind == "model_not_pulled"


async def test_a_model_that_is_missing_elsewhere_is_not_called_missing_here() -> None:
    refusal = read_refusal(404, b'{"error": "model \'x\' not found"}', {}, Redactor())
    for url, kind in (("http://gpu.lan:11434", "model_not_pulled"), ("https://ollama.com", "model_unknown")):
        service = PROVIDERS["ollama"].service(url)
        assert refused(refusal, service, model="x", with_key=True, signs=SIGNS).kind == kind


# The test of a connection


async def test_the_test_says_which_ollama_it_is_and_which_model_is_chosen() -> None:
    steps: list[Step] = []
    async with serving(LittleOllama(MODELS)) as (_, manager):
        report = await manager.check(manager.configs[0], model="tiny", on_step=steps.append)
    assert report.ok and [step.detail for step in steps[-4:]] == [
        "Ollama 0.12.3",
        "not needed",
        "2 models",
        "tiny is listed",
    ]


async def test_a_proxy_without_the_version_is_known_by_the_list() -> None:
    little = LittleOllama(MODELS)

    async def handle(call: Call) -> None:
        await (fails("404 Not Found", "no", kind="text/plain") if call.path == "/api/version" else little)(call)

    steps: list[Step] = []
    async with serving(handle) as (_, manager):
        report = await manager.check(manager.configs[0], on_step=steps.append)
    assert report.ok and [step.detail for step in steps if step.name == "API"] == ["Ollama API"]


@pytest.mark.parametrize("installed", [MODELS, {}])
async def test_a_chosen_model_that_is_not_there_can_be_downloaded(installed: Any) -> None:
    async with serving(LittleOllama(installed)) as (_, manager):
        report = await manager.check(manager.configs[0], model="qwen3:14b", on_step=lambda _: None)
    assert report.problem and report.problem.kind == "model_not_pulled" and "qwen3:14b" in report.problem.title
    assert next(step.detail for step in report.steps if step.ok is False) == "not downloaded"


async def test_a_server_without_models_and_without_a_choice_says_so() -> None:
    async with serving(LittleOllama({})) as (_, manager):
        report = await manager.check(manager.configs[0], on_step=lambda _: None)
    assert report.problem and report.problem.kind == "model_not_loaded"


@pytest.mark.parametrize("document", [{"error": "Unexpected endpoint or method. (GET /api/version)"}, {"status": "ok"}])
async def test_another_server_at_the_address_is_not_ollama(document: Any) -> None:
    async with serving(fails("200 OK", document)) as (_, manager):
        report = await manager.check(manager.configs[0], on_step=lambda _: None)
    assert report.problem and report.problem.kind == "not_an_api"
