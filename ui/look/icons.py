"""Icons as paths on a 16 px grid, drawn with a 1.4 px line at the device's own resolution.

Paths: M move, L line, C cubic, Z close, O x y r circle, R x y w h r rounded rectangle; a leading F fills
instead of stroking.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QHideEvent, QIcon, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap, QShowEvent
from PySide6.QtWidgets import QWidget

from .theme import Look

GRID = 16
LINE = 1.4
BUSY = "half"
"""The open arc: turns while something is under way."""

ICONS = {
    "send": "M8 13 L8 3.2 M3.8 7.4 L8 3.2 L12.2 7.4",
    "stop": "F R4.5 4.5 7 7 1",
    "plus": "M8 3 L8 13 M3 8 L13 8",
    "right": "M6.2 4 L10.2 8 L6.2 12",
    "down": "M4 6.2 L8 10.2 L12 6.2",
    "copy": "R6 6 7.5 7.5 1.5 M3 10 L3 4.2 C3 3.5 3.5 3 4.2 3 L10 3",
    "insert": "M8 2.5 L8 9.5 M5 6.7 L8 9.7 L11 6.7 M3 10.5 L3 13 L13 13 L13 10.5",
    "play": "M5 3.5 L12 8 L5 12.5 Z",
    "more": "F O3.5 8 1.1 O8 8 1.1 O12.5 8 1.1",
    "search": "O7 7 4 M10 10 L13.4 13.4",
    "list": "M6.5 4 L13 4 M6.5 8 L13 8 M6.5 12 L13 12 M3 4 L3.2 4 M3 8 L3.2 8 M3 12 L3.2 12",
    "check": "M3.5 8.6 L6.6 11.6 L12.5 4.6",
    "cross": "M4.2 4.2 L11.8 11.8 M11.8 4.2 L4.2 11.8",
    "warn": "M8 2.6 L14 13 L2 13 Z M8 6.6 L8 9.4 M8 11.1 L8 11.2",
    "key": "O5.2 10.8 2.6 M7.1 8.9 L13 3 M10.6 5.4 L12.6 7.4",
    "eye": "M1.8 8 C3.4 5.2 5.6 3.9 8 3.9 C10.4 3.9 12.6 5.2 14.2 8 C12.6 10.8 10.4 12.1 8 12.1 "
    "C5.6 12.1 3.4 10.8 1.8 8 Z O8 8 1.9",
    "server": "R2.5 3 11 4 1 R2.5 9 11 4 1 M5 5 L5.1 5 M5 11 L5.1 11",
    "terminal": "R2 3 12 10 1.5 M4.8 6.2 L6.8 8 L4.8 9.8 M8.4 10 L11 10",
    "pulse": "M1.6 8 L4.6 8 L6.4 3.4 L9.4 12.6 L11.2 8 L14.4 8",
    "clock": "O8 8 5.6 M8 5 L8 8.2 L10.2 9.6",
    "edit": "M3 13 L3.6 10.2 L10.8 3 L13 5.2 L5.8 12.4 Z",
    "node": "R2.5 5.8 11 4.4 1 M8 2.2 L8 5.8 M8 10.2 L8 13.8",
    "image": "R2.5 3 11 10 1.2 M2.8 11 L6.2 7.8 L8.8 10.2 L10.8 8.6 L13.2 10.8 M10.4 5.9 L10.5 5.9",
    "file": "M4 2.4 L9.3 2.4 L12.3 5.4 L12.3 13.6 L4 13.6 Z M9.2 2.6 L9.2 5.5 L12.2 5.5",
    "folder": "M2.4 12.6 L2.4 4 C2.4 3.6 2.7 3.3 3.1 3.3 L6.2 3.3 L7.8 5.1 L12.9 5.1 C13.3 5.1 13.6 5.4 13.6 5.8 "
    "L13.6 12 C13.6 12.4 13.3 12.7 12.9 12.7 L2.4 12.7 Z",
    "refresh": "M12.6 6.2 C11.7 4.2 10 3 8 3 C5.2 3 3 5.2 3 8 C3 10.8 5.2 13 8 13 C10 13 11.7 11.9 12.5 10.2 "
    "M12.9 2.9 L12.9 6.3 L9.5 6.3",
    "branch": "O4.8 4 1.6 O4.8 12 1.6 O11.4 5.6 1.6 M4.8 5.6 L4.8 10.4 M11.4 7.2 C11.4 9.4 4.8 8.4 4.8 10.4",
    "pin": "M6 2.6 L10 2.6 L9.5 6.8 L11.8 9.4 L4.2 9.4 L6.5 6.8 Z M8 9.4 L8 13.6",
    "fit": "M3 6 L3 3 L6 3 M10 3 L13 3 L13 6 M13 10 L13 13 L10 13 M6 13 L3 13 L3 10",
    "sliders": "M2.5 5 L13.5 5 M2.5 11 L13.5 11 M10 3.2 L10 6.8 M6 9.2 L6 12.8",
    "dash": "M4.5 8 L11.5 8",
    "ring": "O8 8 4.2",
    "dot": "F O8 8 4.6",
    "record": "F O8 8 6.4 O8 8 5 O8 8 3",
    "box": "R3 3 10 10 2",
    BUSY: "M8 3.4 C10.5 3.4 12.6 5.5 12.6 8 C12.6 10.5 10.5 12.6 8 12.6 C5.5 12.6 3.4 10.5 3.4 8",
}


@cache
def _path(name: str) -> tuple[QPainterPath, bool]:
    """The path of an icon, and whether it is filled."""
    path, filled = QPainterPath(), False

    def circle(x: float, y: float, radius: float) -> None:
        path.addEllipse(QPointF(x, y), radius, radius)

    def box(x: float, y: float, width: float, height: float, radius: float) -> None:
        path.addRoundedRect(QRectF(x, y, width, height), radius, radius)

    numbers: dict[str, tuple[int, Callable[..., None]]] = {
        "M": (2, path.moveTo),
        "L": (2, path.lineTo),
        "C": (6, path.cubicTo),
        "O": (3, circle),
        "R": (5, box),
    }
    words: Iterator[str] = iter(re.findall(r"[A-Z]|-?[\d.]+", ICONS[name]))
    for word in words:
        if word == "F":
            filled = True
        elif word == "Z":
            path.closeSubpath()
        else:
            count, draw = numbers[word]
            draw(*(float(next(words)) for _ in range(count)))
    return path, filled


def draw_icon(painter: QPainter, name: str, colour: QColor, rect: QRectF) -> None:
    """Draw `name` into `rect`, which need not be 16 px."""
    path, filled = _path(name)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.topLeft())
    painter.scale(rect.width() / GRID, rect.height() / GRID)
    if filled:
        painter.fillPath(path, colour)
    else:
        pen = QPen(colour, LINE, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(path, pen)
    painter.restore()


def icon(name: str, colour: QColor, size: int = GRID, ratio: float = 1.0) -> QIcon:
    """For the widgets of Qt that take a `QIcon`; `ratio` is the device pixel ratio of the place where it is shown."""
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_icon(painter, name, colour, QRectF(0, 0, size, size))
    painter.end()
    return QIcon(pixmap)


class Glyph(QWidget):
    """An icon that is not a button. The busy arc turns once a second while it is on screen."""

    STEP_MS = 40

    def __init__(
        self, look: Look, name: str, voice: str = "muted", size: int = GRID, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._name, self._voice, self._angle = look, name, voice, 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(self.STEP_MS)
        self._timer.timeout.connect(self._turn)
        self.setFixedSize(size, size)
        look.changed.connect(self._restyle)

    @property
    def name(self) -> str:
        return self._name

    @property
    def voice(self) -> str:
        return self._voice

    def show_icon(self, name: str, voice: str = "muted") -> None:
        if (name, voice) != (self._name, self._voice):
            self._name, self._voice = name, voice
            self._restyle()

    @property
    def turning(self) -> bool:
        return self._timer.isActive()

    def _restyle(self) -> None:
        moving = self._name == BUSY and self.isVisible() and not self._look.still
        if moving and not self._timer.isActive():
            self._timer.start()
        elif not moving:
            self._timer.stop()
            self._angle = 0.0
        self.update()

    def _turn(self) -> None:
        self._angle = (self._angle + 360 * self.STEP_MS / 1000) % 360
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._restyle()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._restyle()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        half = self.width() / 2
        painter.translate(half, half)
        painter.rotate(self._angle)
        painter.translate(-half, -half)
        draw_icon(painter, self._name, self._look.theme.voice(self._voice), QRectF(self.rect()))
        painter.end()
