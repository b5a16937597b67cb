"""Widgets one below the other, many of them: only the one that changed and those below it are moved.

A `QVBoxLayout` asks every item again after each change, which for a long answer is every block for each word.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget


@dataclass(eq=False)
class Slot:
    """One widget, `gap` below the one above it, `indent` from the left. `height` is that of `width`."""

    widget: QWidget
    gap: int
    indent: int
    top: int = 0
    height: int = 0
    width: int = -1
    fresh: bool = True
    """Not shown yet: that comes with its place, as showing it first would lay it out for a size of its own."""

    @property
    def takes_room(self) -> bool:
        return self.fresh or not self.widget.isHidden()

    @property
    def bottom(self) -> int:
        return self.top + self.height


class BlockColumn(QWidget):
    """Appending costs the same however much there is. After a row of changes, `settle()` puts them in place.

    A widget in it says how high it is by `heightForWidth`, else by `sizeHint`; one that is hidden takes no room.
    """

    grown = Signal()
    """The height is another one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slots: list[Slot] = []
        self._with_layout: list[Slot] = []
        self._all_changed = False
        self._place_of: dict[QWidget, int] = {}
        self._height = 0
        self._laid_width = -1
        self._first_changed: int | None = None
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def slots(self) -> list[Slot]:
        return self._slots

    @property
    def count(self) -> int:
        return len(self._slots)

    def append(self, widget: QWidget, gap: int = 12, indent: int = 0) -> None:
        self.insert(len(self._slots), widget, gap, indent)

    def insert(self, index: int, widget: QWidget, gap: int = 12, indent: int = 0) -> None:
        """Put `widget` before the one at `index`; those behind it are counted again."""
        widget.setParent(self)
        slot = Slot(widget, gap, indent)
        self._slots.insert(index, slot)
        if widget.layout():
            self._with_layout.append(slot)
        self._count_from(index)
        self._changed_at(index)

    def remove(self, widget: QWidget) -> None:
        """Take `widget` out and end it."""
        index = self._place_of.pop(widget)
        slot = self._slots.pop(index)
        if slot in self._with_layout:
            self._with_layout.remove(slot)
        self._count_from(index)
        self._changed_at(index)
        widget.hide()
        widget.deleteLater()

    def holds(self, widget: QWidget) -> bool:
        return widget in self._place_of

    def index_of(self, widget: QWidget) -> int:
        return self._place_of[widget]

    def touch(self, widget: QWidget, *, gap: int | None = None) -> None:
        """The height of `widget`, or the gap above it, may be another one now."""
        index = self._place_of[widget]
        slot = self._slots[index]
        slot.width = -1
        if gap is not None:
            slot.gap = gap
        self._changed_at(index)

    def measure_again(self) -> None:
        """Everything may be of another height, once those who change have changed: a slot for `Look.changed`."""
        self._all_changed = True
        QCoreApplication.postEvent(self, QEvent(QEvent.Type.LayoutRequest))

    def settle(self) -> None:
        """Lay out from the first change on."""
        first, self._first_changed = self._first_changed, None
        if first is not None and self._laid_width >= 0:
            self._place_from(first)
            self._tell(self._bottom())

    def heightForWidth(self, width: int) -> int:
        if width == self._laid_width and self._first_changed is None:
            return self._height
        total = 0
        for slot in self._slots:
            if slot.takes_room:
                total += (slot.gap if total else 0) + _asked(slot, width)
        return total

    def slot_range(self, top: int, bottom: int) -> list[Slot]:
        """The slots that lie, even in part, between two heights."""
        first = bisect_left(self._slots, top, key=_bottom_of)
        found: list[Slot] = []
        for slot in self._slots[first:]:
            if slot.top > bottom:
                break
            found.append(slot)
        return found

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.take_width()

    def take_width(self) -> None:
        """Lay everything out if the width is another one. Qt drops the resize event of a resize during a show."""
        if self.width() != self._laid_width:
            self._laid_width, self._first_changed = self.width(), None
            self._place_from(0)
            self._tell(self._bottom())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            # From a child with a layout of Qt's (they do not say which, and are few), or from `measure_again`.
            for slot in self._slots if self._all_changed else self._with_layout:
                self.touch(slot.widget)
            self._all_changed = False
            self.settle()
            return True
        return super().event(event)

    def _changed_at(self, index: int) -> None:
        self._first_changed = index if self._first_changed is None else min(index, self._first_changed)

    def _count_from(self, index: int) -> None:
        for place in range(index, len(self._slots)):
            self._place_of[self._slots[place].widget] = place

    def _place_from(self, first: int) -> None:
        y = self._slots[first - 1].bottom if first else 0
        for slot in self._slots[first:]:
            if not slot.takes_room:
                slot.top, slot.height, slot.width = y, 0, -1
                continue
            slot.top = y + (slot.gap if y else 0)
            slot.height = _height(slot, self._laid_width)
            slot.widget.setGeometry(slot.indent, slot.top, self._laid_width - slot.indent, slot.height)
            y = slot.bottom
            if slot.fresh:
                slot.fresh = False
                slot.widget.show()
            if isinstance(slot.widget, BlockColumn):
                slot.widget.take_width()

    def _bottom(self) -> int:
        return self._slots[-1].bottom if self._slots else 0

    def _tell(self, height: int) -> None:
        if height == self._height:
            return
        self._height = height
        resettle(self)
        self.grown.emit()


def resettle(widget: QWidget) -> None:
    """`widget` has another height: tell the column that it is in, if it is in one."""
    column = widget.parentWidget()
    if isinstance(column, BlockColumn) and column.holds(widget):
        column.touch(widget)
        column.settle()


def _height(slot: Slot, width: int) -> int:
    """Asks the widget once a width."""
    if slot.width != width:
        slot.width, slot.height = width, _asked(slot, width)
    return slot.height


def _asked(slot: Slot, width: int) -> int:
    widget, width = slot.widget, max(1, width - slot.indent)
    wanted = widget.heightForWidth(width) if widget.hasHeightForWidth() else widget.sizeHint().height()
    return max(widget.minimumHeight(), min(widget.maximumHeight(), wanted))


def _bottom_of(slot: Slot) -> int:
    return slot.bottom
