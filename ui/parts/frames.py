"""What other widgets lie on and in: cards, hairlines, the meter, scrolled pages, rows and columns."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ..look.theme import Look

Item = QWidget | int | None
"""Of a row or column: a widget, a gap in px, or (None) all spare room."""
W = TypeVar("W", bound=QWidget)
Margins = tuple[int, int, int, int]
NO_MARGINS: Margins = (0, 0, 0, 0)


class Card(QFrame):
    """A ground of the style sheet: card, own, code, field, alert, selected, side, popup, or "" (none)."""

    def __init__(self, look: Look, kind: str = "card", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.setProperty("kind", kind)
        self.setProperty("ring", False)

    @property
    def kind(self) -> str:
        return str(self.property("kind"))

    def set_kind(self, kind: str) -> None:
        self._set("kind", kind)

    def set_ring(self, ring: bool) -> None:
        self._set("ring", ring)

    def _set(self, name: str, value: str | bool) -> None:
        if self.property(name) != value:
            self.setProperty(name, value)
            repolish(self)


class Rule(QFrame):
    """A hairline."""

    def __init__(self, vertical: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "rule")
        if vertical:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)


class Meter(QWidget):
    """How much of something is used. The words beside it say the same."""

    def __init__(self, look: Look, part: float = 0.0, width: int = 40, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._part = look, part
        self.setFixedSize(width, 4)
        look.changed.connect(self.update)

    @property
    def part(self) -> float:
        return self._part

    def set_part(self, part: float) -> None:
        self._part = min(1.0, max(0.0, part))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.theme.edge)
        painter.drawRoundedRect(QRectF(self.rect()), 2, 2)
        if self._part > 0:
            painter.setBrush(self._look.theme.muted)
            painter.drawRoundedRect(QRectF(0, 0, max(4.0, self.width() * self._part), 4), 2, 2)
        painter.end()


class Scroll(QScrollArea):
    """Scrolls `content` up and down. No stop for Tab: what is inside of it is."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(content)
        # Both would be filled with the application's colour, not with ours.
        self.viewport().setAutoFillBackground(False)
        content.setAutoFillBackground(False)


def tab_stops(box: QWidget) -> list[QWidget]:
    """The widgets inside `box` that take the focus by Tab, in the order in which they lie there; hidden ones too.

    Not by `nextInFocusChain`: PySide takes what that returns for a child of the widget that was asked, and when one
    dies, the other's Python half dies with it (a scroll bar's, in the next widget).
    """
    stops = box.findChildren(QWidget)
    return [each for each in stops if each.focusPolicy() & Qt.FocusPolicy.TabFocus and box.isAncestorOf(each)]


def repolish(widget: QWidget) -> None:
    """Let the style sheet look at the widget's properties again."""
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()


def grow(widget: W) -> W:
    """Mark `widget` as one that takes the spare room of its row or column."""
    widget.setProperty("grow", 1)
    return widget


def row(
    *items: Item, gap: int = 8, margins: Margins = NO_MARGINS, into: QWidget | None = None, height: int = 0
) -> QWidget:
    """Widgets side by side, `gap` apart unless a number says otherwise; `into`: the widget that holds them."""
    box = into or QWidget()
    _fill(QHBoxLayout(box), items, gap, margins)
    if height:
        box.setFixedHeight(height)
    return box


def column(*items: Item, gap: int = 8, margins: Margins = NO_MARGINS, into: QWidget | None = None) -> QWidget:
    """Widgets below one another."""
    box = into or QWidget()
    _fill(QVBoxLayout(box), items, gap, margins)
    return box


def _fill(layout: QBoxLayout, items: tuple[Item, ...], gap: int, margins: Margins) -> None:
    layout.setContentsMargins(*margins)
    # Qt's own spacing closes up around hidden widgets; it cannot be used where some gaps differ.
    even = not any(isinstance(item, int) for item in items)
    layout.setSpacing(gap if even else 0)
    joined = False
    for item in items:
        if item is None:
            layout.addStretch(1)
        elif isinstance(item, int):
            layout.addSpacing(item)
            joined = False
        else:
            if joined and not even:
                layout.addSpacing(gap)
            layout.addWidget(item, int(item.property("grow") or 0))
            joined = True
