"""A list beside a page, or above it, and what stands below: nothing is cut that has room elsewhere."""

from __future__ import annotations

import pytest
from looks import make_look, tab_stops
from nuke_ai_panel.ui.parts.beside import Beside, Foot
from nuke_ai_panel.ui.parts.controls import Button
from PySide6.QtWidgets import QApplication, QLineEdit, QListWidget

WORDS = "The settings could not be saved: the disk does not answer."


def beside(own, width: int) -> tuple[Beside, Foot, Button]:
    look = make_look()
    button = Button(look, "Copy redacted bundle")
    foot = Foot(look, "", button)
    whole = own(Beside(look, QListWidget(), foot))
    whole.add("one", QLineEdit())
    whole.add("two", QLineEdit())
    whole.show_page("two")
    whole.resize(width, 500)
    whole.show()
    settle()
    return whole, foot, button


def settle() -> None:
    """What a widget wants is another event for each one around it."""
    for _ in range(3):
        QApplication.sendPostedEvents()


@pytest.mark.parametrize("width", [300, 560, 640])
def test_words_that_do_not_fit_beside_the_buttons_stand_above_them(own, width):
    _, foot, button = beside(own, width)
    row = button.parentWidget()
    foot.say(WORDS)
    settle()
    assert foot.words.geometry().bottom() < row.y() and foot.height() == foot.sizeHint().height()
    assert foot.words.width() == min(foot.words.sizeHint().width(), foot.width() - 24)
    foot.say("")
    settle()
    assert foot.words.geometry().center().y() == row.geometry().center().y()
    assert foot.height() == foot.sizeHint().height() < 60  # and with the words goes their room


def test_words_that_fit_stand_beside_the_buttons(own):
    _, foot, button = beside(own, 1000)
    foot.say(WORDS)
    settle()
    assert not foot.words.cut and foot.words.geometry().right() < button.parentWidget().x() + button.x()


def test_the_list_is_beside_the_page_where_there_is_room_and_else_above(own):
    whole, _, _ = beside(own, 560)
    assert whole.place("two").mapTo(whole, whole.place("two").rect().topLeft()).x() > 200
    whole.resize(559, 500)
    settle()
    assert whole.place("two").mapTo(whole, whole.place("two").rect().topLeft()).x() == 0


def test_the_page_in_front_is_known_and_stands_between_list_and_buttons_for_tab(own):
    whole, _, button = beside(own, 640)
    assert whole.current == "two"
    stops = tab_stops(whole)
    assert stops == [whole.findChild(QListWidget), whole.place("two").widget(), button]
