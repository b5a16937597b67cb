"""Keys in the settings dialog: saved, refused, removed, and used by the next question or not."""

from __future__ import annotations

import asyncio
import sys

import pytest
from fault_server import Handler, answers, fault_server, wants_key
from memory_keyring import Dictionary, Hung, Locked, Refusing
from nuke_ai_panel.panel.keys import Keyring, platform_keyring
from nuke_ai_panel.panel.presenters.proxy_password import FIELD
from nuke_ai_panel.panel.settings import Settings, load, settings_path
from nuke_ai_panel.providers.redact import Secret
from nuke_ai_panel.ui.settings.controls import SecretControl
from nuke_ai_panel.ui.settings.field import Field
from nuke_ai_panel.ui.settings.values import KeyState
from open_window import OpenPane, open_pane, until
from own_time import own_time
from proxy_server import proxy_server
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
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
        began = own_time()
    assert own_time() - began < 1.0
    keyring.go.set()


async def test_a_locked_keyring_offers_to_unlock_it_and_all_pages_look_again_afterwards() -> None:
    keyring = Locked()
    keyring.held |= {"openai@https://api.openai.com": KEY, "groq@https://api.groq.com": KEY}
    async with open_pane(keyring=keyring) as window:
        dialog = window.presenter.settings.open("openai")
        page = dialog.page("openai")
        await until(
            lambda: page.key.state.kind == "unavailable" and dialog.page("groq").key.state.kind == "unavailable"
        )
        assert page.key.state.remedy == "unlock" and "Dictionary is locked" in page.key._note.text()
        page.key._unlock.click()
        assert page.key.state.kind == "loading" and "password" in page.key.state.where
        await until(lambda: page.key.state.kind == "unavailable")
        keyring.open = True
        page.key._unlock.click()
        await until(lambda: page.key.state.kind == "keyring")
        await until(lambda: dialog.page("groq").key.state.kind == "keyring")
        assert not page.key._unlock.isVisible()


async def test_a_key_that_was_kept_for_the_session_goes_into_the_keyring_once_that_is_unlocked() -> None:
    keyring = Locked()
    async with open_pane(keyring=keyring) as window:
        dialog = window.presenter.settings.open("openai")
        dialog.key_entered.emit("openai", "https://api.openai.com/v1", KEY)
        key = dialog.page("openai").key
        await until(lambda: key.state.kind == "session")
        assert key.state == KeyState("session", "Dictionary is locked.", "6789", "unlock")
        key._unlock.click()
        await until(lambda: key.state.kind == "session")
        keyring.open = True
        key._unlock.click()
        await until(lambda: key.state == KeyState("keyring", "Dictionary", "6789"))
        assert keyring.held == {"openai@https://api.openai.com": KEY}
        await until(lambda: load(settings_path()).saved_keys() == {"openai@https://api.openai.com"})


async def test_a_keyring_that_cannot_keep_a_key_of_this_length_offers_no_unlocking() -> None:
    async with open_pane(keyring=lambda: Keyring("Windows Credential Manager", Dictionary(), longest=8)) as window:
        dialog = window.presenter.settings.open("openai")
        dialog.key_entered.emit("openai", "https://api.openai.com/v1", KEY)
        key = dialog.page("openai").key
        await until(lambda: key.state.kind == "session")
        assert "8 characters" in key.state.where and key.state.remedy == ""


async def test_a_variable_that_holds_no_key_is_named_on_the_page() -> None:
    async with open_pane(OPENAI_API_KEY="one\ntwo") as window:
        key = window.presenter.settings.open("openai").page("openai").key
        await until(lambda: key.state.kind == "unavailable")
        assert "OPENAI_API_KEY" in key.state.where and key.state.remedy == ""


@pytest.mark.abandons(1)
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket.socket")
@pytest.mark.skipif(sys.platform != "linux", reason="needs a Secret Service")
async def test_a_service_that_hangs_is_told_at_its_deadline_and_asked_again_by_a_button(
    secret_service: SecretService,
) -> None:
    async with open_pane(keyring=platform_keyring) as window:
        window.app.keys._deadline = 0.5
        await window.app.keys.save("openai", "https://api.openai.com", Secret(KEY))
        secret_service.stop()
        key = window.presenter.settings.open("openai").page("openai").key
        ticks = 0
        while key.state.kind in ("none", "loading"):
            await asyncio.sleep(0.005)
            ticks += 1
        assert ticks > 10 and key.state.remedy == "again" and "does not answer" in key.state.where
        secret_service.resume()
        key._unlock.click()
        await until(lambda: key.state == KeyState("keyring", "Secret Service", "6789"))


# The password of the proxy


def proxy_field(window: OpenPane) -> Field:
    return window.presenter.settings.open("#network").fields.field(FIELD.id)


def proxy_settings(address: str) -> Settings:
    return Settings({"network": {"proxy": "manual", "proxy_address": address, "proxy_user": "ann"}})


def password_state(window: OpenPane) -> KeyState:
    control = proxy_field(window).control
    assert isinstance(control, SecretControl)
    return control.key.state


async def test_the_proxys_password_is_typed_kept_used_and_forgotten() -> None:
    password, keyring = ' "open" sesame ', Dictionary()
    async with (
        fault_server(answers("let in")) as server,
        proxy_server(user="ann", password=password, names={"api.example": server.port}) as proxy,
        open_pane(keyring=keyring, settings=proxy_settings(proxy.address)) as window,
    ):
        control = proxy_field(window).control
        assert isinstance(control, SecretControl)
        control.key.edit.setText(password)
        QTest.keyClick(control.key.edit, Qt.Key.Key_Return)
        await until(lambda: password_state(window).kind == "keyring")
        assert keyring.held == {f"proxy@{proxy.address}": password} and control.key.edit.text() == ""
        assert "Password saved in Dictionary" in control.key._words.text()
        await until(lambda: load(settings_path()).saved_keys() == {f"proxy@{proxy.address}"})
        assert "sesame" not in settings_path().read_text()
        window.answer_with("http://api.example/v1")
        assert await ask(window) == "let in"
        control.key._remove.click()
        await until(lambda: password_state(window).kind == "none")
        assert keyring.held == {}


async def test_another_proxy_has_another_password_and_none_has_no_field() -> None:
    keyring = Dictionary()
    keyring.held["proxy@http://127.0.0.1:1"] = "secret-of-the-first"
    settings = proxy_settings("http://127.0.0.1:1")
    settings.remember_key("proxy@http://127.0.0.1:1", True)
    async with open_pane(keyring=keyring, settings=settings) as window:
        await until(lambda: password_state(window).kind == "keyring")
        dialog = window.presenter.settings.open()
        dialog.fields.given.emit("network.proxy_address", "http://127.0.0.1:2")
        await until(lambda: password_state(window).kind == "none")
        dialog.fields.given.emit("network.proxy", "none")
        await until(lambda: proxy_field(window).field.locked_by)
        assert not proxy_field(window).control.isEnabled()


async def test_a_password_that_the_keyring_does_not_take_is_used_until_the_end_and_that_is_said() -> None:
    async with open_pane(keyring=Locked(), settings=proxy_settings("http://127.0.0.1:1")) as window:
        dialog = window.presenter.settings.open("#network")
        dialog.fields.secret_entered.emit(FIELD.id, "sesame")
        await until(lambda: password_state(window).kind == "session")
        assert password_state(window).remedy == "unlock"
        found = await window.app.keys.find("proxy", "http://127.0.0.1:1")
        assert found and found.secret.reveal() == "sesame"


async def test_what_was_looked_up_before_a_key_was_saved_does_not_hide_it() -> None:
    keyring = Hung()
    async with open_pane(keyring=lambda: Keyring("Vault", keyring, longest=8)) as window:
        dialog = window.presenter.settings.open("openai")
        await until(keyring.asked.is_set)
        dialog.key_entered.emit("openai", "https://api.openai.com/v1", KEY)
        key = dialog.page("openai").key
        await until(lambda: key.state.kind == "session")
        keyring.go.set()
        await window.app.keys.unlock()
        assert key.state.kind == "session"
