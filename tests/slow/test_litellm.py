"""The formats through LiteLLM's real proxy, in front of llama.cpp's real server."""

# ruff: noqa: F811 - fixtures are imported, and then they are parameters

from __future__ import annotations

import pytest
from litellm_proxy import LiteLLMProxy, litellm_proxy  # noqa: F401
from managed_providers import managed
from nuke_ai_panel.providers.base import Request
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.errors import ProviderError
from nuke_ai_panel.providers.manager import ProviderConfig
from nuke_ai_panel.providers.messages import Finished, Message, Started, Text, TextDelta

pytestmark = pytest.mark.timeout(180)  # the first test waits for the proxy's start

PATHS = {"litellm": "/v1", "openai": "/v1", "anthropic": "/v1", "gemini": "/v1beta"}
"""Where it serves each format, by a provider that speaks it."""


def asked(model: str) -> Request:
    return Request(model, (Message("user", (Text("hi"),)),), max_tokens=64)


@pytest.mark.parametrize("provider", PATHS)
async def test_an_answer_comes_through_in_each_format(provider: str, litellm_proxy: LiteLLMProxy) -> None:
    async with (
        managed(litellm_proxy.url + PATHS[provider], provider=provider, key=litellm_proxy.key) as providers,
        providers.stream(provider, asked(litellm_proxy.model)) as answer,
    ):
        events = [event async for event in answer]
    assert isinstance(events[0], Started) and isinstance(events[-1], Finished)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == litellm_proxy.answer


async def test_its_models_are_listed(litellm_proxy: LiteLLMProxy) -> None:
    async with managed(f"{litellm_proxy.url}/v1", provider="litellm", key=litellm_proxy.key) as providers:
        assert [model.id for model in await providers.models("litellm")] == [litellm_proxy.model]


async def test_a_wrong_key_is_told_as_one_though_it_says_that_it_has_no_database(litellm_proxy: LiteLLMProxy) -> None:
    async with managed(f"{litellm_proxy.url}/v1", provider="litellm", key="sk-wrong-0123456789") as providers:
        report = await providers.check(
            ProviderConfig(PROVIDERS["litellm"], f"{litellm_proxy.url}/v1"), on_step=lambda _: None
        )
    assert report.problem and report.problem.kind == "key_wrong"


async def test_an_unknown_model_is_told_as_one(litellm_proxy: LiteLLMProxy) -> None:
    async with managed(f"{litellm_proxy.url}/v1", provider="litellm", key=litellm_proxy.key) as providers:
        with pytest.raises(ProviderError) as failure:
            async with providers.stream("litellm", asked("nothing")) as answer:
                [event async for event in answer]
    assert failure.value.problem.kind == "model_unknown"


async def test_the_connection_test_passes(litellm_proxy: LiteLLMProxy) -> None:
    config = ProviderConfig(PROVIDERS["litellm"], f"{litellm_proxy.url}/v1", litellm_proxy.model)
    async with managed(config.base_url, provider="litellm", key=litellm_proxy.key) as providers:
        report = await providers.check(config, model=litellm_proxy.model, on_step=lambda _: None)
    assert report.ok and [step.name for step in report.steps][-4:] == ["API", "Key", "Models", "Model"]
