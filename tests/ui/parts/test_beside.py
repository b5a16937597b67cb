"""A list beside a page, or above it, and what stands below: nothing is cut that has room elsewhere."""

from __future__ import annotations

import pytest
from looks import make_look, tab_stops
from nuke_ai_panel.ui.parts.beside import Beside, Foot
from nuke_ai_panel.ui.parts.controls import Button
from nuke_ai_panel.ui.parts.labels import Elided
from PySide6.QtWidgets import QApplication, QLineEdit, QListWidget

WORDS = "The settings could not be saved: the disk does not answer."


def beside(own, width: int) -> tuple[Beside, Elided, Button]:
    look = make_look()
    words, button = Elided(look, "", "muted", -1), Button(look, "Copy redacted bundle")
    whole = own(Beside(look, QListWidget(), Foot(words, button)))
    whole.add("one", QLineEdit())
    whole.add("two", QLineEdit())
    whole.show_page("two")
    whole.resize(width, 500)
    whole.show()
    QApplication.sendPostedEvents()
    return whole, words, button


@pytest.mark.parametrize("width", [300, 560, 640])
def test_words_that_do_not_fit_beside_the_buttons_stand_above_them(own, width):
    _, words, button = beside(own, width)
    words.setText(WORDS)
    QApplication.sendPostedEvents()
    assert words.geometry().bottom() < button.parentWidget().y()
    assert words.width() >= min(words.sizeHint().width(), button.window().width() - 208 - 48)
    words.setText("")
    QApplication.sendPostedEvents()
    assert button.parentWidget().y() <= words.y()  # and with them goes their room


def test_words_that_fit_stand_beside_the_buttons(own):
    _, words, button = beside(own, 1000)
    words.setText(WORDS)
    QApplication.sendPostedEvents()
    assert not words.cut and words.geometry().right() < button.parentWidget().x() + button.x()


def test_the_list_is_beside_the_page_where_there_is_room_and_else_above(own):
    whole, _, _ = beside(own, 560)
    assert whole.place("two").mapTo(whole, whole.place("two").rect().topLeft()).x() > 200
    whole.resize(559, 500)
    QApplication.sendPostedEvents()
    assert whole.place("two").mapTo(whole, whole.place("two").rect().topLeft()).x() == 0


def test_the_page_in_front_is_known_and_stands_between_list_and_buttons_for_tab(own):
    whole, _, button = beside(own, 640)
    assert whole.current == "two"
    stops = tab_stops(whole)
    assert stops == [whole.findChild(QListWidget), whole.place("two").widget(), button]
