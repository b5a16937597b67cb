"""Base of what is painted larger than it is shown: code sideways, a wide table, a long tool result."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from ..look.theme import Look
from ..parts.overlay_bar import OverlayBar


class ScrollCanvas(QAbstractScrollArea):
    """Subclasses paint in `paintEvent` at `-offset` and say how large they are with `set_extent`."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._extent = (0, 0)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self._bars = (OverlayBar(self.horizontalScrollBar(), self), OverlayBar(self.verticalScrollBar(), self))

    @property
    def offset(self) -> QPoint:
        return QPoint(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    @property
    def extent(self) -> tuple[int, int]:
        return self._extent

    def set_extent(self, width: int, height: int) -> None:
        if (width, height) != self._extent:
            self._extent = (width, height)
            self._set_ranges()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_ranges()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Up and down belong to the transcript, unless there is more of this in that direction."""
        turn = event.angleDelta()
        sideways = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier) or abs(turn.x()) > abs(turn.y())
        bar = self.horizontalScrollBar() if sideways else self.verticalScrollBar()
        steps = (turn.x() or turn.y()) if sideways else turn.y()
        before = bar.value()
        bar.setValue(before - round(steps / 120 * 3 * bar.singleStep()))
        event.setAccepted(bar.value() != before)

    def _set_ranges(self) -> None:
        room = self.viewport().size()
        for bar, extent, shown in (
            (self.horizontalScrollBar(), self._extent[0], room.width()),
            (self.verticalScrollBar(), self._extent[1], room.height()),
        ):
            bar.setPageStep(shown)
            bar.setSingleStep(20)
            bar.setRange(0, max(0, extent - shown))
        for bar in self._bars:
            bar.place()
