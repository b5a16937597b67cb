"""The text of a message while it is being written: grows with its lines, and lets no paste freeze the panel."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QMimeData, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QTextBlockFormat, QTextCursor
from PySide6.QtWidgets import QSizePolicy, QTextEdit, QWidget

from .look.theme import Look
from .parts.labels import PROSE_PITCH

SendKey = Literal["enter", "ctrl+enter"]
LONGEST_TEXT = 100_000
LONGEST_LINE = 10_000
"""In characters. Beyond, Qt lays text out for seconds: a line of 300 kB without blanks takes ten."""


def is_oversized(text: str) -> bool:
    return len(text) > LONGEST_TEXT or max(map(len, text.split("\n"))) > LONGEST_LINE


class MessageField(QTextEdit):
    """Signals: `send_pressed`, `recall_pressed` (Up while empty), `oversized(text)` for a paste
    that is kept out of the field, `focus_changed`, `height_wanted` (px)."""

    send_pressed = Signal()
    recall_pressed = Signal()
    oversized = Signal(str)
    focus_changed = Signal(bool)
    height_wanted = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._send_key: SendKey = "enter"
        self._placeholder = ""
        self.setAcceptRichText(False)
        self.setTabChangesFocus(True)
        self.setFrameShape(QTextEdit.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self._measure)
        self._restyle()
        look.changed.connect(self._restyle)

    def set_send_key(self, key: SendKey) -> None:
        self._send_key = key

    def set_placeholder(self, text: str) -> None:
        self._placeholder = text
        self.setAccessibleDescription(text)
        self.viewport().update()

    def set_text(self, text: str) -> None:
        """Replace everything and forget the history; the text must not be oversized."""
        self.setPlainText(text)
        self._space_lines()
        self.moveCursor(QTextCursor.MoveOperation.End)

    def line_height(self) -> int:
        return round(self.fontMetrics().height() * PROSE_PITCH)

    def _restyle(self) -> None:
        self.setFont(self._look.theme.face())
        self._space_lines()
        self._measure()

    def _space_lines(self) -> None:
        """Line height is a property of blocks; new ones take it from the block they come from. Not a step to undo."""
        spacing = QTextBlockFormat()
        spacing.setLineHeight(self.line_height(), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        document = self.document()
        document.setUndoRedoEnabled(False)
        cursor = QTextCursor(document)
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(spacing)
        document.setUndoRedoEnabled(True)

    def _measure(self) -> None:
        self.height_wanted.emit(max(self.line_height(), round(self.document().size().height())))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        composing = self.textCursor().block().layout().preeditAreaText()
        if self.document().isEmpty() and not composing:
            # Qt's own placeholder knows nothing of the line height: the first letter typed would jump down.
            painter = QPainter(self.viewport())
            painter.setPen(self._look.theme.muted)
            painter.setFont(self.font())
            caret = self.cursorRect()
            room = QRect(0, caret.top(), self.viewport().width(), caret.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, self._placeholder)
            painter.end()

    def insertFromMimeData(self, source: QMimeData) -> None:
        text = source.text()
        if self._stays_small(text):
            self.insertPlainText(text)
        else:
            self.oversized.emit(text)

    def _stays_small(self, text: str) -> bool:
        room = LONGEST_TEXT - self.document().characterCount()
        here = self.textCursor().block().length()
        first = text.split("\n", 1)[0]
        return len(text) <= room and len(first) + here <= LONGEST_LINE and not is_oversized(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._enter(event)
        elif key == Qt.Key.Key_Escape:
            event.ignore()  # it is the pane's
        elif key == Qt.Key.Key_Up and self.document().isEmpty():
            self.recall_pressed.emit()
        else:
            super().keyPressEvent(event)

    def _enter(self, event: QKeyEvent) -> None:
        pressed = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        plain = Qt.KeyboardModifier.NoModifier
        if pressed == Qt.KeyboardModifier.ControlModifier or (pressed == plain and self._send_key == "enter"):
            self.send_pressed.emit()
        else:
            self.textCursor().insertBlock()
            self.ensureCursorVisible()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(False)
