"""The desktop window: the pane in a window of its own, on a loop of its own.

Owns the QApplication, the loop and the order of starting (paint first, then load the services on a thread) and
quitting. The pane in a host is not here: there everything but the pane belongs to the host.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication

from ..ui.chat_pane import STILL_STARTING, ChatPane
from .interrupts import Interrupts
from .loop import PanelLoop
from .presenters.starting import start_panel
from .tasks import TaskScope

if TYPE_CHECKING:
    from .app import Application
    from .closing import Leftover
    from .presenters.pane import PanePresenter
    from .presenters.panel import Panel

STARTING = 0.1
"""Seconds that a start which is still under way gets when the window is closed."""


class Window(ChatPane):
    """The pane as a top-level window. Closing it only asks: the program ends when everything has ended."""

    close_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Nuke AI Panel")
        self.resize(_first_size())
        keys = QKeySequence.StandardKey
        for sequence, wanted in (
            (QKeySequence(keys.Open), self.header.open_requested),
            (QKeySequence(keys.New), self.header.new_chat_requested),
            (QKeySequence("Ctrl+,"), self.header.settings_requested),
            (QKeySequence("Ctrl+Q"), self.close_requested),
        ):
            QShortcut(sequence, self).activated.connect(wanted)
        self.header.set_shortcuts("Ctrl+O", "Ctrl+N", "Ctrl+,")
        self.composer.set_blocked(STILL_STARTING)
        self.setFocus()  # what is typed first is a question

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        self.close_requested.emit()


def run(file: str | None) -> int:
    """Opens the window and gives the exit code when it has been closed: 0, or 130 and 143 after a signal."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("nuke-ai-panel")
    application.setApplicationDisplayName("Nuke AI Panel")
    application.setQuitOnLastWindowClosed(False)
    loop = PanelLoop(application)
    try:
        return loop.run_until_complete(_session(file))
    finally:
        loop.close()


async def _session(file: str | None) -> int:
    interrupts, session = Interrupts(), Session(file)
    with interrupts.watched(session.quit):
        code = await session.run()
    return interrupts.exit_code or code


class Session:
    """One run of the window, from the first paint to the last task."""

    def __init__(self, file: str | None) -> None:
        self._file = file
        self._quit = asyncio.Event()
        self.started = asyncio.Event()
        self._exit_code = 0
        self._scope = TaskScope("window", on_failure=self._broken)
        self.window = Window()
        self.panel: Panel | None = None
        self.app: Application | None = None
        self.presenter: PanePresenter | None = None
        self.left: Leftover | None = None

    async def run(self) -> int:
        """Until somebody asks to quit; gives the exit code."""
        self.window.close_requested.connect(self._quit.set)
        self.window.show()
        self._scope.start(self._start(), name="start")
        try:
            await self._quit.wait()
        finally:
            self.window.hide()
            await self._scope.close(STARTING)
            if self.panel:
                self.left = await self.panel.close()
            self.window.deleteLater()
        return self._exit_code

    def quit(self) -> None:
        self._quit.set()

    async def _start(self) -> None:
        self.panel = await start_panel("window")
        self.app = self.panel.app
        self.presenter = self.panel.present(self.window, file=self._file)
        self.started.set()
        self.panel.warm_up()

    def _broken(self, name: str, error: BaseException) -> None:
        print(f"The panel could not start ({name}): {error!r}", file=sys.stderr)
        self._exit_code = 1
        self._quit.set()


def _first_size() -> QSize:
    screen = QGuiApplication.primaryScreen().availableGeometry().size()
    return QSize(560, 860).boundedTo(screen * 0.9)
