"""The model field: who is asked for a list, what is chosen, and what is remembered."""

from __future__ import annotations

import asyncio

from fault_server import Call, answers, fault_server, model_list
from memory_keyring import Dictionary
from nuke_ai_panel.panel.settings import ProviderSettings, load, settings_path
from open_window import OpenPane, open_pane, until


def listed(window: OpenPane) -> list[str]:
    return [row.model_id for row in window.presenter.models.picker._rows]


async def test_a_model_that_is_picked_answers_is_shown_and_is_remembered_after_a_restart() -> None:
    async with fault_server(answers("hello", models=["small", "large"])) as server:
        async with open_pane() as window:
            window.app.change_provider("compatible", ProviderSettings(server.url))
            window.presenter.models.open()
            await until(lambda: "large" in listed(window))
            window.presenter.models.picker.picked.emit("compatible", "large")
            answer = window.ask("hi")
            await until(lambda: not answer.running)
            assert server.calls[-1].json["model"] == "large"
            await until(lambda: load(settings_path()).provider("compatible").model == "large")
        async with open_pane(settings=load(settings_path())) as window:
            assert window.presenter.conversation.chat.model == "large"
            assert "large" in window.pane.header.chip.accessibleName()
            answer = window.ask("hi")
            await until(lambda: not answer.running)
            assert server.calls[-1].json["model"] == "large"


async def test_a_service_without_a_key_is_not_asked_and_one_with_a_key_is() -> None:
    keyring = Dictionary()
    async with fault_server(answers(models=["gpt"])) as server, open_pane(keyring=keyring) as window:
        window.app.change_provider("openai", ProviderSettings(server.url))
        window.presenter.models.open()
        await until(lambda: not window.presenter.models._asked)
        assert server.connections == 0
        keyring.held[f"openai@{server.origin}"] = "sk-proj-0123456789"
        window.presenter.models.open()
        await until(lambda: "gpt" in listed(window))
        assert server.calls[0].headers["authorization"] == "Bearer sk-proj-0123456789"


async def test_a_list_that_comes_after_the_address_has_changed_is_not_shown() -> None:
    go = asyncio.Event()

    async def slow(call: Call) -> None:
        await go.wait()
        await call.reply(model_list("of-the-old-server"))

    async with fault_server(slow) as server, open_pane() as window:
        window.app.change_provider("compatible", ProviderSettings(server.url))
        window.presenter.models.open()
        await until(lambda: server.calls)
        window.presenter.settings.open().address_changed.emit("compatible", "http://127.0.0.1:9/v1")
        go.set()
        await until(lambda: not window.presenter.models._asked)
        assert "of-the-old-server" not in listed(window)
