"""What the pages of the settings dialog have in common: a heading, lines, and how they give way to a narrow dialog."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ..look.theme import Look
from ..parts.beside import NARROW_PAGE
from .row import SettingRow

GUTTER = 24
NARROW_GUTTER = 12
NARROW = NARROW_PAGE
"""Page width in px below which names stand above their fields."""


class Page(QWidget):
    """A heading and lines below it."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._rows: list[SettingRow] = []
        self._layout = QVBoxLayout(self)
        self._layout.setSpacing(0)
        self._layout.setContentsMargins(GUTTER, 16, GUTTER, 16)

    def _add(self, *parts: QWidget | int) -> None:
        for part in parts:
            if isinstance(part, int):
                self._layout.addSpacing(part)
                continue
            self._layout.addWidget(part)
            if isinstance(part, SettingRow):
                self._rows.append(part)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        gutter = NARROW_GUTTER if narrow else GUTTER
        self._layout.setContentsMargins(gutter, 16, gutter, 16)
        for line in self._rows:
            line.set_narrow(narrow)
