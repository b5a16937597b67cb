"""A line of a settings page: its name in a column of its own, or above its field where the page is narrow."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

from ..look.theme import Look
from ..parts.frames import column
from ..parts.labels import Label

LABEL_WIDTH = 104


class SettingRow(QWidget):
    """`name` may carry a mnemonic ("&Address"), which goes to `buddy`; "" for what belongs to no name.

    `note`: a line below the field. `drop`: how much lower than the field's top the name's line is, for fields that
    begin with a card's padding.
    """

    def __init__(
        self, look: Look, name: str, field: QWidget, *, buddy: QWidget | None = None, note: str = "", drop: int = 0
    ) -> None:
        super().__init__()
        self._look, self._drop = look, drop
        self._narrow = False
        self._name = Label(look, name.replace("&", ""))
        if buddy:
            self._name.setBuddy(buddy)
            self._name.setText(name)
        self._note = Label(look, note, "muted", -1, wrap=True)
        self._note.setVisible(bool(note))
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(12)
        self._layout.addWidget(self._name, 0, Qt.AlignmentFlag.AlignTop)
        self._layout.addWidget(column(field, self._note, gap=4), 1)
        look.changed.connect(self._restyle)
        self._restyle()

    def set_note(self, note: str, voice: str = "muted") -> None:
        self._note.setText(note)
        self._note.set_voice(voice)
        self._note.setVisible(bool(note))

    def set_drop(self, drop: int) -> None:
        self._drop = drop
        self._restyle()

    def set_narrow(self, narrow: bool) -> None:
        self._narrow = narrow
        self._name.setVisible(not narrow or bool(self._name.text()))
        directions = QBoxLayout.Direction
        self._layout.setDirection(directions.TopToBottom if narrow else directions.LeftToRight)
        self._layout.setSpacing(4 if narrow else 12)
        self._restyle()

    def _restyle(self) -> None:
        control = self._look.theme.control
        drop = 0 if self._narrow else self._drop
        self._name.setContentsMargins(0, drop, 0, 0)
        self._name.setFixedHeight((self._name.sizeHint().height() if self._narrow else control) + drop)
        if self._narrow:
            self._name.setMinimumWidth(0)
            self._name.setMaximumWidth(16777215)
        else:
            self._name.setFixedWidth(LABEL_WIDTH)
