"""The manager: whose key goes where, how sessions live and end, what is not imported."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from fault_server import answers, fault_server, silent_after_a_token
from managed_providers import managed
from nuke_ai_panel.panel.threads import run_blocking
from nuke_ai_panel.providers.base import Request, Step
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.errors import ProviderError
from nuke_ai_panel.providers.manager import ProviderConfig, ProviderManager
from nuke_ai_panel.providers.messages import Message, Text
from nuke_ai_panel.providers.redact import Redactor, Secret

QUESTION = Request("", (Message("user", (Text("hi"),)),))


async def drain(manager: ProviderManager, provider: str) -> None:
    async with manager.stream(provider, QUESTION) as answer:
        async for _ in answer:
            pass


async def test_a_key_is_asked_for_the_origin_in_use_and_sent_there_alone() -> None:
    asked: list[tuple[str, str]] = []

    async def key_for(provider: str, origin: str) -> Secret | None:
        asked.append((provider, origin))
        return Secret("sk-for-this-origin") if origin == first.origin else None

    async with fault_server(answers("Hi")) as first, fault_server(answers("Hi")) as second:
        configs = [
            ProviderConfig(PROVIDERS["compatible"], first.url),
            ProviderConfig(PROVIDERS["lmstudio"], second.url),
        ]
        redactor = Redactor()
        async with ProviderManager(configs, key_for=key_for, run_blocking=run_blocking, redactor=redactor) as manager:
            await drain(manager, "compatible")
            await drain(manager, "lmstudio")
        assert asked == [("compatible", first.origin), ("lmstudio", second.origin)]
        assert first.calls[0].headers["authorization"] == "Bearer sk-for-this-origin"
        assert "authorization" not in second.calls[0].headers
        assert "sk-for" not in redactor.clean("the key is sk-for-this-origin")


async def test_a_request_without_a_model_asks_the_configured_one() -> None:
    async with fault_server(answers("Hi")) as server, managed(server.url) as manager:
        await drain(manager, "compatible")
        assert server.calls[0].json["model"] == "tiny"


async def test_no_session_is_opened_before_the_first_question() -> None:
    async with fault_server(answers("Hi")) as server, managed(server.url) as manager:
        assert manager.open_sessions == ()
        await drain(manager, "compatible")
        assert manager.open_sessions == ("compatible",)
        assert await manager.close() == ()
        assert manager.open_sessions == ()


async def test_new_settings_open_a_new_session_and_the_old_ends_after_its_stream() -> None:
    async with fault_server(silent_after_a_token()) as old, fault_server(answers("Hi")) as new:
        async with managed(old.url) as manager:
            async with manager.stream("compatible", QUESTION) as answer:
                await anext(answer)
                manager.configure([ProviderConfig(PROVIDERS["compatible"], new.url)])
                await drain(manager, "compatible")
                assert manager.open_sessions == ("compatible", "compatible")
                assert len(new.calls) == 1
            assert manager.open_sessions == ("compatible",)
            assert manager.open_streams == 0


async def test_unchanged_settings_keep_their_session() -> None:
    async with fault_server(answers("Hi")) as server, managed(server.url) as manager:
        await drain(manager, "compatible")
        manager.configure(manager.configs)
        await drain(manager, "compatible")
        assert server.connections == 1


async def test_changed_settings_close_an_idle_session_with_the_next_call() -> None:
    async with fault_server(answers("Hi")) as server, managed(server.url) as manager:
        await drain(manager, "compatible")
        manager.configure([ProviderConfig(PROVIDERS["compatible"], server.url, "other")])
        await drain(manager, "compatible")
        assert manager.open_sessions == ("compatible",)


async def test_closing_names_what_was_still_in_use() -> None:
    async with fault_server(silent_after_a_token()) as server, managed(server.url) as manager:
        async with manager.stream("compatible", QUESTION) as answer:
            await anext(answer)
            assert await manager.close() == ("1 x stream of compatible",)


async def test_an_address_that_is_missing_is_named_when_it_is_used() -> None:
    async with managed("") as manager:
        with pytest.raises(ProviderError) as error:
            await drain(manager, "compatible")
    assert error.value.problem.kind == "bad_address"


async def test_a_hundred_answers_come_at_once() -> None:
    async with fault_server(answers("Hi", "there")) as server, managed(server.url) as manager:
        async with asyncio.TaskGroup() as group:
            for _ in range(100):
                group.create_task(drain(manager, "compatible"))
        assert len(server.calls) == 100


async def test_the_guide_needs_no_session_and_passes_its_test() -> None:
    steps: list[Step] = []
    async with managed("") as manager:
        report = await manager.check(ProviderConfig(PROVIDERS["offline"]), on_step=steps.append)
        assert report.ok and report.steps == tuple(steps) and len(steps) == 1
        assert manager.open_sessions == ()


def test_every_provider_has_its_label() -> None:
    configs = map(ProviderConfig, PROVIDERS.values())
    manager = ProviderManager(configs, key_for=_no_key, run_blocking=run_blocking, redactor=Redactor())
    assert manager.label("offline") == "Guide (no model)"
    assert all(manager.label(provider) == row.label for provider, row in PROVIDERS.items())


async def test_a_service_that_was_removed_is_a_problem_in_words_to_a_chat_that_still_asks_it() -> None:
    async with managed("http://unused.invalid") as manager:
        manager.configure([])
        with pytest.raises(ProviderError) as caught:
            await drain(manager, "compatible")
        assert "settings" in caught.value.problem.why and manager.label("compatible") == "compatible"


async def _no_key(_: str, __: str) -> Secret | None:
    return None


def test_aiohttp_is_not_imported_before_it_is_needed() -> None:
    code = (
        "import sys, nuke_ai_panel.providers.manager, nuke_ai_panel.providers.checks;"
        "assert not {'aiohttp', 'truststore', 'PySide6'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
