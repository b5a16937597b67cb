"""The declarations: what each accepts, how it is typed and shown, and that the page of the documentation follows."""

from __future__ import annotations

import importlib.util
import math
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.panel import settings as options
from nuke_ai_panel.panel.reports.nats_address import SERVER_VARIABLE
from nuke_ai_panel.panel.settings import SETTINGS, STUDIO_VARIABLE, AnySetting, Setting, Unusable
from nuke_ai_panel.providers.catalog import OWN_KEY_VARIABLE

DOCS = Path(__file__).parents[2] / "docs"
SWITCH = Setting("test.switch", True, "Switch", "On or off.")
every_setting = pytest.mark.parametrize("setting", [*SETTINGS, SWITCH], ids=lambda setting: setting.id)


@every_setting
def test_every_setting_says_what_it_is_and_where_it_stands(setting: AnySetting) -> None:
    assert setting.label and setting.help.endswith(".")
    assert setting.page or setting is SWITCH
    assert (setting.section, setting.name) == tuple(setting.id.split("."))
    if setting.kind == "number":
        assert setting.low is not None and setting.high is not None, "a number without limits"


def test_no_two_settings_share_an_id_a_label_or_a_variable_and_no_variable_means_something_else_as_well() -> None:
    for shared in ("id", "label", "variable"):
        assert len({getattr(setting, shared) for setting in SETTINGS}) == len(SETTINGS)
    others = {STUDIO_VARIABLE, OWN_KEY_VARIABLE, SERVER_VARIABLE}
    assert not others & {setting.variable for setting in SETTINGS}


def test_every_setting_that_is_declared_is_in_the_list() -> None:
    assert {value for value in vars(options).values() if isinstance(value, Setting)} == set(SETTINGS)


@every_setting
def test_what_is_shown_in_a_field_is_read_back_as_the_same_value(setting: AnySetting) -> None:
    for value in (setting.default, setting.low, setting.high):
        if value is not None:
            value = type(setting.default)(value)
            assert setting.parse(setting.typed(value)) == value


@given(raw=st.recursive(st.integers() | st.floats() | st.text() | st.booleans() | st.dates(), st.lists, max_leaves=4))
def test_a_value_is_either_read_or_refused_in_a_sentence(raw: object) -> None:
    for setting in (*SETTINGS, SWITCH):
        try:
            value = setting.read(raw)
        except Unusable as why:
            assert str(why).endswith(".")
        else:
            assert type(value) is type(setting.default) and setting.accepts(value)


@given(words=st.text() | st.from_regex(r"[-+]?\d+(\.\d+)?(e\d+)?"))
def test_typed_words_are_either_read_or_refused_in_a_sentence(words: str) -> None:
    for setting in (*SETTINGS, SWITCH):
        try:
            assert setting.accepts(setting.parse(words))
        except Unusable as why:
            assert str(why).endswith(".")


@pytest.mark.parametrize("raw", [0, 121, math.nan, math.inf, -math.inf, 10**400, True, "10", None, [10]])
def test_a_number_out_of_its_limits_or_none_at_all_is_refused_with_the_limits(raw: object) -> None:
    with pytest.raises(Unusable, match="a number, 1 to 120 s"):
        options.CONNECT.read(raw)


@pytest.mark.parametrize(("words", "value"), [("10", 10.0), (" 2.5 ", 2.5), ("1e1", 10.0)])
def test_a_number_is_typed_with_or_without_a_fraction(words: str, value: float) -> None:
    assert options.CONNECT.parse(words) == value


@pytest.mark.parametrize("words", ["", "ten", "1,800", "2.5", "9" * 5000, "0x10", "-1"])
def test_a_whole_number_is_nothing_else(words: str) -> None:
    with pytest.raises(Unusable, match="a whole number, 0 to 5"):
        options.RETRIES.parse(words)


@pytest.mark.parametrize(("words", "on"), [("on", True), ("TRUE", True), ("1", True), ("no", False), ("off", False)])
def test_a_switch_is_typed_as_people_write_it(words: str, on: bool) -> None:
    assert SWITCH.parse(words) is on
    with pytest.raises(Unusable, match="on or off"):
        SWITCH.parse("maybe")


def test_a_list_may_be_one_in_the_file() -> None:
    assert options.DIRECT_HOSTS.read([".studio.lan", "10.0.0.5"]) == ".studio.lan, 10.0.0.5"
    assert not options.DIRECT_HOSTS.accepts([".studio.lan", 5])
    assert not options.PROXY_USER.accepts(["render"])


@pytest.mark.parametrize("setting", [options.PROXY_ADDRESS, options.NATS_SERVER])
@pytest.mark.parametrize("scheme", ["http", "nats"])
def test_an_address_with_a_login_is_refused_and_not_repeated(setting: AnySetting, scheme: str) -> None:
    with pytest.raises(Unusable) as refused:
        setting.read(f"{scheme}://render:hunter2@10.0.0.5:3128")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("setting", "good", "bad"),
    [
        (options.PROXY_ADDRESS, "http://proxy.studio.lan:3128", "proxy.studio.lan"),
        (options.DIRECT_HOSTS, ".studio.lan, localhost,fe80::1, render-01", "http://a.lan"),
        (options.DIRECT_HOSTS, "10.0.0.5", "10.0.0.5/24 b"),
        (options.DIRECT_HOSTS, "10.0.0.0/8, *.lan, render:8080, [fd00::1]:80, fd00::/8, *", "render/path"),
        (options.OFFERED, "ollama, anthropic", "ollama anthropic"),
        (options.NATS_SERVER, "nats://reports:4222", "http://reports"),
        (options.NATS_SUBJECT, "studio.panel", "studio.*"),
        (options.CA_FILE, "~/studio.pem", "a\nb"),
        (options.PROXY_USER, "render", "half \ud800"),
    ],
)
def test_a_text_has_to_be_what_it_is_for(setting: Setting[str], good: str, bad: str) -> None:
    assert setting.read(good) == good
    with pytest.raises(Unusable) as refused:
        setting.read(bad)
    assert bad not in str(refused.value)


def test_values_are_shown_in_words() -> None:
    assert options.CONNECT.shown(2.5) == "2.5 s"
    assert options.PROXY.shown("none") == "None"
    assert SWITCH.shown(False) == "off"


def test_the_page_of_the_documentation_is_what_its_script_makes() -> None:
    maker = _maker()
    assert maker.PAGE.read_text(encoding="utf-8") == maker.page(), "run docs/make_settings_page.py"
    assert all(f"`{setting.id}`" in maker.page() for setting in SETTINGS)


def test_what_the_page_shows_of_a_studios_file_works(tmp_path: Path) -> None:
    example = _maker().HEAD.split("```toml\n")[1].split("```")[0]
    (tmp_path / "studio.toml").write_text(example)
    settings = options.load(tmp_path / "none", {STUDIO_VARIABLE: os.fspath(tmp_path / "studio.toml")})
    assert settings.warnings == ()
    assert settings.origin(options.PROXY).locked and settings.get(options.PROVIDER) == "ollama"


def _maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_settings_page", DOCS / "make_settings_page.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules.pop(spec.name, None)
    spec.loader.exec_module(module)
    return module
