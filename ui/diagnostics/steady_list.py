"""A list that may change twice a second under the reader: what is chosen stays chosen, what is read stays in place."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QWidget

from ..look.theme import Look

Index = QModelIndex | QPersistentModelIndex


class SteadyModel(QAbstractListModel):
    """Rows that are replaced all at once. A subclass says which is which, and what is read aloud of one."""

    RowRole = Qt.ItemDataRole.UserRole + 1

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[object] = ()
        self._keys: list[Hashable] = []

    def key_of(self, row: object) -> Hashable:
        """What makes a row the same one after a change. Rows may share it; then the nearest is meant."""
        raise NotImplementedError

    def words_of(self, row: object) -> str:
        """A row in words, for a screen reader and as its tooltip."""
        raise NotImplementedError

    def row(self, place: int) -> object | None:
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def key(self, place: int) -> Hashable:
        return self._keys[place] if 0 <= place < len(self._keys) else None

    def place_of(self, key: Hashable, near: int) -> int:
        """Where the row with this key is, the one nearest to `near` if there are several; -1 for none."""
        if self.key(near) == key:
            return near
        places = [place for place, each in enumerate(self._keys) if each == key]
        return min(places, key=lambda place: abs(place - near), default=-1)

    def replace(self, rows: Sequence[object]) -> bool:
        """Takes these rows. True if it is another set of rows, so that places have to be found again."""
        keys = [self.key_of(row) for row in rows]
        if keys != self._keys:
            self.beginResetModel()
            self._rows, self._keys = rows, keys
            self.endResetModel()
            return True
        self._rows = rows
        if rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, 0))
        return False

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.row(index.row())
        if row is None:
            return None
        if role == self.RowRole:
            return row
        spoken = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole)
        return self.words_of(row) if role in spoken else None


class SteadyList(QListView):
    """Shows a `SteadyModel`. At the top it stays at the top, where new rows come; elsewhere it stays at its row."""

    def __init__(self, model: SteadyModel, delegate: RowDelegate, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steady = model
        self._delegate = delegate
        model.setParent(self)
        delegate.setParent(self)
        self.setModel(model)
        self.setItemDelegate(delegate)
        self.setAccessibleName(name)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)

    def sizeHint(self) -> QSize:
        return QSize(100, 100)  # it takes what is left; Qt's own wish would make the page around it scroll

    def replace(self, rows: Sequence[object]) -> None:
        """Shows these rows; what is chosen and what is at the top stay where they are."""
        model, bar = self._steady, self.verticalScrollBar()
        chosen, top = self.currentIndex().row(), self.indexAt(self.viewport().rect().topLeft()).row()
        chosen_key, top_key = model.key(chosen), model.key(top)
        before, height = bar.value(), max(1, self.sizeHintForRow(0))
        if not model.replace(rows):
            return
        if chosen >= 0:
            self.setCurrentIndex(model.index(model.place_of(chosen_key, chosen), 0))
        self.doItemsLayout()
        now = model.place_of(top_key, top) if before else -1
        bar.setValue(before + (now - top) * height if now >= 0 else before)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._delegate.by_key = True
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._delegate.by_key = False
        super().mousePressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self._delegate.by_key = True
            if not self.currentIndex().isValid() and self._steady.rowCount():
                self.selectionModel().setCurrentIndex(
                    self._steady.index(0, 0), self.selectionModel().SelectionFlag.NoUpdate
                )


class RowDelegate(QStyledItemDelegate):
    """The ground of a row: chosen, under the pointer, and the outline for whoever goes by key."""

    PAD = 8

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.by_key = False

    def paint_ground(self, painter: QPainter, area: QRect, state: QStyle.StateFlag) -> bool:
        """Whether the row is chosen or under the pointer, so that muted words become text."""
        theme = self._look.theme
        chosen, over = bool(state & QStyle.StateFlag.State_Selected), bool(state & QStyle.StateFlag.State_MouseOver)
        outlined = bool(state & QStyle.StateFlag.State_HasFocus) and self.by_key
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.accent if outlined else Qt.PenStyle.NoPen)
        painter.setBrush(theme.selected if chosen else theme.hover if over else Qt.BrushStyle.NoBrush)
        if chosen or over or outlined:
            painter.drawRoundedRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        return chosen or over


def draw_cut(painter: QPainter, room: QRect, text: str, *, right: bool = False, middle: bool = False) -> None:
    """One line of words in `room`, cut where it is too long."""
    how = Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    words = painter.fontMetrics().elidedText(text, how, room.width())
    painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, words)
