"""Draws the loop and the scopes for ARCHITECTURE.md; the bounds and the order in it are read from the code.

QT_QPA_PLATFORM=offscreen uv run python docs/draw_loop.py [OUT.png]
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from nuke_ai_panel.panel.closing import CLOSING
from nuke_ai_panel.panel.loop.batches import BUDGET
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter, QPen, QPolygonF

WIDTH, HEIGHT, SCALE = 860, 560, 2
INK, MUTED, PAPER = "#202020", "#686868", "#ffffff"
QT, OURS, THREADS = "#e8e8e8", "#dbe7f5", "#f3ead8"


@dataclass(frozen=True)
class Box:
    """A named rectangle with lines below its name."""

    x: float
    y: float
    width: float
    height: float
    name: str
    lines: tuple[str, ...] = ()
    ground: str = PAPER

    @property
    def area(self) -> QRectF:
        return QRectF(self.x, self.y, self.width, self.height)


LOOP = (
    Box(20, 46, 820, 206, "one thread", (), QT),
    Box(
        36,
        80,
        170,
        156,
        "Qt's loop",
        ("the window's own, or", "the host's exec()", "", "paints, clicks, timers,", "other plug-ins"),
    ),
    Box(
        316,
        80,
        300,
        156,
        "PanelLoop: one batch",
        (
            "1  become asyncio's running loop",
            "2  move due timers to the ready queue",
            f"3  run callbacks, at most {BUDGET * 1000:g} ms",
            "4  stop being the running loop",
            "5  backlog? again after Qt's turn",
        ),
        OURS,
    ),
    Box(
        656,
        80,
        168,
        156,
        "what wakes it",
        ("tasks of a TaskScope", "sockets (one notifier each)", "one precise timer,", "the earliest deadline"),
        OURS,
    ),
    Box(
        316,
        274,
        508,
        54,
        "daemon threads",
        ("keyring, DNS, files: run_blocking, with a deadline, never joined",),
        THREADS,
    ),
)
SCOPES = (
    Box(
        20,
        384,
        820,
        156,
        "Application.close(): tasks, then sessions, then the sinks of reports, then the journal",
        (),
        OURS,
    ),
    Box(36, 418, 300, 106, "pane", ("view tasks end with the pane",), PAPER),
    Box(352, 418, 220, 106, "conversations", (), PAPER),
    Box(368, 450, 188, 58, "turn", ("owns its stream and tools",), OURS),
    Box(
        588,
        418,
        236,
        106,
        "reports",
        ("one task for each sink;", "closed last: it tells", "what the others left"),
        PAPER,
    ),
)


class Drawing:
    """The picture, and the few things that it is made of."""

    def __init__(self, painter: QPainter) -> None:
        self._painter = painter
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def heading(self, y: float, text: str) -> None:
        self._text(20, y, text, 14, INK, bold=True)

    def box(self, box: Box) -> None:
        self._painter.setPen(QPen(QColor("#bcbcbc"), 1))
        self._painter.setBrush(QColor(box.ground))
        self._painter.drawRoundedRect(box.area, 4, 4)
        self._text(box.x + 12, box.y + 22, box.name, 12, INK, bold=True)
        for number, line in enumerate(box.lines):
            self._text(box.x + 12, box.y + 44 + 20 * number, line, 11, MUTED)

    def arrow(self, start: tuple[float, float], end: tuple[float, float], words: str = "") -> None:
        a, b = QPointF(*start), QPointF(*end)
        self._painter.setPen(QPen(QColor(INK), 1.2))
        self._painter.drawLine(a, b)
        across = abs(b.x() - a.x()) > abs(b.y() - a.y())
        way = (1 if b.x() > a.x() else -1) if across else (1 if b.y() > a.y() else -1)
        wings = [QPointF(-7 * way, s * 3.5) if across else QPointF(s * 3.5, -7 * way) for s in (-1, 1)]
        self._painter.setBrush(QColor(INK))
        self._painter.drawPolygon(QPolygonF([b, b + wings[0], b + wings[1]]))
        left, right = min(a.x(), b.x()), max(a.x(), b.x())
        if words:
            self._painter.setPen(QColor(MUTED))
            self._painter.setFont(_font(10))
            area = QRectF(left - 40, a.y() - 22, right - left + 80, 16)
            self._painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words)

    def _text(self, x: float, y: float, text: str, size: int, colour: str, *, bold: bool = False) -> None:
        self._painter.setFont(_font(size, bold=bold))
        self._painter.setPen(QColor(colour))
        self._painter.drawText(QPointF(x, y), text)


def draw(drawing: Drawing) -> None:
    drawing.heading(30, "asyncio and Qt take turns")
    for box in LOOP:
        drawing.box(box)
    drawing.arrow((206, 120), (316, 120), "one wake-up a batch")
    drawing.arrow((316, 206), (206, 206), "Qt's turn")
    drawing.arrow((656, 158), (616, 158))
    drawing.arrow((466, 274), (466, 236))
    drawing.heading(368, f"scopes end from the inside out, all within {CLOSING:g} s; what did not is named")
    for box in SCOPES:
        drawing.box(box)


def _font(size: int, *, bold: bool = False) -> QFont:
    font = QFont("DejaVu Sans")
    font.setPixelSize(size)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return font


def draw_loop(path: Path) -> None:
    """Writes a PNG. Needs a QGuiApplication."""
    image = QImage(WIDTH * SCALE, HEIGHT * SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SCALE)
    image.fill(QColor(PAPER))
    painter = QPainter(image)
    draw(Drawing(painter))
    painter.end()
    image.save(str(path))


if __name__ == "__main__":
    application = QGuiApplication(sys.argv[:1])
    draw_loop(Path(sys.argv[1] if len(sys.argv) > 1 else "loop.png"))
