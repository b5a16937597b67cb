"""Spans of text laid out in lines of one pitch, drawn, hit and marked. No widget.

One `QTextLayout` and not a `QTextDocument`: it lays a paragraph out in microseconds, and it lets each line stand
exactly where the line height wants it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from math import ceil
from typing import cast

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QTextCharFormat, QTextLayout, QTextLine, QTextOption

from ..look.theme import Theme, mix
from .markdown_inline import LINE_BREAK, Span

PROSE_PITCH = 1.38
SECOND_PITCH = 1.28
MARKED = 0.35
"""Part of the accent in the ground of selected text."""


class TextLines:
    def __init__(self) -> None:
        self.text = ""
        self._layout = QTextLayout()
        self._links: list[tuple[int, int, str]] = []
        self._pitch = 0.0
        self._line_height = 0.0
        self._ascent = 0.0
        self._width = -1
        self._rightwards = True

    def set_spans(
        self, spans: Sequence[Span], theme: Theme, *, delta: int = 0, bold: bool = False, voice: str = ""
    ) -> None:
        font = theme.face(delta, bold=bold)
        metrics = QFontMetricsF(font)
        self._line_height, self._ascent = metrics.height(), metrics.ascent()
        self._pitch = self._line_height * (PROSE_PITCH if delta >= 0 else SECOND_PITCH)
        self.text = "".join(span.text for span in spans)
        self._layout.setFont(font)
        self._layout.setText(self.text.replace(LINE_BREAK, "\u2028"))
        self._rightwards = _reads_rightwards(self.text)
        self._layout.setTextOption(_wrapping(self._rightwards))
        formats: list[QTextLayout.FormatRange] = []
        self._links, at = [], 0
        for span in spans:
            # Qt counts UTF-16 units, Python characters.
            length = units(span.text)
            if span.style.href:
                self._links.append((at, at + length, span.style.href))
            formats.append(_format(span, theme, delta, bold, voice, at, length))
            at += length
        self._layout.setFormats(formats)
        self._width = -1

    def height_at(self, width: int) -> int:
        """Height in px at this width: no room above the first line or below the last one."""
        if width != self._width:
            self._lay(width)
        lines = max(1, self._layout.lineCount())
        return ceil(round(self._pitch * (lines - 1)) + self._line_height)

    @property
    def first_baseline(self) -> float:
        return self._ascent

    @property
    def line_height(self) -> float:
        return self._line_height

    def _lay(self, width: int) -> None:
        self._width = width
        self._layout.beginLayout()
        while (line := self._layout.createLine()).isValid():
            line.setLineWidth(max(1, width))
            baseline = round(self._pitch * line.lineNumber()) + self._ascent
            line.setPosition(QPointF(0, baseline - line.ascent()))
        self._layout.endLayout()

    def draw(self, painter: QPainter, theme: Theme, marked: tuple[int, int] | None = None) -> None:
        selections: list[QTextLayout.FormatRange] = []
        if marked and marked[0] != marked[1]:
            selections.append(marked_range(min(marked), abs(marked[1] - marked[0]), theme))
        self._layout.draw(painter, QPointF(0, 0), selections)

    def caret_rect(self) -> QRectF:
        """Where a caret behind the last word stands."""
        count = self._layout.lineCount()
        if not count:
            return QRectF(0, 0, 4, self._line_height)
        line = self._layout.lineAt(count - 1)
        ink = line.naturalTextRect()
        x = min(ink.right() + 3, self._width - 4) if self._rightwards else max(0.0, ink.left() - 7)
        return QRectF(x, line.y() + line.ascent() - self._ascent, 4, self._line_height)

    def position_at(self, point: QPointF) -> int:
        """The position in the text, in UTF-16 units, that is nearest to `point`."""
        line = self._line_at(point.y())
        return cursor_at(line, point.x()) if line else 0

    def link_at(self, point: QPointF) -> str:
        line = self._line_at(point.y())
        if not line or not line.naturalTextRect().left() - 2 <= point.x() <= line.naturalTextRect().right() + 2:
            return ""
        at = cursor_at(line, point.x(), QTextLine.CursorPosition.CursorOnCharacter)
        return next((href for start, end, href in self._links if start <= at < end), "")

    @property
    def links(self) -> list[tuple[int, int, str]]:
        """Start, end and address of each link, in the order of the text."""
        return self._links

    def length(self) -> int:
        return units(self.text)

    def part(self, start: int, end: int) -> str:
        """The text between two positions in UTF-16 units."""
        raw = self.text.encode("utf-16-le", "surrogatepass")[2 * min(start, end) : 2 * max(start, end)]
        return raw.decode("utf-16-le", "replace")

    def word_at(self, position: int) -> tuple[int, int]:
        start, end = position, position
        while start > 0 and _in_word(self.part(start - 1, start)):
            start -= 1
        while end < self.length() and _in_word(self.part(end, end + 1)):
            end += 1
        return start, end

    def _line_at(self, y: float) -> QTextLine | None:
        count = self._layout.lineCount()
        if not count or not self._pitch:
            return None
        return self._layout.lineAt(min(count - 1, max(0, int(y / self._pitch))))


def _reads_rightwards(text: str) -> bool:
    """As Qt sees it: the first letter that has a direction says so."""
    directions = (unicodedata.bidirectional(character) for character in text)
    return next((each for each in directions if each in ("L", "R", "AL")), "L") == "L"


def _wrapping(rightwards: bool) -> QTextOption:
    option = QTextOption()  # with an alignment it would take the application's direction
    option.setAlignment(Qt.AlignmentFlag.AlignLeft if rightwards else Qt.AlignmentFlag.AlignRight)
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    return option


def _format(
    span: Span, theme: Theme, delta: int, bold: bool, voice: str, start: int, length: int
) -> QTextLayout.FormatRange:
    style = span.style
    made = QTextCharFormat()
    if style.bold or style.code:
        made.setFont(theme.face(delta, bold=bold or style.bold, mono=style.code))
    if style.struck:
        made.setFontStrikeOut(True)
    made.setForeground(theme.link if style.href else theme.voice(voice))
    return format_range(start, length, made)


def marked_range(start: int, length: int, theme: Theme) -> QTextLayout.FormatRange:
    """The ground of selected text."""
    made = QTextCharFormat()
    made.setBackground(marked_ground(theme))
    return format_range(start, length, made)


def marked_ground(theme: Theme) -> QColor:
    return mix(theme.window, theme.accent, MARKED)


def format_range(start: int, length: int, made: QTextCharFormat) -> QTextLayout.FormatRange:
    """`start` and `length` in UTF-16 units. (The stubs of PySide6 6.5 know none of the three.)"""
    found = QTextLayout.FormatRange()
    found.start, found.length, found.format = start, length, made  # pyright: ignore[reportAttributeAccessIssue]
    return found


def cursor_at(
    line: QTextLine, x: float, edge: QTextLine.CursorPosition = QTextLine.CursorPosition.CursorBetweenCharacters
) -> int:
    """The position in the text that is nearest to `x`."""
    # Some versions of PySide give (position, x) here; the stubs say int.
    found = cast("int | tuple[int, float]", line.xToCursor(x, edge))
    return found if isinstance(found, int) else found[0]


def units(text: str) -> int:
    """The length of `text` as Qt counts it: in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def characters(text: str, count: int) -> int:
    """How many characters of `text` the first `count` of Qt's units are."""
    if text.isascii():
        return min(count, len(text))
    return len(text.encode("utf-16-le", "surrogatepass")[: 2 * count].decode("utf-16-le", "ignore"))


def _in_word(character: str) -> bool:
    return character.isalnum() or character in "_.-"
