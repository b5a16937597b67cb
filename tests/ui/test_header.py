from __future__ import annotations

import pytest
from looks import make_look, names, tab_stops
from nuke_ai_panel.ui.header import Header
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

LONG = "show_sequence_a_sh0420_comp_v012_final_really_final.nk"
LONG_MODEL = "meta-llama/llama-3.3-70b-instruct:free"


@pytest.fixture
def header(own) -> Header:
    pane = own(QWidget())
    header = Header(make_look(), pane)
    QPushButton("Below", pane)
    header.set_script("sh0420_comp_v012.nk", "148 nodes")
    header.set_model("ready", "sonnet-4-5")
    pane.show()
    return header


def shown_words(header: Header) -> list[str]:
    return [label.text() for label in header.findChildren(QLabel) if label.isVisibleTo(header)]


def parts_overlap(header: Header) -> bool:
    parts = [part for part in header.children() if part.isWidgetType() and part.isVisibleTo(header)]
    inside = all(header.rect().contains(part.geometry()) for part in parts)
    apart = all(not a.geometry().intersects(b.geometry()) for a in parts for b in parts if a is not b)
    return not (inside and apart)


@pytest.mark.parametrize("width", [300, 320, 359, 360, 400, 480, 1200])
@pytest.mark.parametrize("script, model", [("a.nk", "m"), (LONG, "m"), ("a.nk", LONG_MODEL), (LONG, LONG_MODEL)])
def test_nothing_overlaps_or_leaves_the_pane_at_any_width(header, width, script, model):
    header.set_script(script, "148 nodes")
    header.set_model("failed", model)
    header.resize(width, header.height())
    assert not parts_overlap(header)


def test_one_line_from_360_px_on_and_two_below(header):
    header.resize(360, header.height())
    assert header.height() == 24 + 17
    header.resize(359, header.height())
    assert header.height() == 2 * 24 + 17


def test_the_count_goes_first_and_into_the_tooltip(header):
    header.resize(600, header.height())
    assert "148 nodes" in shown_words(header)
    header.set_script(LONG, "148 nodes")
    header.resize(480, header.height())
    assert "148 nodes" not in shown_words(header)
    assert any("148 nodes" in label.toolTip() for label in header.findChildren(QLabel))


def test_the_models_state_is_there_however_tight_it_gets(header):
    header.set_script(LONG, "148 nodes")
    header.set_model("failed", LONG_MODEL)
    for width in (300, 360, 400):
        header.resize(width, header.height())
        assert header.chip.width() >= header.chip.minimumSizeHint().width()


@pytest.mark.parametrize(
    "state, glyph, words",
    [
        ("ready", "dot", "ready"),
        ("unset", "ring", "not set up"),
        ("failed", "cross", "failed"),
        ("busy", "half", "busy"),
    ],
)
def test_every_state_has_a_shape_and_a_word(header, state, glyph, words):
    header.set_model(state, "sonnet-4-5")
    assert header.chip.glyph == glyph
    assert words in header.chip.accessibleName()
    assert words in header.chip.toolTip()


def test_tab_goes_in_reading_order_in_both_forms(header):
    buttons, model = ["Open a script", "New chat", "Settings", "Diagnostics"], "Model: sonnet-4-5, ready"
    for width, order in [(400, [model, *buttons]), (320, [*buttons, model]), (500, [model, *buttons])]:
        header.resize(width, header.height())
        assert names(tab_stops(header.window())) == [*order, "Below"]


def test_each_button_says_what_is_wanted(header):
    said: list[str] = []
    header.model_clicked.connect(lambda: said.append("model"))
    header.open_requested.connect(lambda: said.append("open"))
    header.new_chat_requested.connect(lambda: said.append("new"))
    header.settings_requested.connect(lambda: said.append("settings"))
    header.diagnostics_requested.connect(lambda: said.append("diagnostics"))
    header.resize(400, header.height())
    for stop in tab_stops(header):
        QTest.mouseClick(stop, Qt.MouseButton.LeftButton)
    assert said == ["model", "open", "new", "settings", "diagnostics"]


def test_tooltips_name_the_keys_that_the_window_gives(header):
    header.set_shortcuts("Ctrl+O", "", "Ctrl+,")
    tips = {stop.accessibleName(): stop.toolTip() for stop in tab_stops(header)}
    assert tips["Open a script"] == "Open a script (Ctrl+O)"
    assert tips["New chat"] == "New chat"


def test_what_is_recorded_shows_before_anything_else_waits_there(header):
    button = next(stop for stop in tab_stops(header) if stop.accessibleName() == "Diagnostics")
    header.warn_of("a crash")
    header.show_recording("recording OpenAI")
    assert (button.icon_name, button.toolTip()) == ("record", "Diagnostics: recording OpenAI; a crash")
    header.show_recording("")
    assert (button.icon_name, button.toolTip()) == ("warn", "Diagnostics: a crash")
    header.warn_of("")
    assert (button.icon_name, button.toolTip()) == ("pulse", "Diagnostics")
