"""What is opened and closed with one line: the line itself, pressed as a whole."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractButton, QWidget

from ..look.theme import Look
from .controls import KeyFocus


class FoldButton(QAbstractButton):
    """Checked is open. Enter and Space press it; the ring shows for key focus."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._focus = KeyFocus(self)
        look.changed.connect(self.update)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paint_ring(self, painter: QPainter) -> None:
        self._focus.paint(painter, self._look.theme.accent)
