"""What a page of one's own service has besides: Edit, and Remove, which asks first."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from ..look.theme import Look
from ..parts.controls import Button
from ..parts.frames import Card, column, grow, row
from ..parts.labels import Label


class OwnServiceBar(QWidget):
    """`edit_requested`; `removed` once that was said twice."""

    edit_requested = Signal()
    removed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edit = Button(look, "Edit\u2026")
        self._remove = Button(look, "Remove\u2026")
        self._sure = Button(look, "Remove it")
        self._keep = Button(look, "Keep it")
        self._question = Label(look, wrap=True)
        self._buttons = row(self._edit, self._remove, None)
        self._card = Card(look)
        words = column(self._question, row(self._sure, self._keep, None))
        row(grow(words), margins=(11, 11, 11, 11), into=self._card)
        column(self._buttons, self._card, into=self)
        self._edit.clicked.connect(self.edit_requested)
        self._remove.clicked.connect(self._ask)
        self._keep.clicked.connect(self._stop_asking)
        self._sure.clicked.connect(self.removed)
        self._card.hide()

    def show_service(self, label: str) -> None:
        self._question.setText(f"Remove {label} from your settings, and its keys from the keyring?")

    def _ask(self) -> None:
        self._card.show()
        self._buttons.hide()
        self._keep.setFocus(Qt.FocusReason.OtherFocusReason)

    def _stop_asking(self) -> None:
        self._buttons.show()
        self._remove.setFocus(Qt.FocusReason.OtherFocusReason)
        self._card.hide()
