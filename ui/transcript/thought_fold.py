"""What a model thought before it answered: one muted line, and on asking the text below it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ..look.icons import draw_icon
from ..look.theme import Look
from ..parts.fold_button import FoldButton
from .block_column import BlockColumn
from .markdown_view import MarkdownView
from .trickle import Trickle, Words

HEIGHT, CHEVRON, INDENT = 20, 14, 18


class ThoughtFold(BlockColumn):
    """Closed at first: the text is kept and laid out only when it is wanted."""

    link_activated = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._head = _Head(look)
        self._kept: list[str] = []
        self._body: MarkdownView | None = None
        self._trickle = Trickle(self)
        self._trickle.ready.connect(self._feed)
        self._ended = False
        self.append(self._head)
        self.settle()
        self._head.toggled.connect(self._open)
        look.changed.connect(self.measure_again)

    @property
    def head(self) -> FoldButton:
        return self._head

    @property
    def words(self) -> str:
        return self._head.text()

    def add(self, text: str) -> None:
        if self._body:
            self._trickle.add(Words("reasoning", text))
        else:
            self._kept.append(text)

    def end(self, seconds: float) -> None:
        self._ended = True
        self._head.setText(f"Thought for {max(1, round(seconds))} s")

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._body and not self._body.isHidden():
            painter = QPainter(self)
            painter.fillRect(QRectF(CHEVRON / 2, HEIGHT + 4, 1, self.height() - HEIGHT - 4), self._look.theme.line)
            painter.end()

    def _open(self, opened: bool) -> None:
        if opened and not self._body:
            self._body = MarkdownView(self._look, "muted", -1)
            self._body.link_activated.connect(self.link_activated)
            self.append(self._body, 4, INDENT)
            self._trickle.add(Words("reasoning", "".join(self._kept)))
            self._kept.clear()
        elif self._body:
            self._body.setVisible(opened)
            self.touch(self._body)
        self.settle()

    def _feed(self, step: object) -> None:
        if self._body and isinstance(step, Words):
            self._body.feed(step.text)
            if self._ended and self._trickle.empty:
                self._body.end()


class _Head(FoldButton):
    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.setText("Thinking...")
        self.setFixedHeight(HEIGHT)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setAccessibleName(text)
        self.update()

    def sizeHint(self) -> QSize:
        words = QFontMetrics(self._look.theme.face(-1)).horizontalAdvance(self.text())
        return QSize(INDENT + words + 4, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._look.theme
        ink = theme.text if self.underMouse() else theme.muted
        top = (self.height() - CHEVRON) / 2
        draw_icon(painter, "down" if self.isChecked() else "right", ink, QRectF(0, top, CHEVRON, CHEVRON))
        painter.setFont(theme.face(-1))
        painter.setPen(ink)
        painter.drawText(self.rect().adjusted(INDENT, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
        self.paint_ring(painter)
        painter.end()
