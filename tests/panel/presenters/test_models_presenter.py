"""The model field: who is asked for a list, what is chosen, and what is remembered."""

from __future__ import annotations

import asyncio

from fault_server import Call, answers, fails, fault_server, model_list
from memory_keyring import Dictionary
from nuke_ai_panel.panel.settings import ProviderSettings, load, settings_path
from open_window import OpenPane, open_pane, until


def state_of(window: OpenPane, label: str) -> str:
    """What stands beside a provider's name."""
    notes = {row.text: row.note for row in window.presenter.models.picker.popup.choices() if row.heading}
    return notes.get(label, "")


def at_rest(window: OpenPane) -> bool:
    return not window.presenter.models._asked


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


async def test_a_list_is_there_at_once_after_a_restart_and_is_not_asked_for_while_it_is_young() -> None:
    keyring = Dictionary()
    async with fault_server(answers(models=["gpt", "gpt-mini"])) as server:
        keyring.held[f"openai@{server.origin}"] = "sk-proj-0123456789"
        for _ in range(2):
            async with open_pane(keyring=keyring) as window:
                window.app.change_provider("openai", ProviderSettings(server.url))
                window.presenter.models.open()
                await until(lambda window=window: at_rest(window))
                assert {"gpt", "gpt-mini"} <= set(listed(window))
                assert state_of(window, "OpenAI") == "2 models, just listed"
        assert len(server.calls) == 1


async def test_the_button_asks_for_a_list_of_this_moment() -> None:
    models = ["gpt"]

    async def handle(call: Call) -> None:
        await call.reply(model_list(*models))

    async with fault_server(handle) as server, open_pane() as window:
        window.app.change_provider("compatible", ProviderSettings(server.url))
        window.presenter.models.open()
        await until(lambda: at_rest(window) and "gpt" in listed(window))
        models.append("gpt-new")
        window.presenter.models.picker.refresh_requested.emit()
        await until(lambda: "gpt-new" in listed(window))
        assert len(server.calls) == 2


async def test_an_old_list_is_shown_while_it_is_refreshed_and_kept_with_the_reason_when_that_fails() -> None:
    healthy, go = answers(models=["gpt"]), asyncio.Event()

    async def handle(call: Call) -> None:
        if len(server.calls) == 1:
            await healthy(call)
            return
        await go.wait()
        await fails("503 Service Unavailable", {"error": {"message": "busy"}})(call)

    async with fault_server(handle) as server, open_pane() as window:
        window.app.change_provider("compatible", ProviderSettings(server.url))
        window.presenter.models.open()
        await until(lambda: at_rest(window) and "gpt" in listed(window))
        window.presenter.models.picker.refresh_requested.emit()
        await until(lambda: state_of(window, "OpenAI-compatible").startswith("refreshing"))
        assert "gpt" in listed(window)
        go.set()
        await until(lambda: at_rest(window))
        assert "is overloaded at the moment, 1 model, just listed" in state_of(window, "OpenAI-compatible")
        assert "gpt" in listed(window)


async def test_what_is_known_of_a_model_stands_beside_it() -> None:
    async def handle(call: Call) -> None:
        await call.reply('{"data": [{"id": "large", "context_length": 200000, "supported_parameters": ["tools"]}]}')

    async with fault_server(handle) as server, open_pane() as window:
        window.app.change_provider("compatible", ProviderSettings(server.url))
        window.presenter.models.open()
        await until(lambda: "large" in listed(window))
        [row] = [row for row in window.presenter.models.picker._rows if row.model_id == "large"]
        assert row.note == "200k, tools"


async def test_a_new_key_is_asked_for_its_own_list() -> None:
    keyring = Dictionary()
    async with fault_server(answers(models=["gpt"])) as server, open_pane(keyring=keyring) as window:
        keyring.held[f"openai@{server.origin}"] = "sk-proj-0123456789"
        window.app.change_provider("openai", ProviderSettings(server.url))
        for asked in (1, 2):
            window.presenter.models.forget("openai")
            window.presenter.models.open()
            await until(lambda: at_rest(window))
            assert len(server.calls) == asked


async def test_ten_thousand_models_are_shown_and_made_once() -> None:
    async with fault_server(answers(models=[f"m{number}" for number in range(10_000)])) as server:
        async with open_pane() as window:
            window.app.change_provider("compatible", ProviderSettings(server.url))
            window.presenter.models.open()
            await until(lambda: at_rest(window) and len(listed(window)) > 10_000)
            made = window.presenter.models._rows["compatible"]
            window.presenter.models.open()
            await until(lambda: at_rest(window))
            assert window.presenter.models._rows["compatible"] is made
            assert state_of(window, "OpenAI-compatible") == "10,000 models, just listed"
