"""What a setting is changed with, one control a kind. Words in, words out: what they mean is judged elsewhere."""

from __future__ import annotations

import os

from PySide6.QtCore import QDir, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QWidget

from ..look.icons import draw_icon
from ..look.theme import Look
from ..parts.choice_field import ChoiceField
from ..parts.controls import Button, KeyFocus, clicked_by_key
from ..parts.frames import column, grow, repolish, row
from ..parts.labels import Label
from .key_field import PASSWORD, KeyField
from .values import FieldSpec, KeyState

NUMBER_WIDTH = 96
ON, OFF = "on", "off"


class Control(QWidget):
    """`given(words)`: another value was picked, or typed and left. `focus` takes the focus and the name."""

    given = Signal(str)
    focus: QWidget

    def show_value(self, words: str) -> None:
        """Show what is saved. What is being typed stays."""
        raise NotImplementedError

    def show_field(self, field: FieldSpec) -> None:
        self.show_value(str(field.value))

    def set_wrong(self, wrong: bool) -> None:
        """Whether what is typed cannot be used."""

    def describe(self, words: str) -> None:
        """What a screen reader says after the name."""
        self.focus.setAccessibleDescription(words)


def control_of(look: Look, field: FieldSpec) -> Control:
    if field.kind == "switch":
        return SwitchControl(look, field)
    if field.kind == "choice":
        return ChoiceControl(look, field)
    if field.kind == "secret":
        return SecretControl(look, field)
    return PathControl(look, field) if field.kind == "path" else TextControl(look, field)


class ChoiceControl(Control):
    def __init__(self, look: Look, field: FieldSpec) -> None:
        super().__init__()
        self.choice = ChoiceField(look, field.label, field.choices, str(field.value))
        self.focus = self.choice
        self.choice.picked.connect(self.given)
        row(self.choice, into=self)

    def show_field(self, field: FieldSpec) -> None:
        self.choice.set_choices(field.choices)
        super().show_field(field)

    def show_value(self, words: str) -> None:
        self.choice.set_value(words)


class TextControl(Control):
    """A line of text; a number has its unit beside it."""

    def __init__(self, look: Look, field: FieldSpec) -> None:
        super().__init__()
        self._look = look
        self._shown = ""
        self.edit = self.focus = QLineEdit()
        self.edit.setAccessibleName(f"{field.label}, {field.unit}" if field.unit else field.label)
        self.edit.editingFinished.connect(self._finish)
        look.changed.connect(self._restyle)
        self._restyle()
        if field.kind == "number":
            self.edit.setFixedWidth(NUMBER_WIDTH)
            row(self.edit, Label(look, field.unit, "muted"), None, into=self)
        else:
            row(grow(self.edit), *self._beside(), into=self)

    def _beside(self) -> list[QWidget]:
        return []

    def show_value(self, words: str) -> None:
        typing = self._words() != self._shown
        self._shown = words
        if not typing:
            self.edit.setText(words)

    def set_wrong(self, wrong: bool) -> None:
        ring = "bad" if wrong else ""
        if self.edit.property("ring") != ring:
            self.edit.setProperty("ring", ring)
            repolish(self.edit)

    def _words(self) -> str:
        return self.edit.text().strip()

    def _finish(self) -> None:
        """Leaving a field that was not touched changes nothing, and neither does Enter followed by Tab."""
        if self._words() != self._shown:
            self._shown = self._words()
            self.given.emit(self._shown)

    def _restyle(self) -> None:
        self.edit.setFont(self._look.theme.face())


class PathControl(TextControl):
    """A path, typed or chosen."""

    def _beside(self) -> list[QWidget]:
        self.browse = Button(self._look, "Browse\u2026")
        self.browse.setAccessibleName(f"Browse: {self.edit.accessibleName()}")
        self.browse.clicked.connect(self._choose)
        return [self.browse]

    def _choose(self) -> None:
        start = os.path.dirname(os.path.expanduser(self._words())) or QDir.homePath()
        dialog = QFileDialog(self, self.edit.accessibleName(), start)
        dialog.fileSelected.connect(self._chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _chosen(self, path: str) -> None:
        self.edit.setText(path)
        self._finish()


class SecretControl(Control):
    """A password: where it is kept, and a field for another one. It gives no value: what is typed goes its own way."""

    def __init__(self, look: Look, field: FieldSpec) -> None:
        super().__init__()
        self.key = KeyField(look, kind=PASSWORD, placeholder="Type a password")
        self.focus = self.key.edit
        self.focus.setAccessibleName(field.label)
        column(self.key, into=self)

    def show_field(self, field: FieldSpec) -> None:
        if isinstance(field.value, KeyState):
            self.key.show_state(field.value)


class SwitchControl(Control):
    def __init__(self, look: Look, field: FieldSpec) -> None:
        super().__init__()
        self.switch = self.focus = Switch(look)
        self.switch.setAccessibleName(field.label)
        self.switch.clicked.connect(self._clicked)
        row(self.switch, None, into=self)

    def show_value(self, words: str) -> None:
        self.switch.setChecked(words == ON)

    def _clicked(self, on: bool) -> None:
        self.given.emit(ON if on else OFF)


class Switch(QCheckBox):
    """A box with a tick, painted from the theme; the word beside it says the same."""

    BOX = 16

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._focus = KeyFocus(self)
        self.toggled.connect(self._tell)
        look.changed.connect(self._restyle)
        self._restyle()
        self._tell()

    def _tell(self) -> None:
        self.setText("On" if self.isChecked() else "Off")

    def _restyle(self) -> None:
        self.setFont(self._look.theme.face())
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self.BOX + 16 + QFontMetrics(self.font()).horizontalAdvance("Off"), self._look.theme.control)

    def hitButton(self, pos: object) -> bool:
        return True

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._focus.note(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not clicked_by_key(self, event):
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, alive = QPainter(self), self._look.theme, self.isEnabled()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(2, (self.height() - self.BOX) / 2, self.BOX, self.BOX)
        painter.setPen(QPen(theme.edge if alive else theme.line, 1))
        painter.setBrush(theme.sunken if alive else theme.window)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
        ink = theme.text if alive else theme.muted  # what a studio has decided is there to be read
        if self.isChecked():
            draw_icon(painter, "check", ink, box.adjusted(1, 1, -1, -1))
        painter.setPen(ink)
        painter.setFont(self.font())
        words = self.rect().adjusted(self.BOX + 10, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.text())
        self._focus.paint(painter, theme.accent)
        painter.end()
