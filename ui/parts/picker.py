"""A popup to pick one of many: a filter, a list, and at its end a way to more and to a list of this moment."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QListView, QVBoxLayout, QWidget

from ..look.surface import Surface
from ..look.theme import Look
from .controls import Button
from .frames import Card, Rule, column, row
from .labels import Label
from .own_keys import claims
from .pick_list import PickDelegate, PickModel, PickRow

MOST_ROWS = 12
WIDTH = 320
_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -MOST_ROWS, Qt.Key.Key_PageDown: MOST_ROWS}


class Picker(QWidget):
    """Signals: `chosen(group, id)`, `more_clicked`, `again_clicked`. Closes by a choice, Esc or a click outside."""

    chosen = Signal(str, str)
    more_clicked = Signal()
    again_clicked = Signal()

    def __init__(
        self,
        look: Look,
        name: str,
        *,
        filtered: bool = True,
        more: str = "",
        again: str = "",
        width: int = WIDTH,
        parent: QWidget | None = None,
    ) -> None:
        """`more`, `again`: the words of the buttons at its end; without words there is none. `width`: at least, px."""
        super().__init__(parent, Qt.WindowType.Popup)
        self._look = look
        self._width = width
        self._model = PickModel(self)
        self._anchor: QWidget | None = None
        self._stepped = False
        self._filter = QLineEdit()
        self._filter.setPlaceholderText("Filter")
        self._filter.setAccessibleName(f"Filter {name}")
        self._filter.setVisible(filtered)
        self._list = self._make_list(name)
        self._nothing = row(Label(look, "Nothing matches.", "muted"), None, margins=(15, 4, 7, 8))
        self._more = Button(look, more, "quiet")
        self._again = Button(look, again, "quiet")
        for button, words in ((self._more, more), (self._again, again)):
            if not words:
                button.hide()
        self._build(bool(more or again))
        self._filter.textChanged.connect(self._refilter)
        self._filter.installEventFilter(self)
        self._list.installEventFilter(self)
        self._list.clicked.connect(self._choose)
        self._more.clicked.connect(self._go_to_more)
        self._again.clicked.connect(self.again_clicked)
        look.changed.connect(self._restyle)
        self._restyle()

    def _make_list(self, name: str) -> QListView:
        view = QListView()
        view.setModel(self._model)
        view.setItemDelegate(PickDelegate(self._look, view))
        view.setUniformItemSizes(True)
        view.setMouseTracking(True)
        view.setAccessibleName(name)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        return view

    def _build(self, with_foot: bool) -> None:
        self._surface = Surface(self._look, self)
        rule, foot = Rule(), row(self._more, None, self._again, margins=(4, 4, 4, 4))
        rule.setVisible(with_foot)
        foot.setVisible(with_foot)
        head = row(self._filter, margins=(7, 7, 7, 0))
        head.setVisible(not self._filter.isHidden())
        frame = column(
            head,
            row(self._list, margins=(3, 4, 3, 4)),
            self._nothing,
            rule,
            foot,
            gap=0,
            margins=(1, 1, 1, 1),
            into=Card(self._look, "popup"),
        )
        self._nothing.hide()
        column(frame, into=self._surface)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)  # it follows its rows while it is open
        layout.addWidget(self._surface)

    def set_rows(self, rows: Sequence[PickRow]) -> None:
        """Show these, keeping the filter and, if keys have gone to one that is still there, the marked row."""
        marked = self._marked() if self._stepped else None
        self._model.set_rows(rows)
        self._after_reset(marked)
        if self.isVisible() and not self._filter.text():  # while one filters it keeps still
            self._fit()

    def choices(self) -> list[PickRow]:
        """What is listed now, headings too."""
        rows = (self._model.row(place) for place in range(self._model.rowCount()))
        return [row for row in rows if row is not None]

    def open_under(self, anchor: QWidget) -> None:
        """Below `anchor`, right edges in line, on its screen."""
        self._anchor = anchor
        self._filter.clear()
        self._stepped = False
        self._mark(self._model.current_place())
        self._surface.setFixedWidth(max(self._width, anchor.width()))
        self._fit()
        self.adjustSize()
        self._place()
        self.show()
        (self._filter if self._filter.isVisibleTo(self) else self._list).setFocus(Qt.FocusReason.PopupFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        anchor = self._anchor
        if anchor is None:
            return
        corner = anchor.mapToGlobal(QPoint(anchor.width() - self.width(), anchor.height() + 4))
        area = anchor.screen().availableGeometry()
        x = max(area.left(), min(corner.x(), area.right() - self.width()))
        above = anchor.mapToGlobal(QPoint(0, -4)).y() - self.height()
        y = above if corner.y() + self.height() > area.bottom() and above >= area.top() else corner.y()
        self.move(x, y)

    def _fit(self) -> None:
        """As high as its rows."""
        self._list.setFixedHeight(self._look.theme.control * min(MOST_ROWS, max(1, self._model.rowCount())))

    def _restyle(self) -> None:
        self._filter.setFont(self._look.theme.face())

    def _refilter(self, text: str) -> None:
        marked = self._marked()
        self._model.set_filter(text)
        self._after_reset(marked)

    def _after_reset(self, marked: PickRow | None) -> None:
        rows = self.choices() if marked else []
        self._mark(rows.index(marked) if marked in rows else self._model.current_place())
        empty = self._model.rowCount() == 0
        self._nothing.setVisible(empty)
        self._list.setVisible(not empty)

    def _marked(self) -> PickRow | None:
        return self._model.row(self._list.currentIndex().row())

    def _mark(self, place: int) -> None:
        self._list.setCurrentIndex(self._model.index(place, 0))

    def _step(self, step: int) -> None:
        at = self._list.currentIndex().row()
        if abs(step) == 1:
            to = self._model.next_choice(at, step)
        else:
            to = self._model.next_choice(min(max(at + step, 0), self._model.rowCount() - 1) - 1, 1)
        if to >= 0:
            self._stepped = True
            self._mark(to)

    def event(self, event: QEvent) -> bool:
        return claims(event) or super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        key = Qt.Key(event.key())
        if key in _STEPS:
            self._step(_STEPS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self._list.currentIndex())
        elif key == Qt.Key.Key_Escape:
            self.close()
        else:
            return False
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _choose(self, index: QModelIndex) -> None:
        picked = self._model.row(index.row())
        if picked and not picked.heading:
            self.close()
            self.chosen.emit(picked.group, picked.id)

    def _go_to_more(self) -> None:
        self.close()
        self.more_clicked.emit()
