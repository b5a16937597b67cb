"""What servers tell beside their answers: model lists in all their shapes, who they are, whether they check a key."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from fault_server import Call, Handler, answers, fails, fault_server, model_list
from managed_providers import Managed
from nuke_ai_panel.providers.api.model_lists import models_in, price
from nuke_ai_panel.providers.base import CheckReport, Model
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.errors import ProviderError
from nuke_ai_panel.providers.manager import ProviderConfig
from nuke_ai_panel.providers.openai_chat.names import is_swapped
from nuke_ai_panel.providers.redact import Secret

KEY = "sk-sentinel-0123456789abcdef"


def listed(*entries: Any) -> list[Model]:
    models = models_in({"data": [*entries]})
    assert models is not None
    return list(models)


def test_model_lists_are_read_as_real_services_write_them() -> None:
    models = listed(
        {"id": "a", "context_length": 10, "supported_parameters": ["tools"]},
        {"id": "b", "meta": {"n_ctx": 20, "n_ctx_train": 99}, "architecture": {"input_modalities": ["text"]}},
        {"id": "c", "max_model_len": "30"},
        {"id": "d", "max_context_length": 40, "capabilities": {"function_calling": True, "vision": True}},
        {"id": "a"},
        {"object": "model"},
        None,
    )
    assert [(model.id, model.context, model.tools, model.images) for model in models] == [
        ("a", 10, True, None),
        ("b", 20, None, False),
        ("c", 30, None, None),
        ("d", 40, True, True),
    ]
    assert models_in([{"id": "x"}]) is not None
    assert models_in({"hello": "world"}) is None


ROUTED = {
    "id": "maker/big",
    "name": "Maker: Big",
    "context_length": 200_000,
    "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
    "pricing": {"prompt": "0.000003", "completion": "0.0000151", "input_cache_read": "0.0000003"},
    "top_provider": {"context_length": 200_000, "max_completion_tokens": 64_000},
    "supported_parameters": ["tools", "reasoning", "structured_outputs"],
}


def test_openrouter_tells_prices_for_a_token_and_they_are_shown_for_a_million() -> None:
    assert listed(ROUTED) == [
        Model(
            "maker/big",
            "Maker: Big",
            200_000,
            tools=True,
            images=True,
            output=64_000,
            reasoning=True,
            input_price=3.0,
            output_price=15.1,
        )
    ]
    varying = {**ROUTED, "pricing": {"prompt": "-1", "completion": "-1"}}
    assert [(model.input_price, model.output_price) for model in listed(varying)] == [(None, None)]


@pytest.mark.parametrize("value", [None, True, "", "free", "nan", "inf", "-0.1", "1e400", "1e999999", [], {}])
def test_what_is_no_price_is_unknown(value: Any) -> None:
    assert price(value) is None


def test_mistral_lists_a_model_once_and_knows_it_by_all_its_names() -> None:
    capabilities = {"completion_chat": True, "function_calling": True, "vision": False, "reasoning": True}
    entry = {"id": "big-2411", "aliases": ["big-latest"], "max_context_length": 9, "capabilities": capabilities}
    (model,) = listed(entry, {**entry, "id": "big-latest", "aliases": ["big-2411"]})
    assert (model.id, model.aliases, model.reasoning, model.context) == ("big-2411", ("big-latest",), True, 9)


NO_CHAT = [
    {"id": "mistral-x", "capabilities": {"completion_chat": False}},
    {"id": "x", "architecture": {"output_modalities": ["image"]}},
    {"id": "x", "type": "embedding"},
    {"id": "x", "active": False},
    {"id": "text-embedding-nomic-embed-text-v1.5"},
    {"id": "whisper-large-v3-turbo"},
    {"id": "playai-tts"},
    {"id": "grok-imagine-image"},
    {"id": "dall-e-3"},
    {"id": "black-forest-labs/FLUX.1-schnell"},
    {"id": "mistral-ocr-latest"},
    {"id": "mistral-embed"},
    {"id": "gpt-image-1"},
    {"id": "omni-moderation-latest"},
]


@pytest.mark.parametrize("entry", NO_CHAT)
def test_what_does_not_chat_is_left_out(entry: Any) -> None:
    assert [model.id for model in listed(entry, {"id": "chatty"})] == ["chatty"]


@pytest.mark.parametrize("name", ["llama-3.3-70b", "gpt-oss-20b", "gemma-3-27b-it", "o3", "pixtral-12b", "embers-7b"])
def test_what_chats_is_not_left_out(name: str) -> None:
    assert [model.id for model in listed({"id": name}, {"id": "whisper-1"})] == [name]


def test_a_list_that_is_all_of_other_things_is_shown_as_it_is() -> None:
    assert [model.id for model in listed({"id": "whisper-of-the-woods"})] == ["whisper-of-the-woods"]


def test_the_router_of_llama_cpp_says_what_is_loaded() -> None:
    models = listed(
        {"id": "a", "status": {"value": "loaded"}}, {"id": "b", "status": {"value": "unloaded"}}, {"id": "c"}
    )
    assert [model.loaded for model in models] == [True, False, None]


@pytest.mark.parametrize(
    ("asked", "answered", "swapped"),
    [
        ("qwen3-8b", "qwen3-8b", False),
        ("qwen3-8b", "Qwen3-8B", False),
        ("qwen3", "qwen3:latest", False),
        ("openai/gpt-oss-20b", "gpt-oss-20b", False),
        ("qwen3-8b", "/models/Qwen3-8B-Q4_K_M.gguf", False),
        ("qwen3-8b", "C:\\models\\qwen3-8b.gguf", False),
        ("qwen3-8b", "qwen3-8b:2", False),
        ("qwen3-8b", "qwen3-8b@q4_k_m", False),
        ("gpt-4o", "gpt-4o-2024-08-06", False),
        ("magistral-small", "magistral-small-2509", False),
        ("", "qwen3-8b", False),
        ("qwen3-8b", "", False),
        ("qwen3-8b", "qwen3-4b", True),
        ("llama-3", "llama-2", True),
        ("qwen3-8b", "gemma-3-12b", True),
        ("gemma3:27b", "gemma3:4b", True),
    ],
)
def test_another_spelling_is_no_other_model(asked: str, answered: str, swapped: bool) -> None:
    assert is_swapped(asked, answered) == swapped


@pytest.mark.parametrize("variant", [":1", ":2024", "-4bit", "_q4_k"])
def test_a_name_without_end_is_compared_in_no_time(variant: str) -> None:
    began = time.process_time()
    assert is_swapped("a", "x" + variant * 100_000 + "!")
    assert time.process_time() - began < 0.5  # by the square of its length it would be minutes


def serves(pages: dict[str, Any], *, key: str = "") -> Handler:
    """A server with these documents by path; 404 elsewhere, 401 without the key if it wants one."""

    async def handle(call: Call) -> None:
        call.keep_open = True
        if key and call.headers.get("authorization") != f"Bearer {key}":
            await fails("401 Unauthorized", {"error": {"message": "no", "code": "invalid_api_key"}})(call)
        elif call.path in pages:
            await call.reply(json.dumps(pages[call.path]))
        else:
            await fails("404 Not Found", {"error": f"Unexpected endpoint or method. (GET {call.path})"})(call)

    return handle


PLAIN = json.loads(model_list("tiny"))
NEWEST = {
    "models": [
        {
            "type": "llm",
            "key": "qwen3-8b",
            "display_name": "Qwen3 8B",
            "max_context_length": 40_960,
            "loaded_instances": [{"id": "qwen3-8b", "config": {"context_length": 4096}}],
            "capabilities": {"vision": False, "trained_for_tool_use": True, "reasoning": {"default": "on"}},
        },
        {"type": "llm", "key": "gemma-3", "max_context_length": 8192, "loaded_instances": [], "capabilities": {}},
        {"type": "embedding", "key": "nomic", "max_context_length": 2048},
    ]
}
OLDER = {
    "data": [
        {
            "id": "qwen3-8b",
            "type": "vlm",
            "state": "loaded",
            "max_context_length": 40_960,
            "loaded_context_length": 4096,
            "capabilities": ["tool_use"],
        },
        {"id": "gemma-3", "type": "llm", "state": "not-loaded", "max_context_length": 8192},
        {"id": "nomic", "type": "embeddings"},
    ]
}
FROM_NEWEST = (
    Model("qwen3-8b", "Qwen3 8B", 4096, tools=True, images=False, reasoning=True, loaded=True),
    Model("gemma-3", context=8192, loaded=False),
)
FROM_OLDER = (
    Model("qwen3-8b", context=4096, tools=True, images=True, loaded=True),
    Model("gemma-3", context=8192, images=False, loaded=False),
)


@pytest.mark.parametrize(
    ("pages", "wanted"),
    [
        ({"/api/v1/models": NEWEST, "/api/v0/models": OLDER, "/v1/models": PLAIN}, FROM_NEWEST),
        ({"/api/v0/models": OLDER, "/v1/models": PLAIN}, FROM_OLDER),
        ({"/api/v1/models": {"error": "Unexpected endpoint"}, "/v1/models": PLAIN}, (Model("tiny"),)),
        ({"/v1/models": PLAIN}, (Model("tiny"),)),
    ],
)
async def test_lm_studio_is_asked_for_the_list_that_says_most(managed: Managed, pages: Any, wanted: Any) -> None:
    async with fault_server(serves(pages)) as server, managed(server.url, provider="lmstudio") as manager:
        assert await manager.models("lmstudio") == wanted


async def test_a_refused_key_is_not_taken_for_an_older_lm_studio(managed: Managed) -> None:
    handler = serves({"/api/v1/models": NEWEST}, key=KEY)
    async with fault_server(handler) as server, managed(server.url, provider="lmstudio", key="sk-wrong-123") as manager:
        with pytest.raises(ProviderError) as error:
            await manager.models("lmstudio")
        assert error.value.problem.kind == "key_wrong" and len(server.calls) == 1


INFO = {
    "data": [
        {
            "model_name": "tiny",
            "litellm_params": {"model": "openai/tiny", "api_key": "x"},
            "model_info": {
                "mode": "chat",
                "max_input_tokens": 9000,
                "max_output_tokens": 800,
                "input_cost_per_token": 3e-06,
                "output_cost_per_token": 1.5e-05,
                "supports_function_calling": True,
                "supports_vision": None,
            },
        },
        {"model_name": "vectors", "model_info": {"mode": "embedding"}},
    ]
}
BOTH = json.loads(model_list("tiny", "vectors", "other"))


async def test_litellm_tells_what_models_can_and_cost_if_the_key_may_know(managed: Managed) -> None:
    pages = {"/v1/models": BOTH, "/model/info": INFO}
    async with fault_server(serves(pages)) as server, managed(server.url, provider="litellm") as manager:
        assert await manager.models("litellm") == (
            Model("tiny", context=9000, output=800, tools=True, input_price=3.0, output_price=15.0),
            Model("other"),
        )
    async with fault_server(serves({"/v1/models": BOTH})) as server, managed(server.url, provider="litellm") as manager:
        assert [model.id for model in await manager.models("litellm")] == ["tiny", "vectors", "other"]


async def check(managed: Managed, provider: str, url: str, *, key: str = "", model: str = "") -> CheckReport:
    async with managed("http://unused.invalid", provider=provider) as manager:
        secret = Secret(key) if key else None
        return await manager.check(
            ProviderConfig(PROVIDERS[provider], url), key=secret, model=model, on_step=lambda _: None
        )


def said(report: CheckReport) -> dict[str, str]:
    return {step.name: step.detail for step in report.steps}


@pytest.mark.parametrize(
    ("provider", "pages", "title"),
    [
        ("lmstudio", {"/api/v1/models": NEWEST}, "LM Studio"),
        ("lmstudio", {"/api/v0/models": OLDER}, "LM Studio, before 0.4"),
        ("lmstudio", {"/v1/models": PLAIN}, "OpenAI chat format"),
        ("llama_cpp", {"/health": {"status": "ok"}, "/v1/models": PLAIN}, "llama.cpp server"),
        ("llama_cpp", {"/v1/models": PLAIN}, "OpenAI chat format"),
        ("vllm", {"/version": {"version": "0.12.1"}, "/v1/models": PLAIN}, "vLLM 0.12.1"),
        ("vllm", {"/version": "x", "/v1/models": PLAIN}, "OpenAI chat format"),
    ],
)
async def test_who_answers_is_told_where_a_public_endpoint_tells(
    managed: Managed, provider: str, pages: Any, title: str
) -> None:
    async with fault_server(serves(pages)) as server:
        report = await check(managed, provider, server.url)
    assert report.ok and said(report)["API"] == title


async def test_a_server_that_loads_its_model_is_told_so_in_the_test(managed: Managed) -> None:
    loading = {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}
    async with fault_server(fails("503 Service Unavailable", loading)) as server:
        report = await check(managed, "llama_cpp", server.url)
    assert report.problem and report.problem.kind == "model_loading"
    assert said(report)["API"] == "still loading, HTTP 503"


@pytest.mark.parametrize("provider", ["compatible", "openai", "mistral"])
@pytest.mark.parametrize(("checks", "finding"), [(True, "accepted"), (False, "not checked by this server")])
async def test_a_key_is_called_accepted_only_by_who_checks_it(
    managed: Managed, provider: str, checks: bool, finding: str
) -> None:
    handler = serves({"/v1/models": PLAIN}, key=KEY if checks else "")
    async with fault_server(handler) as server:
        report = await check(managed, provider, server.url, key=KEY)
    assert said(report)["Key"] == finding
    assert report.summary.startswith("Key accepted") == checks
    assert report.summary.endswith("s, key not checked") != checks
    assert all(step.ms is not None for step in report.steps if step.name == "Key")


@pytest.mark.parametrize(
    ("provider", "public"), [("vllm", {"/version": {"version": "1"}}), ("ollama", {"/api/version": {"version": "1"}})]
)
async def test_a_known_server_whose_list_fails_fails_with_its_models_and_not_with_the_key(
    managed: Managed, provider: str, public: Any
) -> None:
    async def handle(call: Call) -> None:
        call.keep_open = True
        if call.path in public:
            await call.reply(json.dumps(public[call.path]))
        else:
            await fails("500 Internal Server Error", {"error": "no"})(call)

    async with fault_server(handle) as server:
        report = await check(managed, provider, server.origin, key=KEY)
    assert {step.name: step.ok for step in report.steps[-4:]} == {
        "API": True,
        "Key": None,
        "Models": False,
        "Model": None,
    }


async def test_a_list_that_breaks_without_the_key_does_not_prove_it(managed: Managed) -> None:
    async def handle(call: Call) -> None:
        call.keep_open = True
        with_key = "authorization" in call.headers
        await (call.reply(json.dumps(PLAIN)) if with_key else fails("500 Internal Server Error", {"error": "no"})(call))

    async with fault_server(handle) as server:
        report = await check(managed, "compatible", server.url, key=KEY)
    assert report.ok and said(report)["Key"] == "not checked by this server"


async def test_a_key_that_cannot_be_sent_fails_as_the_key(managed: Managed) -> None:
    async with fault_server(answers()) as server:
        report = await check(managed, "compatible", server.url, key="sk-k\u00e9y-0123456789")
        assert server.calls == []
    assert report.problem and report.problem.kind == "key_malformed"
    assert [(step.name, step.ok) for step in report.steps if step.name in ("API", "Key")] == [
        ("API", None),
        ("Key", False),
    ]


async def test_the_public_list_of_openrouter_proves_no_key(managed: Managed) -> None:
    async def handle(call: Call) -> None:
        call.keep_open = True
        if call.path == "/v1/key":
            refusal = {
                "error": {"code": 401, "message": "User not found.", "metadata": {"error_type": "authentication"}}
            }
            await fails("401 Unauthorized", refusal)(call)
        else:
            await call.reply(json.dumps({"data": [ROUTED]}))

    async with fault_server(handle) as server:
        report = await check(managed, "openrouter", server.url, key=KEY)
    assert report.problem and report.problem.kind == "key_wrong"
    assert said(report)["Key"] == "refused, HTTP 401"


async def test_azure_lists_what_could_be_deployed_so_only_a_question_proves_a_deployment(managed: Managed) -> None:
    async with fault_server(answers("Hi")) as server:
        report = await check(managed, "azure", server.url, key=KEY, model="my-deployment")
        call, without = server.calls
    assert call.headers["api-key"] == KEY and "authorization" not in call.headers
    assert "api-key" not in without.headers
    assert report.ok and said(report)["Models"] == "this service lists none"
    assert said(report)["Model"] == "my-deployment, which only a question can prove"


async def test_a_chosen_alias_is_a_listed_model(managed: Managed) -> None:
    pages = {"/v1/models": {"data": [{"id": "big-2411", "aliases": ["big-latest"]}]}}
    async with fault_server(serves(pages)) as server:
        assert (await check(managed, "compatible", server.url, model="big-latest")).ok
