"""A small box with a glyph and a name: the model in the header, a piece that is sent with a question."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from ..look.icons import draw_icon
from ..look.theme import Look
from .controls import RADIUS, KeyFocus, clicked_by_key

SMALL_ICON, GLYPH, DOT = 12, 14, 10
STATE_GLYPHS = ("dot", "ring")


class Chip(QPushButton):
    """A glyph and a name in a small box, pressed as a whole; `end` "down" opens something, "cross" removes it.

    The name gives way, the glyph (a state, in the header) never does. `removed`: the cross was clicked, or
    Delete or Backspace was pressed.
    """

    removed = Signal()

    def __init__(
        self, look: Look, glyph: str, text: str, voice: str = "muted", *, end: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(text, parent)
        self._look, self._glyph, self._voice, self._end = look, glyph, voice, end
        self.setAutoDefault(False)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._focus = KeyFocus(self)
        self._restyle()
        look.changed.connect(self._restyle)

    @property
    def glyph(self) -> str:
        return self._glyph

    @property
    def voice(self) -> str:
        return self._voice

    def show_state(self, glyph: str, text: str, voice: str = "muted") -> None:
        self._glyph, self._voice = glyph, voice
        self.setText(text)
        self._restyle()

    def _restyle(self) -> None:
        self.setFont(self._look.theme.face(-1))
        self.updateGeometry()
        self.update()

    def _frame_width(self) -> int:
        """Everything but the name."""
        return 6 + self._glyph_size() + 4 + (4 + SMALL_ICON if self._end else 0) + 6

    def _glyph_size(self) -> int:
        return DOT if self._glyph in STATE_GLYPHS else GLYPH

    def sizeHint(self) -> QSize:
        words = QFontMetrics(self.font()).horizontalAdvance(self.text())
        return QSize(self._frame_width() + words + 2, self._look.theme.control)

    def minimumSizeHint(self) -> QSize:
        shortest = QFontMetrics(self.font()).horizontalAdvance(self.text()[:3] + "\u2026")
        return QSize(min(self.sizeHint().width(), self._frame_width() + shortest), self._look.theme.control)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._focus.note(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._end == "cross" and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        elif not clicked_by_key(self, event):
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        on_cross = self._end == "cross" and event.position().x() >= self.width() - SMALL_ICON - 10
        if on_cross and self.isDown() and self.rect().contains(event.position().toPoint()):
            self.setDown(False)
            self.removed.emit()
        else:
            super().mouseReleaseEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, size = QPainter(self), self._look.theme, self._glyph_size()
        over = self.underMouse() and self.isEnabled()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.line, 1))
        painter.setBrush(theme.hover if over else theme.raised)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        draw_icon(painter, self._glyph, theme.voice(self._voice), QRectF(6, (self.height() - size) / 2, size, size))
        if self._end:
            at = QRectF(self.width() - 6 - SMALL_ICON, (self.height() - SMALL_ICON) / 2, SMALL_ICON, SMALL_ICON)
            draw_icon(painter, self._end, theme.text if over else theme.muted, at)
        painter.setPen(theme.text if self.isEnabled() else theme.faint)
        painter.setFont(self.font())
        room = QRect(6 + size + 4, 0, self.width() - self._frame_width(), self.height())
        name = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, name)
        self._focus.paint(painter, theme.accent)
        painter.end()
