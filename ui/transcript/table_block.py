"""A table, painted: a row costs the same to add as to the first, and only the rows on screen are drawn.

Columns share the spare room; if there is too little, the widest gives way first and its cells are cut in the
middle; a table wider than twice its room scrolls sideways.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QFontMetrics,
    QGuiApplication,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QMenu, QToolTip, QWidget

from ..look.theme import Look, Theme
from .markdown_blocks import Align, Block, Table
from .markdown_inline import Style, spans
from .scroll_canvas import ScrollCanvas
from .text_lines import marked_ground

GAP = 12
"""Between two columns."""
CUT_GAP = 8
NARROWEST = 24
READ_ALOUD = 10_000
"""Characters of a table that a screen reader is told."""
_NUMBER = re.compile(r"[-+\u2212]?[\d.,' \u202f]*\d[\d.,]*\s?(?:%|px|s|ms|f|GB|MB|kB|B|x|\u00d7)?")
_NOTHING = ("", "-", "\u2013", "\u2014")


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a cell on one line, and its style if all of it has the same."""

    text: str
    style: Style = Style()


class TableBlock(ScrollCanvas):
    """Rows are added, never laid out again; only a cell wider than its column so far moves the columns."""

    link_activated = Signal(str)

    def __init__(self, look: Look, block: Table, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._header_source = block.header
        self._header = [_cell(source) for source in block.header]
        self._aligns: tuple[Align, ...] = block.aligns
        self._source: Sequence[tuple[str, ...]] = block.rows
        self._rows: list[list[Cell]] = []
        self._open_source: tuple[str, ...] | None = None
        self._open_row: list[Cell] | None = None
        self._natural = [0] * len(self._header)
        self._numeric = [True] * len(self._header)
        self._seen = [False] * len(self._header)
        self._marked = False
        self.setAccessibleName(f"Table, {', '.join(cell.text for cell in self._header)}")
        self.viewport().setMouseTracking(True)
        self._restyle()
        self.show_block(block)
        look.changed.connect(self._restyle)

    @property
    def row_count(self) -> int:
        return len(self._rows) + (self._open_row is not None)

    @property
    def rows(self) -> list[list[Cell]]:
        return self._rows + ([self._open_row] if self._open_row is not None else [])

    def show_block(self, block: Block, growing: bool = False) -> bool:
        """Take the rows that are new; False for any other block or table."""
        if not isinstance(block, Table) or block.header != self._header_source:
            return False
        if block.rows is not self._source:
            if self._rows:
                return False
            self._source = block.rows
        self._aligns = block.aligns
        for row in block.rows[len(self._rows) :]:
            self._rows.append(self._measured([_cell(source) for source in row]))
        if block.open_row != self._open_source:
            self._open_source = block.open_row
            cells = None if block.open_row is None else [_cell(source) for source in block.open_row]
            self._open_row = self._measured(cells, final=False) if cells else None
        self._resized()
        if not growing:
            self.setAccessibleDescription(self._written()[:READ_ALOUD])
        return True

    def column_widths(self, room: int) -> list[int]:
        """Of each column with the gap behind it, the last one without."""
        widths = [natural + GAP for natural in self._natural]
        if not widths:
            return []
        widths[-1] -= GAP
        spare = room - sum(widths)
        if spare >= 0:
            each = spare // len(widths)
            return [width + each for width in widths[:-1]] + [widths[-1] + spare - each * (len(widths) - 1)]
        if sum(widths) > 2 * room:
            return widths
        return _cut_widest(widths, room)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._look.theme.control * (self.row_count + 1) + (10 if self._total(width) > width else 0)

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(200))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._resized()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self.viewport()), self._look.theme
        painter.translate(-self.offset.x(), 0)
        height, right = theme.control, max(self.width(), self.extent[0])
        widths = self.column_widths(self.viewport().width())
        if self._marked:
            painter.fillRect(QRectF(0, 0, right, height * (self.row_count + 1)), marked_ground(theme))
        first = max(0, event.rect().top() // height)
        last = min(self.row_count, event.rect().bottom() // height)
        for number in range(first, last + 1):
            if number:
                painter.setPen(theme.line)
                painter.drawLine(0, number * height, right, number * height)
            self._paint_row(painter, theme, number, widths)
        painter.end()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell, cut = self._cell_at(event.pos())
            tip = cell.style.href or (cell.text if cut else "")
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().viewportEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        link = self._cell_at(event.position().toPoint())[0].style.href
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if link else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        link = self._cell_at(event.position().toPoint())[0].style.href
        if link and event.button() == Qt.MouseButton.LeftButton:
            self.link_activated.emit(link)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._menu_cell = self._cell_at(event.pos())[0].text
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for words, slot in (("Copy cell", self._copy_cell), ("Copy table", self.copy)):
            action = QAction(words, menu)
            action.triggered.connect(slot)
            menu.addAction(action)
        menu.popup(event.globalPos())

    def copy(self) -> None:
        QGuiApplication.clipboard().setText(self._written())

    def _written(self) -> str:
        """The table with tabs between its cells, as spreadsheets take it."""
        return "\n".join("\t".join(cell.text for cell in row) for row in (self._header, *self.rows))

    @property
    def selected_text(self) -> str:
        """A table is marked as a whole, from other blocks."""
        return self._written() if self._marked else ""

    def select_all(self) -> None:
        self._mark(True)

    def unmark(self) -> None:
        self._mark(False)

    def mark_from_anchor(self, forward: bool) -> None:
        self._mark(True)

    def mark_up_to(self, point: QPointF, forward: bool) -> None:
        self._mark(True)

    def _mark(self, marked: bool) -> None:
        self._marked = marked
        self.viewport().update()

    def _copy_cell(self) -> None:
        QGuiApplication.clipboard().setText(self._menu_cell)

    def _measured(self, cells: list[Cell], *, final: bool = True) -> list[Cell]:
        """Let the columns know of a row. One that has not ended says nothing about numbers yet."""
        for column, cell in enumerate(cells):
            width = self._metrics[cell.style.bold, cell.style.code].horizontalAdvance(cell.text) + 1
            self._natural[column] = max(self._natural[column], width)
            if final and cell.text not in _NOTHING:
                self._seen[column] = True
                self._numeric[column] = self._numeric[column] and bool(_NUMBER.fullmatch(cell.text))
        return cells

    def _restyle(self) -> None:
        theme = self._look.theme
        self._metrics = {
            (bold, code): QFontMetrics(theme.face(bold=bold, mono=code))
            for bold in (False, True)
            for code in (False, True)
        }
        small = QFontMetrics(theme.face(-1))
        self._natural = [small.horizontalAdvance(cell.text) + 1 for cell in self._header]
        for row in self.rows:
            self._measured(row)
        self._resized()

    def _resized(self) -> None:
        width = self.viewport().width()
        self.set_extent(self._total(width), self._look.theme.control * (self.row_count + 1))
        self.viewport().update()

    def _total(self, room: int) -> int:
        total = sum(self._natural) + GAP * (len(self._natural) - 1)
        return total if total > 2 * room else room

    def _side(self, column: int) -> Qt.AlignmentFlag:
        wanted = self._aligns[column] or ("right" if self._numeric[column] and self._seen[column] else "left")
        return {
            "right": Qt.AlignmentFlag.AlignRight,
            "centre": Qt.AlignmentFlag.AlignHCenter,
            "left": Qt.AlignmentFlag.AlignLeft,
        }[wanted]

    def _row_at(self, number: int) -> list[Cell]:
        """0 is the header."""
        if number == 0:
            return self._header
        return self._rows[number - 1] if number <= len(self._rows) else (self._open_row or [])

    def _room(self, column: int, widths: list[int]) -> int:
        if column == len(widths) - 1:
            return widths[column]
        return widths[column] - (GAP if self._side(column) == Qt.AlignmentFlag.AlignRight else CUT_GAP)

    def _paint_row(self, painter: QPainter, theme: Theme, number: int, widths: list[int]) -> None:
        x = 0
        for column, cell in enumerate(self._row_at(number)):
            style = cell.style
            if number == 0:
                painter.setFont(theme.face(-1))
                painter.setPen(theme.text if self._marked else theme.muted)
            else:
                painter.setFont(theme.face(bold=style.bold, mono=style.code))
                quiet = cell.text in _NOTHING and not self._marked
                painter.setPen(theme.link if style.href else theme.muted if quiet else theme.text)
            room = self._room(column, widths)
            text = painter.fontMetrics().elidedText(cell.text, Qt.TextElideMode.ElideMiddle, room)
            box = QRectF(x, number * theme.control, room, theme.control)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | self._side(column), text)
            x += widths[column]

    def _cell_at(self, point: QPoint) -> tuple[Cell, bool]:
        """The cell below `point` and whether it is cut."""
        number = point.y() // self._look.theme.control
        widths = self.column_widths(self.viewport().width())
        x = point.x() + self.offset.x()
        for column, cell in enumerate(self._row_at(number) if 0 <= number <= self.row_count else []):
            if x < widths[column]:
                metrics = self._metrics[cell.style.bold, cell.style.code]
                return cell, metrics.horizontalAdvance(cell.text) > self._room(column, widths)
            x -= widths[column]
        return Cell(""), False


def _cell(source: str) -> Cell:
    found = spans(source)
    text = " ".join("".join(span.text for span in found).split())
    styles = {span.style for span in found if span.text.strip()}
    if len(styles) == 1:
        return Cell(text, styles.pop())
    return Cell(text)


def _cut_widest(widths: list[int], room: int) -> list[int]:
    """Lower the widest until all fit: each keeps what it needs or gets the same as the other wide ones."""
    left, cut = room, dict[int, int]()
    for place, column in enumerate(sorted(range(len(widths)), key=widths.__getitem__)):
        share = left // (len(widths) - place)
        cut[column] = max(NARROWEST, min(widths[column], share))
        left -= cut[column]
    return [cut[column] for column in range(len(widths))]
