"""How late the loop was at each of its last wake-ups: one bar each, with lines across and their words below."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..look.theme import Look
from .values import LoopFigures
from .words import brief, counted

FRAME = 1 / 60
"""Seconds: what is later than that, the eye sees."""
BAR, GAP = 2, 1
SAMPLE = 20
"""Pixels of a line beside its words."""
LEAST_TOP = 0.001
"""Seconds at the top of the graph: a quiet loop is not blown up to look busy."""
_STEPS = (1.0, 2.0, 5.0, 10.0)


class LagGraph(QWidget):
    """Bars from left (oldest) to right. Where there are more than fit, each bar is the worst of its share."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._figures: LoopFigures | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self._restyle)
        self._restyle()

    def show_figures(self, figures: LoopFigures) -> None:
        self._figures = figures
        self.setAccessibleName(
            f"Lag of the loop, last {counted(len(figures.lags), 'wake-up')}: median {brief(figures.median)}, "
            f"99 of 100 below {brief(figures.p99)}, worst {brief(figures.worst)}"
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def _restyle(self) -> None:
        self.setFixedHeight(self._look.theme.control * 6)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._look.theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.line, 1))
        painter.setBrush(theme.sunken)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(theme.face(-1))
        if self._figures and self._figures.lags:
            self._paint(painter, self._figures, QRectF(self.rect()).adjusted(12, 8, -12, -8))
        painter.end()

    def _paint(self, painter: QPainter, figures: LoopFigures, room: QRectF) -> None:
        """The scale in words, the bars, and below them what the lines mean: no word lies in the way of a bar."""
        theme, top, metrics = self._look.theme, top_of(figures.worst), QFontMetrics(painter.font())
        levels = levels_of(figures)
        below = _in_rows(levels, metrics, room.width())
        line = metrics.height() + 4
        plot = room.adjusted(0, line, 0, -line * (1 + max((row for row, _, _ in below), default=-1)) - 4)
        painter.setPen(theme.muted)
        painter.drawText(QPointF(plot.left(), plot.top() - 6), brief(top))
        worst = f"worst {brief(figures.worst)}"
        painter.drawText(QPointF(plot.right() - metrics.horizontalAdvance(worst), plot.top() - 6), worst)
        painter.setPen(QPen(theme.line, 1))
        painter.drawLine(_across(plot, plot.top()))
        painter.drawLine(_across(plot, plot.bottom()))
        self._paint_bars(painter, figures.lags, top, plot)
        for level, (row, x, _) in zip(levels, below, strict=True):
            painter.setPen(QPen(theme.text, 1, level.style))
            painter.drawLine(_across(plot, plot.bottom() - plot.height() * min(1.0, level.seconds / top)))
            words = QRectF(room.left() + x, plot.bottom() + 4 + row * line, room.width() - x, line)
            painter.drawLine(_across(words.adjusted(0, 0, SAMPLE - words.width(), 0), words.center().y()))
            painter.drawText(words.adjusted(SAMPLE + 6, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, level.words)

    def _paint_bars(self, painter: QPainter, lags: Sequence[float], top: float, plot: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.theme.muted)
        bars = shares(lags, max(1, int(plot.width()) // (BAR + GAP)))
        left = plot.right() - len(bars) * (BAR + GAP) + GAP
        for place, lag in enumerate(bars):
            height = max(1.0, plot.height() * min(1.0, lag / top))
            painter.drawRect(QRectF(left + place * (BAR + GAP), plot.bottom() - height, BAR, height))


class Level(NamedTuple):
    """A line across the bars, and what it means."""

    seconds: float
    words: str
    style: Qt.PenStyle


def levels_of(figures: LoopFigures) -> list[Level]:
    """A frame only where some lag comes near it."""
    levels = [Level(figures.p99, f"99 of 100 below {brief(figures.p99)}", Qt.PenStyle.DashLine)]
    if top_of(figures.worst) > FRAME * 1.2:
        levels.append(Level(FRAME, "a frame, 17 ms", Qt.PenStyle.DotLine))
    return levels


def _in_rows(levels: Sequence[Level], metrics: QFontMetrics, width: float) -> list[tuple[int, float, float]]:
    """Where the words of each stand: row, left and right edge."""
    places: list[tuple[int, float, float]] = []
    row, left = 0, 0.0
    for level in levels:
        right = left + SAMPLE + 6 + metrics.horizontalAdvance(level.words)
        if left and right > width:
            row, left, right = row + 1, 0.0, right - left
        places.append((row, left, right))
        left = right + 16
    return places


def top_of(worst: float) -> float:
    """The end of the scale: 1, 2 or 5 of a power of ten, not below the worst."""
    size, top = LEAST_TOP, LEAST_TOP
    while top < worst:
        top = next((size * step for step in _STEPS if size * step >= worst), size * 10)
        size *= 10
    return top


def shares(lags: Sequence[float], count: int) -> list[float]:
    """At most `count` values: the worst of each share of the lags, in their order."""
    edges = [len(lags) * place // count for place in range(count + 1)]
    return [max(lags[start:end]) for start, end in pairwise(edges) if start < end]


def _across(plot: QRectF, y: float) -> QLineF:
    y = round(y) + 0.5
    return QLineF(plot.left(), y, plot.right(), y)
