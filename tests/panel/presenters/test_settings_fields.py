"""Declared settings in the dialog: each is shown as it is in force, and a change counts at once and is saved."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from nuke_ai_panel.panel import settings as options
from nuke_ai_panel.panel.presenters.fields import field_of, fields_of
from nuke_ai_panel.panel.settings import SETTINGS, STUDIO_VARIABLE, Settings, load, settings_path
from nuke_ai_panel.ui.settings.dialog import SettingsDialog
from nuke_ai_panel.ui.settings.field import Field
from open_window import OpenPane, open_pane, until
from PySide6.QtWidgets import QLabel


def by_studio(folder: Path, text: str) -> Settings:
    """The user's settings under a studio's file."""
    (folder / "studio.toml").write_text(text)
    return load(settings_path(), {STUDIO_VARIABLE: str(folder / "studio.toml")})


def line_of(dialog: SettingsDialog, setting: options.AnySetting) -> Field:
    dialog.show_page(f"#{setting.page.lower()}")
    return dialog.fields.field(setting.id)


def listed(dialog: SettingsDialog) -> set[str]:
    items = [dialog.list.item(place) for place in range(dialog.list.count())]
    return {item.text() for item in items if not item.isHidden()}


def give(window: OpenPane, setting: options.AnySetting, words: str) -> Field:
    dialog = window.presenter.settings.open()
    line = line_of(dialog, setting)
    line.control.given.emit(words)
    return line


async def test_every_declared_setting_is_on_a_page() -> None:
    async with open_pane() as window:
        dialog = window.presenter.settings.open()
        assert {line_of(dialog, setting).field.label for setting in SETTINGS} == {each.label for each in SETTINGS}


OTHERS = {
    options.PROVIDER: "ollama",
    options.OFFERED: "ollama",
    options.SEND_KEY: "ctrl+enter",
    options.PROXY: "none",
    options.PROXY_ADDRESS: "http://proxy.studio.lan:3128",
    options.DIRECT_HOSTS: ".studio.lan",
    options.CA_FILE: "~/studio.pem",
    options.LOG_LEVEL: "error",
    options.NATS_SERVER: "",
}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.id)
async def test_a_change_of_any_setting_is_in_force_at_once_and_saved(setting: options.AnySetting) -> None:
    words = OTHERS.get(setting) or ("3" if setting.kind == "number" else "other")
    if setting is options.TOTAL:
        words = "33"
    async with open_pane() as window:
        if setting is options.NATS_SERVER:
            words = "nats://127.0.0.1:1"
        line = give(window, setting, words)
        value = setting.parse(words)
        assert window.app.settings.get(setting) == value
        assert line.field.value == setting.typed(value) and line.field.standard
        await until(lambda: load(settings_path()).get(setting) == value)
        line.back.click()
        assert window.app.settings.get(setting) == setting.default
        await until(lambda: load(settings_path()).origin(setting).layer == "default")


async def test_what_cannot_be_used_is_refused_at_the_field_and_the_old_value_holds() -> None:
    async with open_pane() as window:
        line = give(window, options.CONNECT, "500")
        assert line._note.text() == "It has to be a number, 1 to 120 s."
        assert window.app.settings.get(options.CONNECT) == 10 and window.app.settings.changes == ()
        line = give(window, options.PROXY_ADDRESS, "http://me:hunter2@proxy:1")
        assert "keyring" in line._note.text()


async def test_limits_and_the_log_count_at_once() -> None:
    async with open_pane() as window:
        give(window, options.CONNECT, "3")
        give(window, options.RETRIES, "0")
        give(window, options.LOG_LEVEL, "error")
        assert window.app.providers._network.limits.connect == 3
        assert window.app.providers._policy.retries == 0
        assert logging.getLogger("nuke_ai_panel").level == logging.ERROR


async def test_the_context_of_local_servers_goes_along_with_questions_of_new_chats() -> None:
    async with open_pane() as window:
        assert window.app.chat()._context is None
        give(window, options.CONTEXT, "4096")
        assert window.app.chat()._context == 4096


async def test_who_answers_is_the_same_on_every_page_that_says_it() -> None:
    async with open_pane() as window:
        dialog = window.presenter.settings.open()
        line = line_of(dialog, options.PROVIDER)
        dialog.provider_chosen.emit("ollama")
        assert line.field.value == "ollama" and dialog._specs["ollama"].in_use
        line.control.given.emit("lmstudio")
        assert dialog._specs["lmstudio"].in_use and not dialog._specs["ollama"].in_use
        assert window.presenter.conversation.chat.provider == "lmstudio"


async def test_a_locked_setting_is_shown_disabled_with_who_decided_it(tmp_path: Path) -> None:
    settings = by_studio(tmp_path, '[network]\nproxy = "none"\n[locked]\nsettings = ["network.proxy"]\n')
    async with open_pane(settings=settings) as window:
        line = line_of(window.presenter.settings.open(), options.PROXY)
        assert not line.control.isEnabled() and line.control.choice.text() == "None"
        assert f"Decided by your studio ({tmp_path / 'studio.toml'})." in line._note.text()


def test_a_value_of_the_environment_is_shown_with_the_variable(tmp_path: Path) -> None:
    settings = load(tmp_path / "none", {"NUKE_AI_PANEL_REQUESTS_RETRIES": "4"})
    field = field_of(settings, options.RETRIES)
    assert field.value == "4" and field.locked_by == "Set by the variable NUKE_AI_PANEL_REQUESTS_RETRIES."
    assert [each.id for each in fields_of(settings) if each.locked_by] == [options.RETRIES.id]


async def test_with_an_allow_list_other_providers_are_not_there_to_choose(tmp_path: Path) -> None:
    locked = '[chat]\noffered = ["ollama"]\n[locked]\nsettings = ["chat.offered"]\n'
    async with open_pane(settings=by_studio(tmp_path, locked), OPENAI_API_KEY="sk-proj-0123456789") as window:
        assert listed(window.presenter.settings.open()) & {"OpenAI", "Ollama", "Groq"} == {"Ollama"}
        assert window.app.offered == ("offline", "ollama")


async def test_another_list_of_offered_providers_shows_at_once() -> None:
    async with open_pane() as window:
        give(window, options.OFFERED, "groq, ollama")
        dialog = window.presenter.settings.open()
        assert listed(dialog) & {"OpenAI", "Ollama", "Groq"} == {"Ollama", "Groq"}
        give(window, options.OFFERED, "")
        assert "OpenAI" in listed(dialog)


async def test_a_choice_that_the_studio_has_made_cannot_be_made_anew_and_says_why(tmp_path: Path) -> None:
    locked = '[chat]\nprovider = "ollama"\n[locked]\nsettings = ["chat.provider"]\n'
    async with open_pane(settings=by_studio(tmp_path, locked)) as window:
        window.presenter.choose("groq", "big")
        assert window.presenter.conversation.chat.provider == "ollama"
        told = " ".join(label.text() for label in window.answer.findChildren(QLabel))
        assert "Decided by your studio" in told
        assert window.presenter.settings.open()._specs["groq"].choice_locked_by


async def test_an_address_that_the_studio_has_set_is_shown_locked_and_is_not_copied(tmp_path: Path) -> None:
    locked = '[providers.ollama]\naddress = "http://127.0.0.1:9"\n[locked]\nsettings = ["providers.ollama.address"]\n'
    async with open_pane(settings=by_studio(tmp_path, locked)) as window:
        dialog = window.presenter.settings.open("ollama")
        page = dialog.page("ollama")
        assert page.address.text() == "http://127.0.0.1:9" and not page.address.isEnabled()
        dialog.model_changed.emit("ollama", "tiny")
        assert window.app.config("ollama").address == "http://127.0.0.1:9"
        await until(lambda: settings_path().exists())
        assert load(settings_path()).provider("ollama").address == ""


async def test_trouble_with_the_studios_file_is_told_where_settings_are(tmp_path: Path) -> None:
    async with open_pane(settings=by_studio(tmp_path, "[[[[")) as window:
        assert str(tmp_path / "studio.toml") in window.presenter.settings.open()._status.text()
