"""The settings: what the file may say, and what happens when it says something else."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.panel import settings as options
from nuke_ai_panel.panel.app import Application
from nuke_ai_panel.panel.settings import SETTINGS, Change, ProviderSettings, Settings, load, save


def test_without_a_file_every_setting_has_its_default(tmp_path: Path) -> None:
    settings = load(tmp_path / "none.toml")
    assert all(settings.get(setting) == setting.default for setting in SETTINGS)
    assert settings.warnings == ()


def test_every_default_is_allowed_by_its_own_declaration() -> None:
    assert all(setting.accepts(setting.default) for setting in SETTINGS)


def test_until_the_user_chooses_the_guide_answers() -> None:
    assert Settings().get(options.PROVIDER) == "offline"


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.toml"
    settings = Settings()
    settings.set(options.SEND_KEY, "ctrl+enter")
    settings.set(options.CONNECT, 3.5)
    settings.set_provider("compatible", ProviderSettings("http://10.0.0.5:9000/v1", "qwen"))
    settings.remember_key("openai@https://api.openai.com", True)
    save(settings.changes, path)
    again = load(path)
    assert again.get(options.SEND_KEY) == "ctrl+enter"
    assert again.get(options.CONNECT) == 3.5
    assert again.provider("compatible") == ProviderSettings("http://10.0.0.5:9000/v1", "qwen")
    assert again.saved_keys() == {"openai@https://api.openai.com"}


def test_one_damaged_value_falls_back_alone_and_is_named(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[chat]\nsend_key = "space"\nprovider = "openai"\n[network]\nconnect_seconds = -3\n')
    settings = load(path)
    assert settings.get(options.SEND_KEY) == "enter"
    assert settings.get(options.CONNECT) == 10.0
    assert settings.get(options.PROVIDER) == "openai"
    assert len(settings.warnings) == 2 and "Send with" in settings.warnings[0]


def test_a_damaged_file_is_kept_and_the_defaults_hold(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b"\xff\xfe not toml [")
    settings = load(path)
    assert settings.get(options.PROVIDER) == "offline"
    assert (tmp_path / "settings.toml.bad").read_bytes() == b"\xff\xfe not toml ["
    assert "settings.toml.bad" in settings.warnings[0]


def test_a_file_that_was_kept_before_stays_beside_the_one_that_is_kept_now(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    for content in ("[[[[", "]]]]"):
        path.write_text(content)
        load(path)
    assert (tmp_path / "settings.toml.bad").read_text() == "[[[["
    assert (tmp_path / "settings.toml.bad2").read_text() == "]]]]"


def test_what_a_newer_version_wrote_survives_a_save(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[future]\nthing = "kept"\n')
    settings = load(path)
    settings.set(options.SEND_KEY, "ctrl+enter")
    save(settings.changes, path)
    assert 'thing = "kept"' in path.read_text()


def test_a_provider_that_nobody_knows_falls_back_to_the_guide_and_is_kept_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[chat]\nprovider = "of-a-newer-version"\n')
    settings = load(path)
    assert settings.get(options.PROVIDER) == "offline" and "Who answers" in settings.warnings[0]
    settings.set(options.SEND_KEY, "ctrl+enter")
    save(settings.changes, path)
    assert "of-a-newer-version" in path.read_text()


def test_two_panels_that_save_do_not_undo_each_other(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    one, other = load(path), load(path)
    one.remember_key("openai@https://api.openai.com", True)
    one.set(options.SEND_KEY, "ctrl+enter")
    other.remember_key("groq@https://api.groq.com", True)
    other.set_provider("ollama", ProviderSettings(model="qwen"))
    save(one.changes, path)
    save(other.changes, path)
    after = load(path)
    assert after.saved_keys() == {"openai@https://api.openai.com", "groq@https://api.groq.com"}
    assert after.get(options.SEND_KEY) == "ctrl+enter" and after.provider("ollama").model == "qwen"
    one.remember_key("openai@https://api.openai.com", False)
    save(one.changes, path)
    assert load(path).saved_keys() == {"groq@https://api.groq.com"}


def test_many_panels_that_save_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    changes = [Change("keys", f"compatible@http://127.0.0.1:{port}", True) for port in range(1000, 1030)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda change: save([change], path), changes))
    assert load(path).saved_keys() == {change.name for change in changes}
    assert [file.name for file in tmp_path.iterdir()] == ["settings.toml"]


def test_a_file_that_broke_meanwhile_is_set_aside_before_a_save(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    settings = load(path)
    path.write_text("[[[[")
    settings.set(options.SEND_KEY, "ctrl+enter")
    save(settings.changes, path)
    assert load(path).get(options.SEND_KEY) == "ctrl+enter" and (tmp_path / "settings.toml.bad").read_text() == "[[[["


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles.toml", tmp_path / "settings.toml"
    link.symlink_to(real)
    save([Change("chat", "send_key", "ctrl+enter")], link)
    assert link.is_symlink() and load(real).get(options.SEND_KEY) == "ctrl+enter"


def test_half_a_character_in_a_models_name_does_not_keep_the_rest_from_being_saved(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    settings = Settings()
    settings.set_provider("compatible", ProviderSettings("", "half \ud800"))
    save(settings.changes, path)
    assert load(path).provider("compatible").model == "half ?"


def test_a_file_that_is_nested_without_end_is_a_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("a = " + "[" * 5000)
    assert "settings.toml.bad" in load(path).warnings[0]


def test_a_value_that_is_not_allowed_is_refused_when_it_is_set() -> None:
    with pytest.raises(ValueError, match="Send with"):
        Settings().set(options.SEND_KEY, "space")


def test_a_save_that_fails_leaves_the_old_file_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("[chat]\n")

    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        save((), path)
    assert [file.name for file in tmp_path.iterdir()] == ["settings.toml"]
    assert path.read_text() == "[chat]\n"


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_NAMES = st.sampled_from(["providers", "keys", "saved", *(part for one in SETTINGS for part in one.id.split("."))])


@given(st.dictionaries(_NAMES, _JUNK | st.dictionaries(_NAMES, _JUNK, max_size=4), max_size=4))
def test_no_content_of_the_file_breaks_reading(values: dict[str, object]) -> None:
    settings = Settings(values)
    assert all(setting.accepts(settings.get(setting)) for setting in SETTINGS)
    assert isinstance(settings.provider("openai"), ProviderSettings)
    assert all(isinstance(name, str) for name in settings.saved_keys())


def test_what_was_saved_once_is_not_written_again_over_another_panels_later_choice(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    mine, other = Settings(), Settings()
    mine.set(options.SEND_KEY, "ctrl+enter")
    save(saved := mine.changes, path)
    mine.note_saved(saved)
    other.set(options.SEND_KEY, "enter")
    save(other.changes, path)
    mine.set(options.CONNECT, 3.5)
    save(mine.changes, path)
    assert load(path).get(options.SEND_KEY) == "enter" and load(path).get(options.CONNECT) == 3.5


def test_a_value_that_changed_while_it_was_saved_is_still_to_be_saved() -> None:
    settings = Settings()
    settings.set(options.CONNECT, 3.5)
    saved = settings.changes
    settings.set(options.CONNECT, 4.5)
    settings.note_saved(saved)
    assert [change.value for change in settings.changes] == [4.5]


async def test_two_panels_keep_each_others_later_choices(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    first, second = Application(settings_path=path, environ={}), Application(settings_path=path, environ={})
    try:
        for panel, key in ((first, "ctrl+enter"), (second, "enter")):
            panel.settings.set(options.SEND_KEY, key)
            await panel.save_settings()
        first.settings.set(options.CONNECT, 3.5)
        await first.save_settings()
        assert load(path).get(options.SEND_KEY) == "enter"
    finally:
        await first.close()
        await second.close()
