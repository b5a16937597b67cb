from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from looks import DARK, HOST, LIGHT, host_font, make_look, palette
from nuke_ai_panel.ui.look.surface import LookRoot, Surface, sheet
from nuke_ai_panel.ui.look.theme import Theme, contrast, luminance, mix, reach
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QLabel

TABLE = {
    HOST: {
        "text": (8.8, 10.1, 7.8),
        "muted": (5.2, 6.0, 4.6),
        "accent": (5.6, 6.4, 4.9),
        "link": (5.6, 6.4, 4.9),
        "ok": (5.3, 6.1, 4.7),
        "bad": (5.2, 6.0, 4.6),
    },
    DARK: {
        "text": (10.3, 11.6, 9.1),
        "muted": (5.2, 5.9, 4.6),
        "accent": (4.8, 5.4, 4.2),
        "link": (5.3, 5.9, 4.6),
        "ok": (5.3, 6.0, 4.7),
        "bad": (5.2, 5.9, 4.6),
    },
    LIGHT: {
        "text": (14.7, 16.3, 15.9),
        "muted": (5.0, 5.5, 5.4),
        "accent": (4.5, 5.0, 4.9),
        "link": (4.7, 5.2, 5.1),
        "ok": (4.7, 5.3, 5.1),
        "bad": (5.0, 5.6, 5.4),
    },
}
"""Contrast on window, sunken and raised, as the look's reference page has it."""
colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def theme_of(*names: str) -> Theme:
    return Theme.of(palette(*names), host_font())


@pytest.mark.parametrize("names", [HOST, DARK, LIGHT])
def test_the_three_reference_palettes_give_the_reference_contrasts(qapp, names):
    theme = theme_of(*names)
    for token, expected in TABLE[names].items():
        measured = [contrast(theme.voice(token), ground) for ground in (theme.window, theme.sunken, theme.raised)]
        assert measured == pytest.approx(expected, abs=0.15), token


@given(colours, colours, colours, colours)
def test_any_palette_but_a_middle_grey_one_is_readable(qapp, window, text, base, highlight):
    light = luminance(QColor(window))
    assume(light < 0.1 or light > 0.35)
    assume(contrast(QColor(window), QColor(text)) >= 3)
    theme = theme_of(window, text, base, highlight)
    flat = (theme.window, theme.sunken, theme.raised)
    for ground in flat:
        assert min(contrast(theme.voice(voice), ground) for voice in ("text", "muted", "link", "ok", "bad")) >= 4.5
        assert contrast(theme.accent, ground) >= 2.95
    assert min(contrast(theme.text, ground) for ground in (theme.hover, theme.alert)) >= 4.5
    assert min(contrast(theme.muted, theme.alert), contrast(theme.bad, theme.alert)) >= 4.5
    assert contrast(theme.on_accent, theme.accent) >= 3


def test_a_text_role_that_cannot_be_read_is_replaced(qapp):
    assert contrast(theme_of("#323232", "#333333", "#282828", "#f7931e").text, QColor("#323232")) >= 4.5


def test_a_host_with_white_fields_in_a_dark_window_gets_dark_ones(qapp):
    theme = theme_of("#323232", "#d6d6d6", "#ffffff", "#f7931e")
    assert luminance(theme.sunken) < luminance(theme.window)


def test_a_base_like_the_window_is_told_from_it(qapp):
    assert contrast(theme_of("#323232", "#d6d6d6", "#323232", "#f7931e").sunken, QColor("#323232")) > 1.12


def test_reach_leaves_a_colour_that_is_far_enough_alone_and_starts_from_black_too(qapp):
    black, white = QColor("black"), QColor("white")
    assert reach(white, (black,), 4.6, lighter=True) == white
    assert contrast(reach(black, (black,), 4.6, lighter=True), black) >= 4.6


def test_mix_is_linear_between_its_ends(qapp):
    assert mix(QColor("black"), QColor("white"), 0.5).red() in (127, 128)


def test_sizes_hang_on_the_hosts_font(qapp):
    assert [Theme.of(QPalette(), host_font(size)).control for size in (11, 12, 13, 16)] == [24, 24, 24, 32]
    theme = Theme.of(QPalette(), host_font(12))
    assert (theme.face(3).pixelSize(), theme.face(mono=True).pixelSize()) == (15, 11)


def test_an_unknown_voice_is_refused(qapp):
    with pytest.raises(ValueError, match="shout"):
        theme_of(*HOST).voice("shout")


def test_a_look_tells_of_a_change_once_and_of_no_change_never(qapp):
    look, changes = make_look(), []
    look.changed.connect(lambda: changes.append(look.theme.window.name()))
    look.update(palette(*HOST), host_font())
    look.update(palette(*LIGHT), host_font())
    look.update(palette(*LIGHT), host_font())
    assert changes == ["#f3f3f3"]


def test_a_pane_follows_its_hosts_palette_and_font_and_leaves_the_application_alone(own):
    app = QApplication.instance()
    before = (app.styleSheet(), app.palette(), app.font())
    root = own(LookRoot())
    label = QLabel("words")
    root.set_content(label)
    changes = []
    root.look.changed.connect(lambda: changes.append(1))
    root.setPalette(palette(*LIGHT))
    root.setFont(host_font(13))
    assert root.look.theme.window.name() == "#f3f3f3"
    assert root.look.theme.base == 13
    assert len(changes) == 2
    assert "#f3f3f3" in root.surface.styleSheet()
    assert root.styleSheet() == ""
    assert (app.styleSheet(), app.palette(), app.font()) == before


def test_the_style_sheet_has_no_hole_and_no_colour_of_its_own(own):
    first, second = make_look(HOST).theme, make_look(LIGHT).theme
    surface = own(Surface(make_look()))  # a sheet that Qt cannot read would be a warning, and fail
    assert "{" in surface.styleSheet()
    shared = set(_hex(sheet(first))) & set(_hex(sheet(second)))
    assert not shared


def _hex(text: str) -> list[str]:
    return [word.strip(";") for word in text.split() if word.startswith("#") and len(word.strip(";")) == 7]
