"""Fields with a list behind them: one that also takes what is typed, and one that does not."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLineEdit, QPushButton, QSizePolicy, QWidget

from ..look.icons import draw_icon
from ..look.theme import Look
from .controls import KeyFocus, ToolButton
from .frames import row
from .pick_list import PickRow
from .picker import Picker


class SuggestField(QWidget):
    """A line of text with suggestions. `changed(text)`: typed and left, Enter, or picked."""

    changed = Signal(str)

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._saved = ""
        self._choices: tuple[str, ...] = ()
        self.edit = QLineEdit()
        self.edit.setAccessibleName(name)
        self._open = ToolButton(look, "down", f"Choose from the list: {name.lower()}", size=14)
        self._picker = Picker(look, name.lower(), parent=self)
        row(self.edit, gap=0, into=self)
        # Inside the field's box, as on a combo box; the text keeps clear of it.
        self._open.setParent(self)
        self._open.clicked.connect(self._pop_up)
        self._picker.chosen.connect(self._pick)
        self.edit.editingFinished.connect(self._finish)
        look.changed.connect(self._restyle)
        self._restyle()
        self.set_choices(())

    def text(self) -> str:
        return self.edit.text().strip()

    def set_text(self, text: str) -> None:
        self._saved = text
        self.edit.setText(text)

    def set_placeholder(self, text: str) -> None:
        """What holds while nothing is written."""
        self.edit.setPlaceholderText(text)

    def set_choices(self, choices: Sequence[str]) -> None:
        self._choices = tuple(choices)
        self._open.setVisible(bool(choices))
        self._list_choices()

    def resizeEvent(self, event: object) -> None:
        self._open.move(self.width() - self._open.width(), (self.height() - self._open.height()) // 2)
        self._open.raise_()

    def _list_choices(self) -> None:
        current = self.text()
        self._picker.set_rows([PickRow("", name, name, current=name == current) for name in self._choices])

    def _pop_up(self) -> None:
        self._list_choices()
        self._picker.open_under(self)

    def _pick(self, group: str, name: str) -> None:
        self.edit.setText(name)
        self._finish()

    def _finish(self) -> None:
        if self.text() != self._saved:
            self._saved = self.text()
            self.changed.emit(self._saved)

    def _restyle(self) -> None:
        theme = self._look.theme
        self.edit.setFont(theme.face())
        self.edit.setTextMargins(0, 0, theme.control - 4, 0)


class ChoiceField(QPushButton):
    """One of a few, shown like a field. `picked(value)`."""

    picked = Signal(str)

    def __init__(
        self, look: Look, name: str, choices: Sequence[tuple[str, str]], value: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._name, self._choices = look, name, tuple(choices)
        self._value = value
        self._picker = Picker(look, name.lower(), filtered=False, parent=self)
        self._focus = KeyFocus(self)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._pop_up)
        self._picker.chosen.connect(self._pick)
        look.changed.connect(self._restyle)
        self._restyle()
        self.set_value(value)

    @property
    def value(self) -> str:
        return self._value

    def set_choices(self, choices: Sequence[tuple[str, str]]) -> None:
        """What was chosen stays so while it is among them; else the first one is."""
        self._choices = tuple(choices)
        values = [value for value, _ in self._choices]
        self.set_value(self._value if self._value in values else next(iter(values), ""))
        self.updateGeometry()

    def set_value(self, value: str) -> None:
        self._value = value
        words = dict(self._choices).get(value, value)
        self.setText(words)
        self.setAccessibleName(f"{self._name}: {words}")

    def sizeHint(self) -> QSize:
        widest = max((QFontMetrics(self.font()).horizontalAdvance(words) for _, words in self._choices), default=0)
        return QSize(widest + 40, self._look.theme.control)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self._look.theme.control)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._focus.note(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self._pop_up()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._look.theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.edge if self.isEnabled() else theme.line, 1))
        painter.setBrush(theme.sunken if self.isEnabled() else theme.window)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        draw_icon(painter, "down", theme.muted, QRectF(self.width() - 21, (self.height() - 14) / 2, 14, 14))
        painter.setPen(theme.text if self.isEnabled() else theme.muted)
        painter.setFont(self.font())
        room = self.rect().adjusted(8, 0, -28, 0)
        words = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
        self._focus.paint(painter, theme.accent)
        painter.end()

    def _restyle(self) -> None:
        self.setFont(self._look.theme.face())
        self.updateGeometry()
        self.update()

    def _pop_up(self) -> None:
        self._picker.set_rows([PickRow("", value, words, "", value == self._value) for value, words in self._choices])
        self._picker.open_under(self)

    def _pick(self, group: str, value: str) -> None:
        if value != self._value:
            self.set_value(value)
            self.picked.emit(value)
