"""The second plug-in in the host harness: what others do on the thread that we share with them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QDialog

Script = Generator[Callable[[], object], None, None]


class Neighbour:
    """Another plug-in on the same thread, which knows nothing of us."""

    def __init__(self, app: QApplication) -> None:
        self._app = app
        self.ticks = 0
        self.longest_gap = 0.0
        """Seconds between two ticks, at worst; whoever measures sets it back."""
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(1)

    def asyncio_run(self) -> str:
        async def work() -> str:
            await asyncio.sleep(0.001)
            return "fine"

        return asyncio.run(work())  # noqa: TID251 - other people do

    def qasync_loop(self) -> Script:
        """A loop of stock qasync, which claims the thread while it is there."""
        import qasync

        loop, done = qasync.QEventLoop(self._app, already_running=True), list[str]()

        async def work() -> None:
            await asyncio.sleep(0.001)
            done.append("fine")

        task = loop.create_task(work())
        yield task.done
        assert done
        self._app.aboutToQuit.disconnect(loop._after_run_forever)
        loop._QEventLoop__is_running = False
        asyncio._set_running_loop(None)
        loop.close()

    def modal_dialog(self, *, until_accepted: bool = False) -> int:
        """How often its own timer fired while the dialog was open: for a moment, or until somebody accepts it."""
        dialog, before = QDialog(), self.ticks
        enough = QTimer(dialog)
        enough.timeout.connect(dialog.accept)
        enough.start(10_000 if until_accepted else 5)
        dialog.exec()
        dialog.deleteLater()
        return self.ticks - before

    def has_no_running_loop(self) -> bool:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return True
        return False

    def stop(self) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        self.ticks += 1
        now = time.perf_counter()
        self.longest_gap = max(self.longest_gap, now - self._last)
        self._last = now
