"""What questions and answers have in common: a name for screen readers and an outline for the focus."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ..look.theme import Look

NAME_LENGTH = 200
"""Characters of a message that a screen reader is given as its name."""


def message_name(who: str, when: str, text: str) -> str:
    return ", ".join(part for part in (who, when, " ".join(text[:NAME_LENGTH].split())) if part)


class FocusOutline(QWidget):
    """Goes round the message that has the focus by key, a little outside: an answer's text begins at its very edge."""

    OUTSIDE = 4

    def __init__(self, look: Look, ground: QWidget) -> None:
        super().__init__(ground)
        self._look, self._ground = look, ground
        self._message: QWidget | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def follow(self, message: QWidget | None) -> None:
        self._message = message
        self.setVisible(message is not None)
        self.place()

    def place(self) -> None:
        """The message has been moved or has grown."""
        if self._message:
            out = self.OUTSIDE
            corner = self._message.mapTo(self._ground, QPoint())
            self.setGeometry(QRect(corner, self._message.size()).adjusted(-out, -out, out, out))
            self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._look.theme.accent, 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()
