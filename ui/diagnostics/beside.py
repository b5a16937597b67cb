"""A list of pages beside the page in front, or above it where the window is narrow."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QStackedWidget, QWidget

from ..look.theme import Look
from ..parts.frames import Card, Rule, Scroll, column, grow, row, tab_stops
from ..settings.page import Page
from ..settings.page_list import ListEntry, SettingsList

LIST_WIDTH = 208
NARROW = 560
"""Width in px below which the list is above the page."""
_MOST = 16777215
"""Qt's own "no bound"."""


class ListAndPages(QWidget):
    """`turned_to(page_id)` when another page has come in front. `foot` stands below the pages."""

    turned_to = Signal(str)

    def __init__(self, look: Look, foot: QWidget, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._places: dict[str, Scroll] = {}
        self._foot = foot
        self._stack = QStackedWidget()
        self._list = SettingsList(look)
        self._list.setAccessibleName(name)
        self._side = column(grow(self._list), margins=(8, 8, 8, 8), into=Card(look, "side"))
        self._rule = Rule(vertical=True)
        row(self._side, self._rule, grow(column(grow(self._stack), Rule(), foot, gap=0)), gap=0, into=self)
        self._list.page_chosen.connect(self._turn)
        self._split()

    @property
    def current(self) -> str:
        """The id of the page in front; "" before there is one."""
        shown = self._stack.currentWidget()
        return next((page_id for page_id, place in self._places.items() if place is shown), "")

    def add(self, entry: ListEntry, page: Page) -> None:
        place = Scroll(page)
        self._places[entry.id] = place
        self._stack.addWidget(place)
        self._list.put(entry)

    def say(self, entry: ListEntry) -> None:
        """What the list says of a page."""
        if self._list.entry(entry.id) != entry:
            self._list.put(entry)

    def said(self, page_id: str) -> ListEntry | None:
        return self._list.entry(page_id)

    def show_page(self, page_id: str) -> None:
        self._list.select(page_id)

    def _turn(self, page_id: str) -> None:
        place = self._places[page_id]
        self._stack.setCurrentWidget(place)
        self.turned_to.emit(page_id)
        # Not sooner: what the page has made just now would come last for Tab, after the buttons below.
        before: QWidget = self._list
        for stop in (*tab_stops(place), *tab_stops(self._foot)):
            QWidget.setTabOrder(before, stop)
            before = stop

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._split()

    def _split(self) -> None:
        above = self.width() < NARROW
        layout, foot = self.layout(), self._foot.layout()
        if isinstance(layout, QBoxLayout):
            directions = QBoxLayout.Direction
            layout.setDirection(directions.TopToBottom if above else directions.LeftToRight)
        if foot:
            foot.setContentsMargins(12 if above else 24, 12, 12 if above else 16, 12)
        list_height = max(120, self.height() // 4)
        self._side.setMinimumWidth(0 if above else LIST_WIDTH)
        self._side.setMaximumWidth(_MOST if above else LIST_WIDTH)
        self._side.setMinimumHeight(list_height if above else 0)
        self._side.setMaximumHeight(list_height if above else _MOST)
        self._rule.setMinimumSize(0 if above else 1, 1 if above else 0)
        self._rule.setMaximumSize(_MOST if above else 1, 1 if above else _MOST)
