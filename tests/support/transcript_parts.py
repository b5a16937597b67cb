"""What the tests of the transcript share: a look, a place on the screen, and the events of a screen."""

from __future__ import annotations

from collections.abc import Callable

from looks import HOST, palette
from nuke_ai_panel.ui.look.surface import LookRoot
from nuke_ai_panel.ui.look.theme import Look
from own_time import own_time
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget


def on_screen(own: Callable, make: Callable[[Look], QWidget], width: int = 400, height: int = 600):
    """A widget made with the look of a pane, shown in it at this size; the pane is its `window()`."""
    root = own(LookRoot())
    root.setPalette(palette(*HOST))
    widget = make(root.look)
    root.set_content(widget)
    root.resize(width, height)
    root.show()
    return widget


def until(condition: Callable[[], bool]) -> None:
    """Let the screen go on until something is so."""
    deadline = own_time() + 5
    while not condition():
        assert own_time() < deadline, "it never came to that"
        QTest.qWait(1)


def mouse(widget: QWidget, kind: QEvent.Type, x: float, y: float, held: bool = False) -> None:
    """A mouse event as Qt sends it; QTest has no drag."""
    point = QPointF(x, y)
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    buttons = Qt.MouseButton.LeftButton if held else Qt.MouseButton.NoButton
    at = QPointF(widget.mapToGlobal(point.toPoint()))
    QApplication.sendEvent(widget, QMouseEvent(kind, point, at, button, buttons, Qt.KeyboardModifier.NoModifier))


def drag(widget: QWidget, start: tuple[float, float], end: tuple[float, float]) -> None:
    mouse(widget, QEvent.Type.MouseButtonPress, *start, held=True)
    mouse(widget, QEvent.Type.MouseMove, *end, held=True)
    mouse(widget, QEvent.Type.MouseButtonRelease, *end)


def colours_of(widget: QWidget) -> set[str]:
    image: QImage = widget.grab().toImage()
    return {image.pixelColor(QPoint(x, y)).name() for x in range(image.width()) for y in range(image.height())}
