"""The part of an error that is for whoever helps: folded away, selectable, copied with one click."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from ..look.theme import Look
from .controls import Button, ToolButton
from .frames import Card, column, grow, row

MOST_LINES = 8


class Details(QWidget):
    """Shown and hidden by its own `button`, which is put where the other buttons are."""

    def __init__(self, look: Look, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.button = Button(look, "Details", "quiet")
        self.button.setCheckable(True)
        self.button.toggled.connect(self.setVisible)
        self._text = QPlainTextEdit(text)
        self._text.setReadOnly(True)
        self._text.setTabChangesFocus(True)
        self._text.setAccessibleName("Details")
        self._text.document().setDocumentMargin(0)
        copy = ToolButton(look, "copy", "Copy the details")
        copy.clicked.connect(self._copy)
        box = row(grow(self._text), copy, gap=4, margins=(7, 7, 3, 3), into=Card(look, "code"))
        column(box, margins=(0, 4, 0, 0), into=self)
        look.changed.connect(self._restyle)
        self._restyle()
        self.hide()

    def _restyle(self) -> None:
        self._text.setFont(self._look.theme.face(mono=True))
        lines = min(MOST_LINES, max(2, self._text.document().blockCount()))
        self._text.setFixedHeight(self._text.fontMetrics().lineSpacing() * lines + 4)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text.toPlainText())
