"""What stands around the pane in the host harness: tabs, a viewer and a node graph, a pane of somebody else's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from looks import HOST, host_font, palette
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QStackedWidget, QTabBar, QVBoxLayout, QWidget


class Tabs(QWidget):
    """One pane of the window: tabs above a stack. A closed tab's page is hidden and stays a child of the stack."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = QTabBar()
        self.bar.setExpanding(False)
        self.bar.setDrawBase(False)
        self.stack = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addWidget(self.stack, 1)
        self.bar.currentChanged.connect(self.stack.setCurrentIndex)

    def add(self, page: QWidget, title: str) -> None:
        self.stack.addWidget(page)
        self.bar.addTab(title)
        self.show_page(page)

    def show_page(self, page: QWidget) -> None:
        self.bar.setCurrentIndex(self.stack.indexOf(page))

    def take(self, page: QWidget) -> None:
        index = self.stack.indexOf(page)
        self.stack.removeWidget(page)
        self.bar.removeTab(index)


class TextBox(QPlainTextEdit):
    """An empty pane of somebody else's. `painted`: it has been on the screen."""

    painted = False

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.painted = True


class Viewer(QWidget):
    """A picture, such as a compositor has beside the pane."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#1b1b1b"))
        room = self.rect().adjusted(30, 16, -30, -32)
        width = min(room.width(), room.height() * 16 // 9)
        frame = QRect(0, 0, width, width * 9 // 16)
        frame.moveCenter(room.center())
        sky = QLinearGradient(frame.topLeft(), frame.bottomLeft())
        for at, colour in ((0.0, "#26364d"), (0.55, "#b98a5e"), (0.6, "#3a332e"), (1.0, "#141210")):
            sky.setColorAt(at, QColor(colour))
        painter.fillRect(frame, sky)
        painter.setPen(QColor("#8a8a8a"))
        painter.drawRect(frame)
        below = frame.translated(0, frame.height() + 4)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, "2048x1152")
        painter.end()


class NodeGraph(QWidget):
    """The nodes of a script where they lie, as boxes: for pictures."""

    BOX = QSize(64, 18)
    DOT = QSize(10, 10)
    COLOURS = {"Read": "#a8a8a8", "Write": "#c9a227", "Viewer": "#8c8c8c", "Grade": "#7aa9d6", "Keylight": "#6fb26f"}

    def __init__(self, rows: Sequence[Any]) -> None:
        super().__init__()
        self._rows = {row.name: row for row in rows if row.position and row.class_name not in ("Root", "BackdropNode")}

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor("#282828"))
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        places = self._places()
        painter.setPen(QPen(QColor("#9a9a9a"), 1))
        for name, row in self._rows.items():
            for source in row.inputs:
                if source in places:
                    painter.drawLine(places[source], places[name])
        for name, place in places.items():
            kind = self._rows[name].class_name
            box = QRect(QPoint(), self.DOT if kind == "Dot" else self.BOX)
            box.moveCenter(place)
            painter.setPen(QPen(QColor("#1a1a1a"), 1))
            painter.setBrush(QColor(self.COLOURS.get(kind, "#8f8fa8")))
            painter.drawRoundedRect(box, 5 if kind == "Dot" else 2, 5 if kind == "Dot" else 2)
            painter.setPen(QColor("#151515"))
            if kind != "Dot":
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
        painter.end()

    def _places(self) -> dict[str, QPoint]:
        """Scripts flow from top to bottom; in a low pane there is more room from left to right."""
        across, down = self._steps(1), self._steps(0)
        width, height = self.width() / len(set(across.values())), self.height() / (len(set(down.values())) + 0.5)
        return {
            name: QPoint(round((across[name] + 0.5) * width), round((down[name] + 0.75) * height))
            for name in self._rows
        }

    def _steps(self, axis: int) -> dict[str, int]:
        """Positions along an axis, counted: what is nearly level is level."""
        steps, step, last = dict[str, int](), -1, -(10**6)
        for name, row in sorted(self._rows.items(), key=lambda item: item[1].position[axis]):
            if row.position[axis] - last > 30:
                step += 1
            last = row.position[axis]
            steps[name] = step
        return steps


def host_palette(app: QApplication) -> None:
    """Nuke's dark grey and orange."""
    app.setStyle("Fusion")
    colours = palette(*HOST)
    roles = colours.ColorRole
    for role, name in ((roles.Button, "#3c3c3c"), (roles.ButtonText, "#d6d6d6"), (roles.Mid, "#282828")):
        colours.setColor(role, QColor(name))
    app.setPalette(colours)
    app.setFont(host_font())
