"""What questions and answers have in common: a name for screen readers and an outline for the focus."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from ..look.theme import Look
from ..parts.controls import KeyFocus

NAME_LENGTH = 200
"""Characters of a message that a screen reader is given as its name."""


def message_name(who: str, when: str, text: str) -> str:
    return ", ".join(part for part in (who, when, " ".join(text[:NAME_LENGTH].split())) if part)


def paint_focus(widget: QWidget, look: Look, focus: KeyFocus) -> None:
    """A message that has the focus by key has an outline of 1 px."""
    if not (focus.shown and widget.hasFocus()):
        return
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(look.theme.accent, 1))
    painter.drawRoundedRect(QRectF(widget.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    painter.end()
