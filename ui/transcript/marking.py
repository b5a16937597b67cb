"""Marking with the mouse over several blocks: paragraphs, code and tables that lie one below the other.

Each block marks inside of itself; here is known which blocks belong together, and what of each is meant when the
mouse, pressed in one of them, is moved over others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QWidget


class Markable(Protocol):
    """What a block can do. `forward`: the mouse went down from where it was pressed, so text is meant up to the end."""

    def mark_from_anchor(self, forward: bool) -> None: ...
    def mark_up_to(self, point: QPointF, forward: bool) -> None: ...
    def select_all(self) -> None: ...
    def unmark(self) -> None: ...

    # Where it stands in its parent, as of any widget.
    def x(self) -> int: ...
    def y(self) -> int: ...


class Marking:
    """`blocks` gives the blocks in their order, the children of `box`; `written` is the text that is marked in them,
    from the first index up to and with the last."""

    def __init__(
        self, box: QWidget, blocks: Callable[[], Sequence[Markable]], written: Callable[[int, int], str]
    ) -> None:
        self._box, self._blocks, self._written = box, blocks, written
        self._range: tuple[int, int] | None = None

    @property
    def text(self) -> str:
        """What is marked, if that is in more than one block."""
        return self._written(*self._range) if self._range else ""

    def drag(self, origin: QWidget, point: QPointF) -> bool:
        """The mouse, pressed in `origin`, is at `point` of it. True if more than that block is marked now."""
        blocks, at = self._blocks(), origin.mapTo(self._box, point)
        start = _index_at(blocks, origin.mapTo(self._box, QPointF()).y())
        end = _index_at(blocks, at.y())
        self._unmark_all_but(blocks, min(start, end), max(start, end))
        if end == start:
            self._range = None
            return False
        self._range = min(start, end), max(start, end)
        blocks[start].mark_from_anchor(end > start)
        for block in blocks[self._range[0] + 1 : self._range[1]]:
            block.select_all()
        blocks[end].mark_up_to(at - QPointF(blocks[end].x(), blocks[end].y()), end > start)
        return True

    def clear(self) -> None:
        """Something else is marked from now on, or nothing."""
        if self._range:
            self._unmark_all_but(self._blocks(), 0, -1)
            self._range = None

    def _unmark_all_but(self, blocks: Sequence[Markable], first: int, last: int) -> None:
        before, after = self._range or (0, -1)
        for index in range(before, min(after + 1, len(blocks))):
            if not first <= index <= last:
                blocks[index].unmark()


def _index_at(blocks: Sequence[Markable], y: float) -> int:
    """Of the block at this height, or else the next one above."""
    return max(0, bisect_right(blocks, y, key=_top) - 1)


def _top(block: Markable) -> int:
    return block.y()
