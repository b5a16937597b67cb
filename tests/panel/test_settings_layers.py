"""The layers: defaults < studio's file < user's file < environment, and what the studio locks before them all."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli_w
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from nuke_ai_panel.panel import settings as options
from nuke_ai_panel.panel.settings import SETTINGS, STUDIO_VARIABLE, ProviderSettings, Settings, load, save
from nuke_ai_panel.panel.settings.studio import SITE, installed_place


class Desk:
    """A user's file, a studio's file and an environment."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "settings.toml"
        self.studio = folder / "studio.toml"
        self.environ = {STUDIO_VARIABLE: str(self.studio)}
        self.studio.write_text("")

    def load(self) -> Settings:
        return load(self.file, self.environ)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_each_layer_comes_before_the_one_below_it_and_is_named(desk: Desk) -> None:
    settings = desk.load()
    assert (settings.get(options.CONNECT), settings.origin(options.CONNECT).layer) == (10, "default")
    desk.studio.write_text("[network]\nconnect_seconds = 11\n")
    settings = desk.load()
    assert (settings.get(options.CONNECT), settings.origin(options.CONNECT).layer) == (11, "studio")
    desk.file.write_text("[network]\nconnect_seconds = 12\n")
    settings = desk.load()
    assert (settings.get(options.CONNECT), settings.origin(options.CONNECT).layer) == (12, "user")
    assert settings.origin(options.CONNECT).decided_by == ""
    desk.environ["NUKE_AI_PANEL_NETWORK_CONNECT_SECONDS"] = "13"
    settings = desk.load()
    assert (settings.get(options.CONNECT), settings.origin(options.CONNECT).layer) == (13, "environment")
    decided = settings.origin(options.CONNECT).decided_by
    assert decided == "Set by the variable NUKE_AI_PANEL_NETWORK_CONNECT_SECONDS."
    desk.studio.write_text('[network]\nconnect_seconds = 11\n[locked]\nsettings = ["network.connect_seconds"]\n')
    settings = desk.load()
    assert (settings.get(options.CONNECT), settings.origin(options.CONNECT).layer) == (11, "studio")
    assert settings.origin(options.CONNECT).decided_by == f"Decided by your studio ({desk.studio})."


def test_what_is_locked_and_not_written_is_at_its_default(desk: Desk) -> None:
    desk.studio.write_text('[locked]\nsettings = ["network"]\n')
    desk.file.write_text('[network]\nproxy = "none"\nconnect_seconds = 3\n[chat]\nsend_key = "ctrl+enter"\n')
    settings = desk.load()
    assert settings.get(options.PROXY) == "system" and settings.get(options.CONNECT) == 10
    assert settings.origin(options.PROXY).locked
    assert settings.get(options.SEND_KEY) == "ctrl+enter"


def test_a_value_that_cannot_be_used_falls_to_the_next_layer(desk: Desk) -> None:
    desk.studio.write_text("[network]\nconnect_seconds = 11\n")
    desk.file.write_text("[network]\nconnect_seconds = 1200\n")
    desk.environ["NUKE_AI_PANEL_NETWORK_CONNECT_SECONDS"] = "soon"
    settings = desk.load()
    assert settings.get(options.CONNECT) == 11
    about_file, about_variable = settings.warnings
    assert "Connect within" in about_file and "11 s is in force." in about_file
    assert "NUKE_AI_PANEL_NETWORK_CONNECT_SECONDS" in about_variable and "1 to 120 s" in about_variable


def test_what_is_decided_elsewhere_is_neither_changed_nor_written(desk: Desk) -> None:
    desk.studio.write_text('[locked]\nsettings = ["network.proxy"]\n')
    desk.environ["NUKE_AI_PANEL_REQUESTS_RETRIES"] = "4"
    settings = desk.load()
    assert not settings.set(options.PROXY, "none") and not settings.set_words(options.RETRIES, "1")
    settings.reset(options.PROXY)
    assert settings.changes == () and settings.get(options.RETRIES) == 4
    assert settings.set(options.SEND_KEY, "ctrl+enter")


def test_an_empty_variable_counts_as_not_set(desk: Desk) -> None:
    desk.environ["NUKE_AI_PANEL_NETWORK_PROXY"] = " "
    settings = desk.load()
    assert settings.origin(options.PROXY).layer == "default" and settings.warnings == ()


def test_a_value_that_is_reset_leaves_the_file_and_what_the_studio_says_is_in_force(desk: Desk) -> None:
    desk.studio.write_text("[network]\nconnect_seconds = 11\n")
    desk.file.write_text("[network]\nconnect_seconds = 12\nidle_seconds = 5\n")
    settings = desk.load()
    assert settings.without_user(options.CONNECT) == "11 s"
    settings.reset(options.CONNECT)
    assert settings.get(options.CONNECT) == 11
    save(settings.changes, desk.file)
    assert desk.file.read_text() == "[network]\nidle_seconds = 5\n"


def test_a_damaged_value_stays_in_the_file_until_it_is_set(desk: Desk) -> None:
    desk.file.write_text('[network]\nproxy = "soks"\nconnect_seconds = "fast"\n')
    settings = desk.load()
    assert len(settings.warnings) == 2 and "soks" not in " ".join(settings.warnings)
    settings.set(options.CONNECT, 5)
    save(settings.changes, desk.file)
    assert desk.file.read_text() == '[network]\nproxy = "soks"\nconnect_seconds = 5.0\n'


def test_a_section_that_is_none_is_told_and_costs_nothing_else(desk: Desk) -> None:
    desk.file.write_text('network = 3\n[chat]\nsend_key = "ctrl+enter"\n')
    settings = desk.load()
    assert settings.get(options.SEND_KEY) == "ctrl+enter" and settings.get(options.CONNECT) == 10
    assert "network has to be a section" in settings.warnings[0]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[[[[", b"a = " + b"9" * 5000, b"a = " + b"[" * 5000])
def test_a_studios_file_that_is_damaged_is_told_once_and_left_alone(desk: Desk, content: bytes) -> None:
    desk.studio.write_bytes(content)
    desk.file.write_text("[network]\nconnect_seconds = 3\n")
    settings = desk.load()
    assert settings.get(options.CONNECT) == 3
    assert len(settings.warnings) == 1 and str(desk.studio) in settings.warnings[0]
    assert desk.studio.read_bytes() == content


@pytest.mark.parametrize("place", ["missing.toml", "."])
def test_a_studios_file_that_is_missing_or_none_is_told_once(desk: Desk, tmp_path: Path, place: str) -> None:
    desk.environ[STUDIO_VARIABLE] = str(tmp_path / place)
    settings = desk.load()
    assert len(settings.warnings) == 1 and "could not be read" in settings.warnings[0]
    assert settings.get(options.CONNECT) == 10


def test_without_a_variable_the_studios_file_is_beside_the_installed_panels_menu(tmp_path: Path) -> None:
    release = tmp_path / "nuke" / SITE / "0.1.0-3f0c5d7a9b21" / "nuke_ai_panel"
    assert installed_place(release) == tmp_path / "nuke" / "nuke_ai_panel_studio.toml"
    assert installed_place(tmp_path / "checkout" / "nuke_ai_panel") is None


def test_the_installer_and_the_panel_name_the_same_folder() -> None:
    from nuke_ai_panel.installing import menu_block

    assert menu_block.SITE == SITE


def test_a_file_that_a_windows_editor_has_saved_is_read(desk: Desk) -> None:
    desk.studio.write_bytes(b"\xef\xbb\xbf[network]\r\nconnect_seconds = 11\r\n")
    assert desk.load().get(options.CONNECT) == 11 and desk.load().warnings == ()


def test_keys_in_the_studios_file_are_refused_and_not_repeated(desk: Desk) -> None:
    desk.studio.write_text(
        '[keys]\nsaved = ["openai@https://api.openai.com"]\n'
        '[providers.openai]\napi_key = "sk-sentinel-0123"\n'
        '[network]\nproxy_password = "hunter2"\nproxy_address = "http://a:hunter3@proxy:1"\n'
    )
    settings = desk.load()
    told = " ".join(settings.warnings)
    assert "providers.openai.api_key" in told and "network.proxy_password" in told and "keys.saved" in told
    assert "sentinel" not in told and "hunter" not in told
    assert settings.saved_keys() == frozenset() and settings.get(options.PROXY_ADDRESS) == ""


def test_what_a_newer_version_or_a_slip_of_the_pen_wrote_is_told_in_one_sentence(desk: Desk) -> None:
    desk.studio.write_text(
        '[network]\nproxi = "none"\nconnect_seconds = 11\n[future]\nthing = 1\n'
        '[locked]\nsettings = ["network.proxi", "chat.send_key", 5, "providers.ollama.model"]\n'
    )
    settings = desk.load()
    assert settings.get(options.CONNECT) == 11
    locks, unknown = settings.warnings
    assert "network.proxi, chat.send_key, ? cannot be locked" in locks
    assert "network.proxi, future.thing is not known" in unknown
    assert settings.provider_origin("ollama", "model").locked


def test_a_studio_decides_the_address_and_model_of_a_provider(desk: Desk) -> None:
    desk.studio.write_text(
        '[providers.ollama]\naddress = "http://ai.studio.lan:11434"\nmodel = "big"\n'
        '[providers.vllm]\naddress = "no address"\n[locked]\nsettings = ["providers.ollama.address"]\n'
    )
    desk.file.write_text('[providers.ollama]\naddress = "http://127.0.0.1:1"\nmodel = "mine"\nlabel = "kept"\n')
    settings = desk.load()
    assert settings.provider("ollama") == ProviderSettings("http://ai.studio.lan:11434", "mine")
    assert settings.provider_origin("ollama", "address").decided_by and "providers.vllm.address" in settings.warnings[0]
    assert settings.provider("vllm") == ProviderSettings()
    settings.set_provider("ollama", ProviderSettings("http://127.0.0.1:2", ""))
    save(settings.changes, desk.file)
    assert desk.file.read_text() == '[providers.ollama]\naddress = "http://127.0.0.1:1"\nlabel = "kept"\n'
    assert desk.load().provider("ollama").model == "big"


def test_what_the_studio_suggests_is_not_copied_into_the_users_file(desk: Desk) -> None:
    desk.studio.write_text('[providers.ollama]\naddress = "http://ai.studio.lan:11434"\n')
    settings = desk.load()
    settings.set_provider("ollama", ProviderSettings("http://ai.studio.lan:11434", "mine"))
    save(settings.changes, desk.file)
    assert desk.file.read_text() == '[providers.ollama]\nmodel = "mine"\n'


def test_only_providers_that_are_offered_answer_and_the_guide_always_is(desk: Desk) -> None:
    desk.studio.write_text('[chat]\noffered = ["ollama"]\n[locked]\nsettings = ["chat.offered"]\n')
    desk.file.write_text('[chat]\nprovider = "openai"\noffered = "openai"\n')
    settings = desk.load()
    assert [name for name in ("openai", "ollama", "offline") if settings.offers(name)] == ["ollama", "offline"]
    assert settings.get(options.PROVIDER) == "offline" and "Who answers" in settings.warnings[0]
    with pytest.raises(ValueError, match="not offered"):
        settings.set(options.PROVIDER, "openai")
    assert settings.set(options.PROVIDER, "ollama")


def test_what_differs_from_the_defaults_is_told_with_its_origin(desk: Desk) -> None:
    desk.studio.write_text(
        '[network]\nproxy = "none"\n[providers.ollama]\nmodel = "big"\n[locked]\nsettings = ["network"]'
    )
    desk.file.write_text("[requests]\nretries = 1\n")
    desk.environ["NUKE_AI_PANEL_REPORTS_LOG_LEVEL"] = "debug"
    told = [(each.id, each.value, each.layer, each.locked) for each in desk.load().differing() if each.value]
    assert ("network.proxy", "None", "studio", True) in told
    assert ("requests.retries", "1", "user", False) in told
    assert ("reports.log_level", "Debug", "environment", False) in told
    assert ("providers.ollama.model", "big", "studio", False) in told


_SECTIONS = sorted({setting.section for setting in SETTINGS} | {"providers", "keys", "locked"})
_NAMES = sorted({setting.name for setting in SETTINGS} | {"saved", "settings", "ollama", "address", "model"})
_VALUES = st.recursive(
    st.booleans() | st.integers(-(2**62), 2**62) | st.floats() | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=3),
    max_leaves=6,
)
_TABLES = st.dictionaries(
    st.sampled_from(_SECTIONS) | st.text(st.characters(codec="utf-8"), max_size=5),
    _VALUES | st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=4),
    max_size=4,
)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(user=_TABLES, studio=_TABLES)
def test_any_toml_gives_settings_that_work(tmp_path: Path, user: dict[str, object], studio: dict[str, object]) -> None:
    desk = Desk(tmp_path)
    desk.file.write_text(tomli_w.dumps(user), encoding="utf-8")
    desk.studio.write_text(tomli_w.dumps(studio), encoding="utf-8")
    settings = desk.load()
    for setting in SETTINGS:
        assert setting.accepts(settings.get(setting))
        assert not settings.origin(setting).locked or setting.lockable
    assert isinstance(settings.provider("ollama").address, str) and settings.offers("offline")
    assert all(warning.endswith((".", ")")) for warning in settings.warnings)
    settings.set(options.SEND_KEY, "ctrl+enter")
    settings.set_provider("ollama", ProviderSettings("http://127.0.0.1:1", "tiny"))
    save(settings.changes, desk.file)
    assert desk.load().get(options.SEND_KEY) == "ctrl+enter"
    assert list(settings.differing())
