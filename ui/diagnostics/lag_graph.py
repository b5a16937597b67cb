"""How late the loop was at each of its last wake-ups: one bar each, with the figures written beside the lines."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..look.theme import Look
from .values import LoopFigures
from .words import brief, counted

FRAME = 1 / 60
"""Seconds: what is later than that, the eye sees."""
BAR, GAP = 2, 1
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
            label = QFontMetrics(painter.font()).height() + 4
            self._paint(painter, self._figures, QRectF(self.rect()).adjusted(12, 8 + label, -12, -12))
        painter.end()

    def _paint(self, painter: QPainter, figures: LoopFigures, plot: QRectF) -> None:
        theme, top = self._look.theme, top_of(figures.worst)
        painter.setPen(theme.muted)
        painter.drawText(QPointF(plot.left(), plot.top() - 6), brief(top))
        self._words(painter, f"worst {brief(figures.worst)}", plot.top() - 6, plot)
        painter.setPen(QPen(theme.line, 1))
        painter.drawLine(_across(plot, plot.top()))
        painter.drawLine(_across(plot, plot.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.muted)
        bars = shares(figures.lags, max(1, int(plot.width()) // (BAR + GAP)))
        left = plot.right() - len(bars) * (BAR + GAP) + GAP
        for place, lag in enumerate(bars):
            height = max(1.0, plot.height() * min(1.0, lag / top))
            painter.drawRect(QRectF(left + place * (BAR + GAP), plot.bottom() - height, BAR, height))
        if top > FRAME * 1.2:
            self._line(painter, plot, FRAME / top, "a frame, 17 ms", Qt.PenStyle.DotLine, right=True)
        self._line(painter, plot, figures.p99 / top, f"99 of 100 below {brief(figures.p99)}", Qt.PenStyle.DashLine)

    def _line(
        self, painter: QPainter, plot: QRectF, part: float, words: str, style: Qt.PenStyle, *, right: bool = False
    ) -> None:
        """A level with its words on it, or below it where there is no room above."""
        y = plot.bottom() - plot.height() * min(1.0, part)
        metrics = QFontMetrics(painter.font())
        width, height = metrics.horizontalAdvance(words) + 8, metrics.height()
        above = y - height - 2 >= plot.top()
        x = plot.right() - width if right else plot.left()
        room = QRectF(x, y - height - 2 if above else y + 2, width, height)
        painter.setPen(QPen(self._look.theme.text, 1, style))
        painter.drawLine(_across(plot, y))
        painter.drawText(room.adjusted(4 if right else 0, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, words)

    def _words(self, painter: QPainter, words: str, baseline: float, plot: QRectF) -> None:
        width = QFontMetrics(painter.font()).horizontalAdvance(words)
        painter.drawText(QPointF(plot.right() - width, baseline), words)


def top_of(worst: float) -> float:
    """The end of the scale: 1, 2 or 5 of a power of ten, not below the worst."""
    size, top = LEAST_TOP, LEAST_TOP
    while top < worst:
        top = next((size * step for step in _STEPS if size * step >= worst), size * 10)
        size *= 10
    return top


def shares(lags: Sequence[float], count: int) -> list[float]:
    """At most `count` values: the worst of each share of the lags, in their order."""
    each = ceil(len(lags) / count) or 1
    return [max(lags[start : start + each]) for start in range(0, len(lags), each)]


def _across(plot: QRectF, y: float) -> QLineF:
    y = round(y) + 0.5
    return QLineF(plot.left(), y, plot.right(), y)
