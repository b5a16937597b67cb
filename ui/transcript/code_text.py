"""Lines of code, painted: only what is on screen costs anything, and nothing wraps.

Owns selection by mouse and copying. What surrounds the lines is `code_block`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QMenu, QWidget

from ..look.theme import Look, Theme, mix
from .highlight import Highlighter, Run, Voice
from .marking import Marking
from .scroll_canvas import ScrollCanvas
from .text_lines import characters, cursor_at, format_range, marked_range, units

PITCH = 1.35
SIDE = 11
ABOVE, BELOW = 8, 10
"""Room around the lines; the sideways bar lies in the room below them."""
TAB = 4
Spot = tuple[int, int]
"""Line and character of it."""


class CodeText(ScrollCanvas):
    """`add` lines; an `open_line` that is still being written comes last. `limit`: highest it gets, in px."""

    def __init__(
        self, look: Look, language: str = "", *, limit: int = 100_000, ink: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent)
        self._highlighter = Highlighter(language)
        self._limit, self._ink = limit, ink
        self._lines: list[str] = []
        self._runs: list[tuple[Run, ...]] = []
        self._open_line = ""
        self._open_runs: tuple[Run, ...] = ()
        self._widest = 0.0
        self._caret = False
        self._marked: tuple[Spot, Spot] | None = None
        self._marking: Marking | None = None
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setViewportMargins(0, 0, 0, BELOW)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        look.changed.connect(self._restyle)
        self._restyle()

    @property
    def text(self) -> str:
        return ("".join(self._lines) + self._open_line).removesuffix("\n")

    @property
    def line_count(self) -> int:
        return len(self._lines) + bool(self._open_line)

    @property
    def selected_text(self) -> str:
        if not self._marked:
            return ""
        (first, start), (last, end) = sorted(self._marked)
        lines = [self._line(number) for number in range(first, last + 1)]
        lines[-1] = lines[-1][:end]
        return "".join(lines)[start:] if len(lines) > 1 else lines[0][start:]

    def add(self, lines: Sequence[str], open_line: str = "") -> None:
        """Lines with their line ends, as `markdown_blocks.Code` has them."""
        for line in lines:
            self._lines.append(line)
            self._runs.append(self._highlighter.line(line))
            self._widest = max(self._widest, self._width_of(line))
        if open_line != self._open_line:
            self._open_line = open_line
            self._open_runs = self._highlighter.peek(open_line) if open_line else ()
            self._widest = max(self._widest, self._width_of(open_line))
        self._resized()

    def set_caret(self, shown: bool) -> None:
        if shown != self._caret:
            self._caret = shown
            self.viewport().update()

    def height_needed(self) -> int:
        return min(self._limit, self._lines_height() + BELOW)

    def sizeHint(self) -> QSize:
        return QSize(100, self.height_needed())

    def minimumSizeHint(self) -> QSize:
        return QSize(20, self.height_needed())

    def copy(self) -> None:
        marked = (self._marking.text if self._marking else "") or self.selected_text
        QGuiApplication.clipboard().setText(marked or self.text)

    def select_all(self) -> None:
        self._mark((0, 0), self._end)

    def join(self, marking: Marking) -> None:
        """Its marking goes on in the blocks that `marking` knows."""
        self._marking = marking

    def unmark(self) -> None:
        self._marked = None
        self.viewport().update()

    def mark_from_anchor(self, forward: bool) -> None:
        if self._marked:
            self._mark(self._marked[0], self._end if forward else (0, 0))

    def mark_up_to(self, point: QPointF, forward: bool) -> None:
        self._mark((0, 0) if forward else self._end, self._spot_at(point))

    @property
    def _end(self) -> Spot:
        last = max(0, self.line_count - 1)
        return last, len(self._line(last))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, offset = QPainter(self.viewport()), self._look.theme, self.offset
        painter.translate(SIDE - offset.x(), ABOVE - offset.y())
        painter.setPen(theme.voice(self._ink))
        top = event.rect().top() + offset.y() - ABOVE
        first = max(0, int(top // self._pitch))
        last = min(self.line_count - 1, int((top + event.rect().height()) // self._pitch))
        for number in range(first, last + 1):
            layout = self._laid(number, theme)
            layout.draw(painter, QPointF(0, number * self._pitch), self._selection(number, theme))
        if self._caret and last == self.line_count - 1:
            self._paint_caret(painter, theme, last)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            spot = self._spot_at(event.position())
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if self._marking:
                self._marking.clear()
            self._mark(self._marked[0] if shift and self._marked else spot, spot)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self._marked:
            if self._marking and self._marking.drag(self, event.position()):
                return
            self._mark(self._marked[0], self._spot_at(event.position()))
            self._show_x(event.position().x())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        number, at = self._spot_at(event.position())
        line = self._line(number)
        start = end = at
        while start > 0 and (line[start - 1].isalnum() or line[start - 1] == "_"):
            start -= 1
        while end < len(line) and (line[end].isalnum() or line[end] == "_"):
            end += 1
        self._mark((number, start), (number, end))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        sideways = {Qt.Key.Key_Left: -40, Qt.Key.Key_Right: 40}.get(Qt.Key(event.key()))
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif sideways:
            bar = self.horizontalScrollBar()
            bar.setValue(bar.value() + sideways)
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self._marked = None
            if self._marking:
                self._marking.clear()
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for words, slot in (("Copy", self.copy), ("Select all", self.select_all)):
            action = QAction(words, menu)
            action.triggered.connect(slot)
            menu.addAction(action)
        menu.popup(event.globalPos())

    def _lines_height(self) -> int:
        return ABOVE + round(max(1, self.line_count) * self._pitch - (self._pitch - self._line_height))

    def _resized(self) -> None:
        self.set_extent(round(self._widest) + 2 * SIDE, self._lines_height())
        self.updateGeometry()
        self.viewport().update()

    def _restyle(self) -> None:
        self._font: QFont = self._look.theme.face(mono=True)
        self._metrics = QFontMetricsF(self._font)
        self._line_height = self._metrics.height()
        self._pitch = round(self._line_height * PITCH)
        self._letter = self._metrics.horizontalAdvance("x")
        self._widest = max((self._width_of(line) for line in (*self._lines, self._open_line)), default=0.0)
        self._resized()

    def _width_of(self, line: str) -> float:
        line = line.rstrip("\n")
        if line.isascii():
            return self._letter * (len(line.expandtabs(TAB)) if "\t" in line else len(line))
        return self._metrics.horizontalAdvance(line.expandtabs(TAB))

    def _line(self, number: int) -> str:
        return self._lines[number] if number < len(self._lines) else self._open_line

    def _laid(self, number: int, theme: Theme) -> QTextLayout:
        """One line of Qt's. Built for each paint: only those on screen are."""
        layout = QTextLayout(self._line(number).rstrip("\n"), self._font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        option.setTabStopDistance(self._letter * TAB)
        layout.setTextOption(option)
        runs = self._runs[number] if number < len(self._runs) else self._open_runs
        layout.setFormats([_coloured(run, layout.text(), theme) for run in runs])
        layout.beginLayout()
        line = layout.createLine()
        if line.isValid():
            line.setLineWidth(1e6)
        layout.endLayout()
        return layout

    def _selection(self, number: int, theme: Theme) -> list[QTextLayout.FormatRange]:
        if not self._marked:
            return []
        first, last = sorted(self._marked)
        if not first[0] <= number <= last[0] or first == last:
            return []
        start = first[1] if number == first[0] else 0
        end = last[1] if number == last[0] else len(self._line(number))
        line = self._line(number)
        return [marked_range(units(line[:start]), units(line[start:end]), theme)]

    def _paint_caret(self, painter: QPainter, theme: Theme, number: int) -> None:
        if number < 0:
            return
        line = self._line(number)
        if line.endswith("\n"):
            return
        rect = QRectF(self._width_of(line) + 2, number * self._pitch, 4, self._line_height)
        painter.fillRect(rect, theme.link)

    def _spot_at(self, point: QPointF) -> Spot:
        y = point.y() + self.offset.y() - ABOVE
        number = min(max(0, self.line_count - 1), max(0, int(y // self._pitch)))
        layout = self._laid(number, self._look.theme)
        # A line is a view into its layout, which must live as long.
        at = cursor_at(layout.lineAt(0), point.x() + self.offset.x() - SIDE)
        return number, characters(self._line(number), at)

    def _show_x(self, x: float) -> None:
        """While text is being marked: follow the pointer over the edge."""
        bar, room = self.horizontalScrollBar(), self.viewport().width()
        over = x - room if x > room else min(0.0, x)
        bar.setValue(bar.value() + round(over))

    def _mark(self, anchor: Spot, spot: Spot) -> None:
        self._marked = (anchor, spot)
        self.viewport().update()


def _coloured(run: Run, line: str, theme: Theme) -> QTextLayout.FormatRange:
    start, length, voice = run
    made = QTextCharFormat()
    made.setForeground(_colour(voice, theme))
    return format_range(units(line[:start]), units(line[start : start + length]), made)


def _colour(voice: Voice, theme: Theme) -> QColor:
    if voice == "comment":
        return theme.muted
    return mix(theme.text, theme.link if voice == "word" else theme.ok, 0.75)
