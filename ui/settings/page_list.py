"""The list beside the settings pages: providers with their state in a shape and in words, then the other pages."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ..look.icons import draw_icon
from ..look.theme import Look
from ..parts.pick_list import place_of
from .values import ProviderState

Index = QModelIndex | QPersistentModelIndex
_GLYPHS: dict[ProviderState, tuple[str, str]] = {
    "ready": ("dot", "ok"),
    "unset": ("ring", "muted"),
    "failed": ("cross", "bad"),
    "busy": ("half", "muted"),
}
_ENTRY = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class ListEntry:
    """One line. `state` None: a page that is not a provider; an empty `id`: a heading, or
    without a name a hairline. `icon`: of a page that follows the providers."""

    id: str
    name: str
    state: ProviderState | None = None
    words: str = ""
    icon: str = ""


class SettingsList(QListWidget):
    """`page_chosen(id)` by click or arrow key."""

    page_chosen = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._delegate = _EntryDelegate(look, self)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Settings pages")
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.currentItemChanged.connect(self._tell)
        look.changed.connect(self.scheduleDelayedItemsLayout)

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

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.currentItem():
            self.scrollToItem(self.currentItem())

    def put(self, entry: ListEntry) -> None:
        """Show `entry`: in place of the one with its id, else new: providers come before all other pages."""
        item = self._find(entry.id) if entry.id else None
        if item is None:
            item = QListWidgetItem()
            self.insertItem(self._end_of_providers() if entry.state or entry.icon else self.count(), item)
        item.setData(_ENTRY, entry)
        item.setText(entry.name)
        item.setToolTip("\n".join(filter(None, (entry.name, entry.words))) if entry.id else "")
        item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, (entry.name, entry.words))))
        if not entry.id:
            item.setFlags(Qt.ItemFlag.NoItemFlags)

    def drop(self, page_id: str) -> None:
        """Takes a line out; if it was chosen, the one below it is."""
        if item := self._find(page_id):
            self.takeItem(self.row(item))

    def set_state(self, page_id: str, state: ProviderState, words: str) -> None:
        entry = self.entry(page_id)
        if entry:
            self.put(replace(entry, state=state, words=words))

    def entry(self, page_id: str) -> ListEntry | None:
        item = self._find(page_id)
        return _entry_of(item.data(_ENTRY)) if item else None

    def select(self, page_id: str) -> None:
        item = self._find(page_id)
        if item:
            self.setCurrentItem(item)

    def select_first(self) -> None:
        """The first page that is shown; none if there is none."""
        items = (self.item(place) for place in range(self.count()))
        shown = (item for item in items if not item.isHidden() and (entry := _entry_of(item.data(_ENTRY))) and entry.id)
        if item := next(shown, None):
            self.setCurrentItem(item)

    def show_only(self, page_ids: Collection[str] | None) -> None:
        """Hides all lines but those of these pages; None shows all."""
        for place in range(self.count()):
            entry = _entry_of(self.item(place).data(_ENTRY))
            if entry:
                self.item(place).setHidden(page_ids is not None and entry.id not in page_ids)

    def sizeHint(self) -> QSize:
        return QSize(100, 100)

    def _find(self, page_id: str) -> QListWidgetItem | None:
        items = (self.item(place) for place in range(self.count()))
        found = (item for item in items if (entry := _entry_of(item.data(_ENTRY))) and entry.id == page_id)
        return next(found, None)

    def _end_of_providers(self) -> int:
        entries = [_entry_of(self.item(place).data(_ENTRY)) for place in range(self.count())]
        others = (place for place, entry in enumerate(entries) if entry and not entry.state and not _is_heading(entry))
        return next(others, self.count())

    def _tell(self, item: QListWidgetItem | None) -> None:
        entry = _entry_of(item.data(_ENTRY)) if item else None
        if entry and entry.id:
            self.page_chosen.emit(entry.id)


def _entry_of(data: object) -> ListEntry | None:
    return data if isinstance(data, ListEntry) else None


def _is_heading(entry: ListEntry) -> bool:
    return not entry.id and bool(entry.name)


class _EntryDelegate(QStyledItemDelegate):
    PAD, ICON = 8, 14

    def __init__(self, look: Look, parent: QObject) -> None:
        super().__init__(parent)
        self._look = look
        self.by_key = False
        """Whether the list was last used by key. (Qt's own State_KeyboardFocusChange misses the arrow keys.)"""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        theme, entry = self._look.theme, _entry_of(index.data(_ENTRY))
        if entry and entry.state:
            return QSize(100, theme.control + 20)
        return QSize(100, theme.control + 4 if entry and entry.name else 21)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry = _entry_of(index.data(_ENTRY))
        if not entry:
            return
        area, state = place_of(option)
        painter.save()
        self._paint_ground(painter, area, state, bool(entry.id))
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if not entry.name:
            painter.fillRect(area.left(), area.top() + 12, area.width(), 1, self._look.theme.line)
        elif entry.state:
            self._paint_provider(painter, area, entry, chosen)
        else:
            self._paint_name(painter, area, entry, chosen)
        painter.restore()

    def _paint_ground(self, painter: QPainter, area: QRect, state: QStyle.StateFlag, real: bool) -> None:
        theme = self._look.theme
        chosen, over = bool(state & QStyle.StateFlag.State_Selected), bool(state & QStyle.StateFlag.State_MouseOver)
        by_key = state & QStyle.StateFlag.State_HasFocus and self.by_key
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.accent if by_key and real else Qt.PenStyle.NoPen)
        painter.setBrush(theme.selected if chosen else theme.hover)
        if real and (chosen or over or by_key):
            painter.drawRoundedRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)

    def _paint_provider(self, painter: QPainter, area: QRect, entry: ListEntry, chosen: bool) -> None:
        theme = self._look.theme
        glyph, voice = _GLYPHS[entry.state or "unset"]
        top = area.top() + (area.height() - self.ICON) / 2
        draw_icon(painter, glyph, theme.voice(voice), QRectF(area.left() + self.PAD, top, self.ICON, self.ICON))
        room = area.adjusted(self.PAD * 2 + self.ICON, 4, -self.PAD, -4)
        half = room.height() // 2
        painter.setPen(theme.text)
        painter.setFont(theme.face(bold=chosen))
        _cut(painter, room.adjusted(0, 0, 0, -half), entry.name)
        painter.setPen(theme.text if chosen else theme.muted)
        painter.setFont(theme.face(-1))
        _cut(painter, room.adjusted(0, half, 0, 0), entry.words)

    def _paint_name(self, painter: QPainter, area: QRect, entry: ListEntry, chosen: bool) -> None:
        theme = self._look.theme
        painter.setPen(theme.text if entry.id else theme.muted)
        painter.setFont(theme.face(bold=chosen) if entry.id else theme.face(-1))
        if entry.icon:
            top = area.top() + (area.height() - self.ICON) / 2
            draw_icon(painter, entry.icon, theme.muted, QRectF(area.left() + self.PAD, top, self.ICON, self.ICON))
        _cut(painter, area.adjusted(self.PAD * 2 + self.ICON if entry.icon else self.PAD, 0, 0, 0), entry.name)


def _cut(painter: QPainter, room: QRect, text: str) -> None:
    words = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
