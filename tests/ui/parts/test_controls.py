from __future__ import annotations

import pytest
from looks import LIGHT, host_font, make_look, palette
from nuke_ai_panel.ui.parts.chip import Chip
from nuke_ai_panel.ui.parts.controls import Button, ToolButton
from nuke_ai_panel.ui.parts.flow import FlowLayout
from nuke_ai_panel.ui.parts.frames import Card, Meter, Rule, column, grow, row
from nuke_ai_panel.ui.parts.labels import Elided, Label
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget


def clicks_of(button) -> list[int]:
    clicks: list[int] = []
    button.clicked.connect(lambda: clicks.append(1))
    return clicks


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
@pytest.mark.parametrize("kind, words", [(Button, ["Do it"]), (ToolButton, ["check", "Do it"]), (Chip, ["dot", "It"])])
def test_every_kind_of_button_is_pressed_by_enter_and_space(own, kind, words, key):
    button = own(kind(make_look(), *words))
    clicks = clicks_of(button)
    QTest.keyClick(button, key)
    assert len(clicks) == 1


def test_an_icon_button_is_square_and_named_without_its_shortcut(own):
    button = own(ToolButton(make_look(), "plus", "New chat (Ctrl+N)"))
    assert button.sizeHint() == button.maximumSize()
    assert button.width() == button.height() == 24
    assert button.accessibleName() == "New chat"
    assert button.toolTip() == "New chat (Ctrl+N)"


def test_the_ring_is_for_the_keyboard_and_shifts_nothing(own):
    button = own(Button(make_look(), "Retry"))
    button.show()
    before = (button.sizeHint(), button.grab().toImage())
    focus(button, Qt.FocusReason.MouseFocusReason)
    assert not button._focus.shown
    focus(button, Qt.FocusReason.TabFocusReason)
    assert button._focus.shown
    focus(button, Qt.FocusReason.ActiveWindowFocusReason)  # coming back to the window
    assert button._focus.shown
    assert button.sizeHint() == before[0]


def focus(widget: QWidget, reason: Qt.FocusReason) -> None:
    QApplication.sendEvent(widget, QFocusEvent(QEvent.Type.FocusIn, reason))


def test_a_button_in_a_dialog_never_takes_the_enter_of_a_field(own):
    assert not own(Button(make_look(), "Remove")).autoDefault()


def test_a_disabled_button_keeps_its_tooltip(own):
    button = own(ToolButton(make_look(), "send", "Choose a model first", kind="off"))
    button.setEnabled(False)
    assert button.toolTip() == "Choose a model first"


def test_a_chip_gives_up_its_name_but_not_its_state(own):
    chip = own(Chip(make_look(), "dot", "meta-llama/llama-3.3-70b-instruct", "ok", end="down"))
    assert chip.minimumSizeHint().width() < chip.sizeHint().width() / 2
    assert chip.minimumSizeHint().width() > chip._frame_width()


def test_a_chips_cross_removes_it_and_the_rest_presses_it(own):
    chip = own(Chip(make_look(), "file", "edge.png", end="cross"))
    chip.resize(chip.sizeHint())
    removed: list[int] = []
    chip.removed.connect(lambda: removed.append(1))
    clicks = clicks_of(chip)
    middle = chip.height() // 2
    QTest.mouseClick(chip, Qt.MouseButton.LeftButton, pos=QPoint(20, middle))
    assert (len(clicks), len(removed)) == (1, 0)
    QTest.mouseClick(chip, Qt.MouseButton.LeftButton, pos=QPoint(chip.width() - 10, middle))
    QTest.keyClick(chip, Qt.Key.Key_Delete)
    assert (len(clicks), len(removed)) == (1, 2)


def test_wrapped_words_take_the_lines_their_width_asks_for_and_no_space_below(own):
    look = make_look()
    label = own(Label(look, "one two three four five six seven eight nine ten", wrap=True))
    one = label.fontMetrics().height()
    assert label.heightForWidth(1000) == one
    assert label.heightForWidth(120) > 2 * one
    assert own(Label(look, "", wrap=True)).heightForWidth(100) == one


def test_a_word_longer_than_the_width_is_broken(own):
    label = own(Label(make_look(), "x" * 400, wrap=True))
    assert label.minimumSizeHint().width() <= 20
    assert label.heightForWidth(100) > 5 * label.fontMetrics().height()


def test_a_cut_line_is_whole_in_its_tooltip(own):
    line = own(Elided(make_look(), "show_sequence_sh0420_comp_v012.nk"))
    line.show()
    line.resize(400, 20)
    assert line.toolTip() == ""
    line.resize(60, 20)
    assert line.toolTip() == "show_sequence_sh0420_comp_v012.nk"


def test_a_row_closes_up_around_what_is_hidden(own):
    a, b, c = QWidget(), QWidget(), QWidget()
    for widget in (a, b, c):
        widget.setFixedSize(10, 10)
    box = own(row(a, b, c, gap=8))
    b.hide()
    assert box.sizeHint().width() == 10 + 8 + 10


def test_a_number_in_a_row_takes_the_place_of_its_gap(own):
    a, b = QWidget(), QWidget()
    for widget in (a, b):
        widget.setFixedSize(10, 10)
    assert own(column(a, 3, b, gap=8)).sizeHint().height() == 23


def test_a_row_wraps_where_it_does_not_fit(own):
    box = own(QWidget())
    flow = FlowLayout(box, gap=4)
    for _ in range(3):
        part = QWidget()
        part.setFixedSize(50, 20)
        flow.addWidget(part)
    assert flow.heightForWidth(158) == 20
    assert flow.heightForWidth(120) == 44
    assert flow.minimumSize().width() == 50


def test_every_part_follows_a_change_of_the_look(own):
    look = make_look()
    parts = [
        Label(look, "a"),
        Elided(look, "b"),
        Button(look, "c"),
        ToolButton(look, "copy", "Copy", "Copy"),
        Chip(look, "dot", "d"),
        Meter(look, 0.5),
        Rule(),
        Card(look, "alert"),
    ]
    box = own(column(*(grow(part) for part in parts)))
    box.show()
    look.update(palette(*LIGHT), host_font(16))
    assert parts[0].font().pixelSize() == 16
    assert parts[2].sizeHint().height() == 32
    box.grab()
