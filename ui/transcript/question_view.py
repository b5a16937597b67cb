"""A question of the transcript."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QFocusEvent, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QWidget

from ..look.theme import Look
from ..parts.controls import KeyFocus
from ..parts.frames import Card
from .clean_text import clean_text
from .message_frame import message_name
from .text_block import TextBlock


class QuestionView(Card):
    """What the user asked, as it was typed; the time in the tooltip."""

    focus_moved = Signal()

    SIDE = 12

    def __init__(self, look: Look, text: str, when: str, parent: QWidget | None = None) -> None:
        super().__init__(look, "own", parent)
        self._words = TextBlock(look, parent=self)
        self._words.show_text(clean_text(text))
        self._when = when
        self._focus = KeyFocus(self)
        self.setToolTip(when)
        self.setAccessibleName(message_name("You", when, self._words.text))

    @property
    def text(self) -> str:
        return self._words.text

    @property
    def when(self) -> str:
        return self._when

    def stops_in_order(self) -> list[QWidget]:
        return []

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._words.heightForWidth(width - 2 * self.SIDE) + self._above() + self._below()

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(200))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        height = self.height() - self._above() - self._below()
        self._words.setGeometry(self.SIDE, self._above(), self.width() - 2 * self.SIDE, height)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._focus.note(event)
        self.focus_moved.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_moved.emit()

    @property
    def outlined(self) -> bool:
        """Whether it has the focus by key."""
        return self._focus.shown and self.hasFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.text)
        else:
            super().keyPressEvent(event)

    def _above(self) -> int:
        # One line of text makes a block of C + 8: its ink then is 8 from the edges, as capitals have room above.
        return max(4, (self.look.theme.control + 8 - round(self._words.line_height)) // 2)

    def _below(self) -> int:
        return max(4, self.look.theme.control + 8 - round(self._words.line_height) - self._above())
