"""Keys in the settings dialog: saved, refused, removed, and used by the next question or not."""

from __future__ import annotations

import sys
import time

import pytest
from fault_server import Handler, answers, fault_server, wants_key
from memory_keyring import Dictionary, Hung, Refusing
from nuke_ai_panel.panel.keys import platform_keyring
from nuke_ai_panel.panel.settings import load, settings_path
from nuke_ai_panel.ui.settings.values import KeyState
from open_window import OpenPane, open_pane, until
from secret_service import SecretService

KEY = "sk-sentinel-0123456789"
SERVER: Handler = wants_key(KEY, answers("let in"))


def state(window: OpenPane) -> KeyState:
    dialog = window.presenter.settings.dialog
    assert dialog
    return dialog.page("compatible").key.state


async def enter(window: OpenPane, url: str, key: str = KEY) -> None:
    window.presenter.settings.open("compatible").key_entered.emit("compatible", url, key)
    await until(lambda: state(window).kind not in ("loading", "none"))


async def ask(window: OpenPane) -> str:
    answer = window.ask("hi")
    await until(lambda: not answer.running)
    return answer.markdown


async def test_a_saved_key_is_used_by_the_next_question_and_a_removed_one_is_not() -> None:
    async with fault_server(SERVER) as server, open_pane(keyring=(keyring := Dictionary())) as window:
        window.answer_with(server.url)
        assert await ask(window) == ""
        await enter(window, server.url)
        assert state(window) == KeyState("keyring", "Dictionary", "6789")
        assert await ask(window) == "let in"
        await until(lambda: load(settings_path()).saved_keys() == {f"compatible@{server.origin}"})
        window.presenter.settings.open().key_removed.emit("compatible", server.url)
        await until(lambda: state(window).kind == "none")
        assert await ask(window) == "" and keyring.held == {}


@pytest.mark.skipif(sys.platform != "linux", reason="needs a Secret Service")
async def test_a_real_keyring_keeps_the_key_and_the_page_names_it(secret_service: SecretService) -> None:
    async with fault_server(SERVER) as server, open_pane(keyring=platform_keyring) as window:
        window.answer_with(server.url)
        await enter(window, server.url)
        assert state(window) == KeyState("keyring", "Secret Service", "6789")
        assert await ask(window) == "let in"


async def test_a_key_that_the_keyring_refuses_is_used_for_the_session_and_the_page_says_why() -> None:
    async with fault_server(SERVER) as server, open_pane(keyring=Refusing()) as window:
        window.answer_with(server.url)
        await enter(window, server.url)
        assert state(window).kind == "session" and "refused" in state(window).where
        page = window.presenter.settings.open().page("compatible")
        assert "refused" in page.key._words.text()
        assert await ask(window) == "let in"
        window.presenter.settings.open().key_removed.emit("compatible", server.url)
        await until(lambda: state(window).kind == "none")
        assert await ask(window) == ""


async def test_a_key_without_an_address_is_not_lost_in_silence() -> None:
    async with open_pane() as window:
        dialog = window.presenter.settings.open("compatible")
        dialog.page("compatible").key.edit.setText(KEY)
        dialog.page("compatible").key.save()
        assert state(window).kind == "none" and "address" in dialog._status.text()


async def test_a_hung_keyring_leaves_the_dialog_alive_and_quitting_quick() -> None:
    keyring = Hung()
    async with open_pane(keyring=keyring) as window:
        dialog = window.presenter.settings.open("openai")
        await until(keyring.asked.is_set)
        assert dialog.page("openai").key.state.kind == "loading" and dialog.isEnabled()
        began = time.monotonic()
    assert time.monotonic() - began < 1.0
    keyring.go.set()
