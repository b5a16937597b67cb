"""A scroll bar that lies on the edge of what it scrolls, so that nothing shifts when it comes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollBar, QWidget
from shiboken6 import isValid

THICKNESS = 10
"""Room for the pointer; the handle that is drawn is 4 px of it (the style sheet's)."""


class OverlayBar(QScrollBar):
    """Shows and moves `source`, the hidden bar of a scroll area; there whenever there is more to see."""

    def __init__(self, source: QScrollBar, parent: QWidget) -> None:
        super().__init__(source.orientation(), parent)
        self._source, self._area = source, parent
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        source.rangeChanged.connect(self._follow_range)
        source.valueChanged.connect(self.setValue)
        self.valueChanged.connect(source.setValue)
        self._follow_range(source.minimum(), source.maximum())

    def place(self) -> None:
        """Lie along the edge of the parent."""
        outer = self._area.rect()
        if self.orientation() == Qt.Orientation.Vertical:
            self.setGeometry(outer.right() + 1 - THICKNESS, outer.top(), THICKNESS, outer.height())
        else:
            self.setGeometry(outer.left(), outer.bottom() + 1 - THICKNESS, outer.width(), THICKNESS)

    def _follow_range(self, low: int, high: int) -> None:
        if not isValid(self._source):
            return  # it dies before this one, and changes its range on the way
        self.setPageStep(self._source.pageStep())
        self.setSingleStep(self._source.singleStep())
        self.setRange(low, high)
        self.setValue(self._source.value())
        self.setVisible(high > low)
        self.raise_()
