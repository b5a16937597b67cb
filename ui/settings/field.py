"""One setting on its page: its name, what it is changed with, Reset, and below what it is for or what is wrong."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit

from ..look.theme import Look
from ..parts.controls import Button
from ..parts.frames import grow, row
from .controls import control_of
from .row import SettingRow
from .values import FieldSpec


class Field(SettingRow):
    """`given(id, words)`: another value, to be judged. `reset(id)`: the value that was set is not wanted any more."""

    given = Signal(str, str)
    reset = Signal(str)

    def __init__(self, look: Look, field: FieldSpec, name: str) -> None:
        """`name`: the label with its mnemonic."""
        self._field = field
        self._marked = False
        self.control = control_of(look, field)
        self.back = Button(look, "Reset", "quiet")
        self.back.setAccessibleName(f"Reset {field.label}")
        super().__init__(look, name, row(grow(self.control), self.back), buddy=self.control.focus)
        self.control.given.connect(self._give)
        self.back.clicked.connect(self._reset)
        if isinstance(self.control.focus, QLineEdit) and field.kind != "secret":  # a key field judges what is typed
            self.control.focus.textEdited.connect(self._forgive)
        self.show_field(field)

    @property
    def field(self) -> FieldSpec:
        return self._field

    def show_field(self, field: FieldSpec) -> None:
        """Show what is in force."""
        self._field = field
        self.control.show_field(field)
        self.control.setEnabled(not field.locked_by)
        self.control.setToolTip(field.locked_by)
        self.back.setVisible(bool(field.standard) and not field.locked_by)
        self.back.setToolTip(f"Back to {field.standard}")
        self.show_error("")

    def show_error(self, sentence: str) -> None:
        """Why what was typed is not in force; "" for nothing."""
        field = self._field
        note = sentence or " ".join(filter(None, (field.locked_by, field.help)))
        self.set_note(note, "bad" if sentence else "muted")
        self.control.set_wrong(bool(sentence))
        self.control.describe(note)

    def mark(self, marked: bool) -> None:
        """Whether it is what was searched for: its name is underlined."""
        self._marked = marked
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._marked:
            return
        name, words = self._name.geometry(), self._name.sizeHint()
        below = name.center().y() + words.height() // 2 + 2
        painter = QPainter(self)
        painter.fillRect(name.left(), below, min(name.width(), words.width()), 2, self._look.theme.accent)
        painter.end()

    def _give(self, words: str) -> None:
        self.given.emit(self._field.id, words)

    def _reset(self) -> None:
        # The button goes with what it undoes; whoever pressed it goes on in the field.
        self.control.focus.setFocus(Qt.FocusReason.OtherFocusReason)
        self.reset.emit(self._field.id)

    def _forgive(self) -> None:
        """While somebody types there is nothing to complain of yet."""
        self.show_error("")
