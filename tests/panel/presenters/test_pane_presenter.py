"""One whole pane: scripts that open late, and closing with everything hung at once."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from fault_server import Call, answers, fault_server, model_list, never_answers, refused_url, silent_after_a_token
from memory_keyring import Hung
from nuke_ai_panel.panel import app as app_module
from nuke_ai_panel.panel import settings as options
from nuke_ai_panel.panel.app import Application
from nuke_ai_panel.panel.settings import ProviderSettings
from nuke_ai_panel.ui.settings.values import ProviderDraft
from open_window import open_pane, until
from own_time import own_time
from shiboken6 import delete


async def test_the_script_that_was_chosen_last_wins_however_slow_the_first_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "quick.nk").write_text("Grade {\n inputs 0\n name Grade1\n}\n")
    go, open_script = asyncio.Event(), Application.open_script

    async def slow(app: Application, path: Path) -> Any:
        if path.name == "slow.nk":
            await go.wait()
        return await open_script(app, path)

    monkeypatch.setattr(Application, "open_script", slow)
    async with open_pane() as window:
        window.presenter.open_script(tmp_path / "slow.nk")
        window.presenter.open_script(tmp_path / "quick.nk")
        go.set()
        await until(lambda: window.app.host.title == "quick.nk")
        assert not window.pane.view.messages


async def test_look_ups_and_tests_under_way_end_with_their_pane() -> None:
    go, keyring = asyncio.Event(), Hung()

    async def slow(call: Call) -> None:
        await go.wait()
        await call.reply(model_list("late"))

    async with fault_server(slow) as server, open_pane(keyring=keyring) as window:
        window.app.change_provider("compatible", ProviderSettings(server.url))
        dialog = window.presenter.settings.open()
        dialog.test_requested.emit("compatible", ProviderDraft(server.url, "", ""))
        window.presenter.models.open()
        await until(lambda: len(server.calls) == 2 and keyring.asked.is_set())
        delete(window.pane)
        keyring.go.set()
        go.set()
        await until(lambda: not any("pane/" in name for name in window.app.scope.stats().names))
        assert window.app.scope.stats().failed == 0


async def test_closing_takes_less_than_a_second_with_everything_hung_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    never, resolving, saving = threading.Event(), threading.Event(), threading.Event()

    def hung_dns(*_: object, **__: object) -> None:
        resolving.set()
        never.wait()

    def hung_save(*_: object) -> None:
        saving.set()
        never.wait()

    monkeypatch.setattr("socket.getaddrinfo", hung_dns)
    monkeypatch.setattr(app_module.options, "save", hung_save)
    keyring = Hung()
    app = Application(keyring=keyring, environ={})
    async with fault_server(silent_after_a_token()) as server, fault_server(never_answers) as deaf:
        app.settings.set(options.PROVIDER, "compatible")
        app.change_provider("compatible", ProviderSettings(server.url, "m"))
        app.change_provider("ollama", ProviderSettings(deaf.url, "m"))
        app.change_provider("vllm", ProviderSettings("http://a-name.invalid:80/v1", "m"))
        for provider_id in ("compatible", "ollama", "vllm", "openai"):
            app.scope.start(app.chat(provider_id, "m").ask("hi"), name=f"turn of {provider_id}")
        app.scope.start(app.save_settings(), name="save settings", on_close="finish")
        await until(lambda: server.calls and deaf.calls and keyring.asked.is_set())
        await until(lambda: resolving.is_set() and saving.is_set())
        began = own_time()
        left = await app.close()
        assert own_time() - began < 1.0
        never.set()
        keyring.go.set()
    assert left.tasks in ((), ("application/save settings",)) and left.sessions == ()


async def test_a_new_chat_does_not_call_ready_what_has_just_failed() -> None:
    async with fault_server(answers("hello")) as server, open_pane() as window:
        window.answer_with(refused_url())
        answer, chip = window.ask("hi"), window.pane.header.chip
        await until(lambda: not answer.running)
        failed = chip.accessibleName()
        assert "ready" not in failed
        window.presenter.new_chat()
        assert chip.accessibleName() == failed
        window.answer_with(server.url)
        assert "ready" in chip.accessibleName()
