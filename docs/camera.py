"""Takes pictures of widgets of the running program, once they have settled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

NARROW = (320, 900)


class Camera:
    """Saves into the folder `out`. `everything`: also what only whoever changes the look wants to see."""

    def __init__(self, out: Path, *, everything: bool = False) -> None:
        self._out = out
        self.everything = everything

    async def take(self, widget: QWidget, name: str, width: int, height: int) -> None:
        widget.resize(width, height)
        await settled()
        self.save(widget, name)

    async def take_both(self, widget: QWidget, name: str, width: int, height: int) -> None:
        """At this size, and if everything is wanted, as narrow as a pane gets."""
        await self.take(widget, name, width, height)
        if self.everything:
            await self.take(widget, f"{name}-320", *NARROW)
            widget.resize(width, height)

    def save(self, widget: QWidget, name: str, *, over: QWidget | None = None) -> None:
        """`over`: a popup of the widget, which is a window of its own."""
        picture = widget.grab()
        if over:
            painter = QPainter(picture)
            painter.drawPixmap(over.mapToGlobal(QPoint()) - widget.mapToGlobal(QPoint()), over.grab())
            painter.end()
        path = self._out / f"{name}.png"
        picture.save(str(path))
        print(path)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


async def settled() -> None:
    """Layouts and the collecting of text take some turns of Qt."""
    await asyncio.sleep(0.25)
