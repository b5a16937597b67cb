"""A program that is not ours and owns Qt's loop, as Nuke does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from nuke_ai_panel.panel.loop import PanelLoop
from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QDialog

PATIENCE = 10_000
"""Milliseconds until a host that nobody quits, or a dialog that nobody closes, fails its test."""


def running() -> PanelLoop:
    """The loop that runs the test."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, PanelLoop)
    return loop


class Host:
    """`exec(begin)` runs Qt's loop and calls `begin` in it; `quit` ends it."""

    def __init__(self, app: QCoreApplication) -> None:
        self._app = app
        self.timed_out = False

    def exec(self, begin: Callable[[], object]) -> int:
        self._start, patience = QTimer(), _patience(self._give_up)
        self._start.setSingleShot(True)
        self._start.timeout.connect(begin)
        self._start.start(0)
        code = self._app.exec()
        patience.stop()
        assert not self.timed_out, "the host waited in vain"
        return code

    def quit(self, code: int = 0) -> None:
        self._app.exit(code)

    def _give_up(self) -> None:
        self.timed_out = True
        self.quit()


def run(host: Host, loop: PanelLoop, main: Coroutine[None, None, object]) -> None:
    """The host runs until `main` has ended on the attached loop; what it raises is raised here."""
    tasks: list[asyncio.Task[object]] = []

    def begin() -> None:
        tasks.append(loop.create_task(main))
        tasks[0].add_done_callback(lambda _: host.quit())

    host.exec(begin)
    tasks[0].result()


def call_from_the_host(host: Host, call: Callable[[], object]) -> object:
    """What `call` returns in a slot of the host, with the loop attached."""
    answers: list[object] = []

    def slot() -> None:
        try:
            answers.append(call())
        finally:
            host.quit()

    host.exec(slot)
    return answers[0]


class Ticks:
    """A timer of the host's, every millisecond. `each` is called after each tick."""

    def __init__(self) -> None:
        self.count = 0
        self.each: Callable[[], object] = int
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(1)

    def _tick(self) -> None:
        self.count += 1
        self.each()

    def stop(self) -> None:
        self._timer.stop()


def modal(dialog: QDialog) -> bool:
    """Opens a modal dialog as hosts do: Qt's loop runs nested until it is closed. Whether somebody closed it."""
    patience = _patience(dialog.reject)
    dialog.exec()
    in_time = patience.isActive()
    patience.stop()
    return in_time


def _patience(give_up: Callable[[], object]) -> QTimer:
    timer = QTimer()
    timer.setSingleShot(True)
    timer.timeout.connect(give_up)
    timer.start(PATIENCE)
    return timer
