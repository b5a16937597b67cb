"""A list beside the page in front, or above it where the window is narrow, and what stands below the pages."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QStackedWidget, QWidget

from ..look.theme import Look
from .frames import Card, Rule, Scroll, column, grow, row, tab_stops
from .labels import Elided

LIST_WIDTH = 208
NARROW = 560
"""Width in px below which the list is above the page."""
NARROW_PAGE = 420
"""Width in px of a page below which it keeps less room at its sides."""
_MOST = 16777215
"""Qt's own "no bound"."""


class Foot(QWidget):
    """Words and buttons in a row; words that do not fit beside the buttons stand above them."""

    def __init__(self, look: Look, words: str, *buttons: QWidget) -> None:
        super().__init__()
        self.words = Elided(look, words, "muted", -1)
        self._buttons = row(None, *buttons)
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._line.addWidget(self.words)
        self._line.addWidget(self._buttons, 1)
        look.changed.connect(self._split)

    def say(self, words: str) -> None:
        self.words.setText(words)
        self._split()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._split()

    def _split(self) -> None:
        left, right = (12, 12) if self.width() < NARROW_PAGE else (24, 16)
        self._line.setContentsMargins(left, 12, right, 12)
        directions = QBoxLayout.Direction
        room = self.width() - left - right - self._line.spacing()
        wanted = self.words.sizeHint().width() + self._buttons.sizeHint().width()
        self._line.setDirection(directions.LeftToRight if wanted <= room else directions.TopToBottom)


class Beside(QWidget):
    """`side` is the list; `foot` stands below the pages."""

    def __init__(self, look: Look, side: QWidget, foot: Foot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._places: dict[str, Scroll] = {}
        self._list = side
        self._foot = foot
        self._stack = QStackedWidget()
        self._side = column(grow(side), margins=(8, 8, 8, 8), into=Card(look, "side"))
        self._rule = Rule(vertical=True)
        row(self._side, self._rule, grow(column(grow(self._stack), Rule(), foot, gap=0)), gap=0, into=self)
        self._split()

    @property
    def current(self) -> str:
        """The id of the page in front; "" before there is one."""
        front = self._stack.currentWidget()
        return next((page_id for page_id, place in self._places.items() if place is front), "")

    def place(self, page_id: str) -> Scroll:
        """Where a page is scrolled. Raises KeyError."""
        return self._places[page_id]

    def add(self, page_id: str, page: QWidget) -> None:
        self._places[page_id] = place = Scroll(page)
        self._stack.addWidget(place)

    def remove(self, page_id: str) -> None:
        """Raises KeyError."""
        place = self._places.pop(page_id)
        self._stack.removeWidget(place)
        place.hide()
        place.deleteLater()

    def show_page(self, page_id: str) -> None:
        """Brings a page in front. Raises KeyError."""
        place = self._places[page_id]
        self._stack.setCurrentWidget(place)
        # From the list into the page, then below it: what a page has made late would come last for Tab.
        before = self._list
        for stop in (*tab_stops(place), *tab_stops(self._foot)):
            QWidget.setTabOrder(before, stop)
            before = stop

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._split()

    def _split(self) -> None:
        above = self.width() < NARROW
        layout, directions = self.layout(), QBoxLayout.Direction
        if isinstance(layout, QBoxLayout):
            layout.setDirection(directions.TopToBottom if above else directions.LeftToRight)
        height = max(120, self.height() // 4)
        self._side.setMinimumSize(*((0, height) if above else (LIST_WIDTH, 0)))
        self._side.setMaximumSize(*((_MOST, height) if above else (LIST_WIDTH, _MOST)))
        self._rule.setMinimumSize(*((0, 1) if above else (1, 0)))
        self._rule.setMaximumSize(*((_MOST, 1) if above else (1, _MOST)))
