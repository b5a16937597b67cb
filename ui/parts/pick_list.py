"""The rows of a picker: a model that filters ten thousand of them between two key strokes, and how one is painted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ..look.icons import draw_icon
from ..look.theme import Look

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class PickRow:
    """One line. `heading`: names a group and cannot be chosen; its `note` is the group's state."""

    group: str
    id: str
    text: str
    note: str = ""
    current: bool = False
    heading: bool = False


class PickModel(QAbstractListModel):
    """Shows the rows that contain every word of the filter. A heading stays while one of its rows does.

    (Not a QSortFilterProxyModel: asked row by row in Python that takes 20 times as long.)
    """

    RowRole = Qt.ItemDataRole.UserRole + 1

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[PickRow] = []
        self._shown: list[PickRow] = []
        self._sought: list[str] = []
        self._words: list[str] = []

    def set_rows(self, rows: Sequence[PickRow]) -> None:
        """In the order in which they are shown, each group's heading before its rows."""
        self._rows = list(rows)
        self._sought = [f"{row.text} {row.note} {row.group}".casefold() for row in rows]
        self._show()

    def set_filter(self, text: str) -> None:
        self._words = text.casefold().split()
        self._show()

    def row(self, place: int) -> PickRow | None:
        return self._shown[place] if 0 <= place < len(self._shown) else None

    def next_choice(self, place: int, step: int) -> int:
        """The next row that can be chosen, from `place` on in direction `step`; -1 if there is none."""
        at = place + step
        while 0 <= at < len(self._shown):
            if not self._shown[at].heading:
                return at
            at += step
        return -1

    def current_place(self) -> int:
        """The row that is in use, else the first that can be chosen."""
        marked = (place for place, row in enumerate(self._shown) if row.current)
        return next(marked, self.next_choice(-1, 1))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.row(index.row())
        if row is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return row.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (row.text, row.note, "in use" if row.current else "") if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.note if row.heading else row.text
        return row if role == self.RowRole else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        row = self.row(index.row())
        chosen = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.NoItemFlags if row is None or row.heading else chosen

    def _show(self) -> None:
        self.beginResetModel()
        self._shown = self._filtered() if self._words else self._rows
        self.endResetModel()

    def _filtered(self) -> list[PickRow]:
        words = self._words
        found = [
            row
            for row, text in zip(self._rows, self._sought, strict=True)
            if row.heading or all(word in text for word in words)
        ]
        groups = {row.group for row in found if not row.heading}
        return [row for row in found if not row.heading or row.group in groups]


def place_of(option: QStyleOptionViewItem) -> tuple[QRect, QStyle.StateFlag]:
    """Where a row is painted, and its state. (The stubs of PySide6 6.5 know neither.)"""
    return option.rect, option.state  # pyright: ignore[reportAttributeAccessIssue]


class PickDelegate(QStyledItemDelegate):
    """Name left, note right in the second voice, a tick before the one in use."""

    PAD, TICK = 8, 14

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, self._look.theme.control)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(PickModel.RowRole)
        if not isinstance(row, PickRow):
            return
        area, state = place_of(option)
        painter.save()
        if row.heading:
            self._paint_heading(painter, area, row)
        else:
            self._paint_choice(painter, area, row, state)
        painter.restore()

    def _paint_heading(self, painter: QPainter, area: QRect, row: PickRow) -> None:
        theme = self._look.theme
        painter.setFont(theme.face(-1))
        painter.setPen(theme.muted)
        left, right = area.adjusted(self.PAD, 0, 0, 0), area.adjusted(0, 0, -self.PAD, 0)
        painter.drawText(left, Qt.AlignmentFlag.AlignVCenter, row.text)
        used = QFontMetrics(theme.face(-1)).horizontalAdvance(row.text) + self.PAD + 12
        self._cut(painter, right.adjusted(used, 0, 0, 0), row.note, Qt.AlignmentFlag.AlignRight)

    def _paint_choice(self, painter: QPainter, area: QRect, row: PickRow, state: QStyle.StateFlag) -> None:
        theme = self._look.theme
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        over = bool(state & QStyle.StateFlag.State_MouseOver)
        if chosen or over:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.selected if chosen else theme.hover)
            painter.drawRoundedRect(QRectF(area), 3, 3)
        if row.current:
            top = area.top() + (area.height() - self.TICK) / 2
            draw_icon(painter, "check", theme.ok, QRectF(area.left() + self.PAD, top, self.TICK, self.TICK))
        room = area.adjusted(self.PAD + self.TICK + 8, 0, -self.PAD, 0)
        painter.setFont(theme.face(-1))
        painter.setPen(theme.text if chosen or over else theme.muted)
        name = QFontMetrics(theme.face()).horizontalAdvance(row.text) + 10
        most = max(room.width() // 2, room.width() - name)
        note = min(QFontMetrics(theme.face(-1)).horizontalAdvance(row.note) + 2, most)
        self._cut(painter, room.adjusted(room.width() - note, 0, 0, 0), row.note, Qt.AlignmentFlag.AlignRight)
        painter.setFont(theme.face())
        painter.setPen(theme.text)
        self._cut(painter, room.adjusted(0, 0, -note - 8, 0), row.text, Qt.AlignmentFlag.AlignLeft)

    @staticmethod
    def _cut(painter: QPainter, room: QRect, text: str, side: Qt.AlignmentFlag) -> None:
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, text)
