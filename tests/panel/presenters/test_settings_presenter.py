"""The settings dialog: what is changed is in force at once and saved, or the dialog says why it is not."""

from __future__ import annotations

from fault_server import answers, fails, fault_server
from memory_keyring import Dictionary
from nuke_ai_panel.panel import settings as options
from nuke_ai_panel.panel.settings import load, settings_path
from nuke_ai_panel.ui.settings.values import ProviderDraft
from open_window import OpenPane, open_pane, until


def words(window: OpenPane, provider_id: str) -> str:
    dialog = window.presenter.settings.dialog
    entry = dialog.list.entry(provider_id) if dialog else None
    return entry.words if entry else ""


async def test_a_new_address_and_model_are_in_force_at_once_and_saved() -> None:
    async with fault_server(answers("moved")) as server, open_pane() as window:
        dialog = window.presenter.settings.open("compatible")
        dialog.address_changed.emit("compatible", server.url)
        dialog.model_changed.emit("compatible", "large")
        dialog.provider_chosen.emit("compatible")
        answer = window.ask("hi")
        await until(lambda: not answer.running)
        assert answer.markdown == "moved" and server.calls[-1].json["model"] == "large"
        await until(lambda: load(settings_path()).get(options.PROVIDER) == "compatible")
        saved = load(settings_path()).provider("compatible")
        assert (saved.address, saved.model) == (server.url, "large")


async def test_the_send_key_is_in_force_at_once() -> None:
    async with open_pane() as window:
        window.presenter.settings.open().fields.given.emit("chat.send_key", "ctrl+enter")
        assert window.pane.composer._send_key == "ctrl+enter"
        await until(lambda: load(settings_path()).get(options.SEND_KEY) == "ctrl+enter")


async def test_a_save_that_fails_is_told_at_the_bottom_of_the_dialog() -> None:
    async with open_pane() as window:
        settings_path().parent.parent.mkdir(parents=True)
        settings_path().parent.write_text("in the way")
        dialog = window.presenter.settings.open()
        dialog.provider_chosen.emit("ollama")
        await until(lambda: "could not be saved" in dialog._status.text())
        assert window.presenter.conversation.chat.provider == "ollama"


async def test_a_save_that_fails_without_the_dialog_is_told_in_the_transcript_and_can_be_tried_again() -> None:
    async with open_pane() as window:
        settings_path().parent.parent.mkdir(parents=True)
        settings_path().parent.write_text("in the way")
        window.presenter.choose("ollama", "qwen")
        await until(lambda: window.pane.view.messages)
        settings_path().parent.unlink()
        window.answer.retry_requested.emit()
        await until(lambda: load(settings_path()).get(options.PROVIDER) == "ollama")


async def test_another_key_makes_what_a_test_found_untrue() -> None:
    keyring = Dictionary()
    async with fault_server(fails("401 Unauthorized", {})) as server, open_pane(keyring=keyring) as window:
        dialog = window.presenter.settings.open("openai")
        dialog.test_requested.emit("openai", ProviderDraft(server.url, "sk-wrong-0123456789", ""))
        await until(lambda: words(window, "openai") == "Key refused")
        dialog.key_entered.emit("openai", "https://api.openai.com/v1", "sk-right-0123456789")
        await until(lambda: words(window, "openai") == "Key found, not tested")


async def test_the_dialog_closed_during_a_test_takes_its_result_all_the_same() -> None:
    async with fault_server(answers("x", models=["a", "b"])) as server, open_pane() as window:
        dialog = window.presenter.settings.open("compatible")
        dialog.test_requested.emit("compatible", ProviderDraft(server.url, "", ""))
        dialog.close()
        await until(lambda: words(window, "compatible") == "Ready, 2 models")


async def test_what_is_wrong_with_the_file_is_told_where_settings_are() -> None:
    settings_path().parent.mkdir(parents=True)
    settings_path().write_text("[[[[")
    async with open_pane() as window:
        assert "settings.toml.bad" in window.presenter.settings.open()._status.text()
