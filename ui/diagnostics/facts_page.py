"""A page of facts under headings: connections, system."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ..look.icons import BUSY, Glyph
from ..look.theme import Look
from ..parts.controls import Button
from ..parts.frames import row
from ..parts.labels import Label
from ..settings.page import Page
from .facts import FactColumn
from .values import FactSection


class FactsPage(Page):
    """`again`: words of a button that asks to look once more; then `again_clicked` comes from it."""

    again_clicked = Signal()

    def __init__(self, look: Look, title: str, *, again: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.facts = FactColumn(look)
        self._arc = Glyph(look, BUSY, size=14)
        self._arc.hide()
        self._again = Button(look, again)
        self._again.setVisible(bool(again))
        self._again.clicked.connect(self.again_clicked)
        heading = Label(look, title, delta=3, bold=True)
        self._add(row(heading, None, self._arc, self._again, height=look.theme.control), 16, self.facts)
        self._layout.addStretch(1)

    def show_sections(self, sections: Sequence[FactSection]) -> None:
        self.facts.show_sections(sections)

    def set_busy(self, busy: bool) -> None:
        """While somebody looks, asking again is off."""
        self._arc.setVisible(busy)
        self._again.setEnabled(not busy)
