"""What can go wrong around a docked pane, as commands of `host_process`: everything hangs, the thread stands, idle."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any


class Troubles:
    """Commands for a program with one pane that can be asked."""

    _program: Any

    @property
    def _app(self) -> Any:
        return self._program.docking.panel.app

    def hang_everything(self) -> Any:
        """A thread of each kind, the keyring, a child process and a sink, none of which will ever answer."""
        app, loop, hung, child = self._app, self._program.docking.loop, threading.Event(), list[int]()
        from nuke_ai_panel.panel.threads import run_blocking

        async def hang_on_a_thread() -> None:
            hung.set()
            await run_blocking(threading.Event().wait, deadline=600)

        async def hang_in_the_default_executor() -> None:
            await loop.run_in_executor(None, threading.Event().wait)

        async def wait_for_a_child() -> None:
            process = await asyncio.create_subprocess_exec("sleep", "600", stdin=subprocess.DEVNULL)
            process.send_signal(signal.SIGSTOP)
            child.append(process.pid)
            try:
                await process.wait()
            finally:
                process.kill()
                await process.wait()

        for number in range(200):
            app.scope.start(asyncio.sleep(600), name=f"task {number}")
        app.scope.start(hang_on_a_thread(), name="thread")
        app.scope.start(hang_in_the_default_executor(), name="executor")
        app.scope.start(wait_for_a_child(), name="child")
        app.scope.start(app.keys.find("openai", "https://api.openai.com:443"), name="keyring")
        app.reports.report("for a server that never answers", severity="notice")
        yield lambda: child and hung.is_set() and any(sink.state == "sending" for sink in app.forwarder.stats())
        return {"sinks": {sink.name: sink.state for sink in app.forwarder.stats()}, "child": child[0]}

    def report_until_the_end(self, threads: int, each: int) -> None:
        """So many threads, each with so many reports, which begin with the quit and go on through it."""
        reports, begin = self._app.reports, threading.Event()

        def report(number: int) -> None:
            begin.wait()
            for count in range(each):
                reports.report(f"thread {number}, {count}", severity="notice")

        for number in range(threads):
            threading.Thread(target=report, args=(number,), name=f"reporter {number}").start()
        self._program.app.aboutToQuit.connect(begin.set)

    def stand(self, seconds: float) -> None:
        """The shared thread does something of the host's for so long, with a wake-up of ours on its way."""
        self._program.docking.loop.call_soon_threadsafe(int)
        time.sleep(seconds)

    def wake_ups(self, seconds: float) -> Any:
        """How often Qt's dispatcher woke up, our loop turned and each thread went on, while the host does nothing.

        Qt counts what ends the measurement.
        """
        from PySide6.QtCore import QAbstractEventDispatcher, QEventLoop, QTimer  # noqa: TID251 - the host waits

        yield self._is_at_rest
        program, woken, ending = self._program, list[bool](), QEventLoop()
        program.neighbour.stop()
        program.player.stop()
        QTimer.singleShot(100, ending.quit)
        ending.exec()  # what is still posted
        dispatcher = QAbstractEventDispatcher.instance()
        dispatcher.awake.connect(lambda: woken.append(True))
        batches, before = self._batches(), _waits()
        QTimer.singleShot(int(seconds * 1000), ending.quit)
        ending.exec()
        waits = {name: count - before.get(name, 0) for name, count in _waits().items()}
        found = {"awake": len(woken), "batches": self._batches() - batches}
        program.player.start(1)
        return found | {"threads": {name: count for name, count in waits.items() if count}}

    def _is_at_rest(self) -> bool:
        """Nothing runs, and Qt's timer is not set to something that was cancelled meanwhile."""
        if self._program.docking is None:
            return True
        alarm = self._program.docking.loop._waker._alarm
        return not self._app.scope.stats().running and not (alarm.isActive() and alarm.remainingTime() < 5000)

    def _batches(self) -> int:
        return self._program.docking.loop.stats().batches if self._program.docking else 0


def _waits() -> dict[str, int]:
    """How often each thread has waited for something and was woken, by its name."""
    return {thread.name: _waits_of(thread.native_id) for thread in threading.enumerate() if thread.native_id}


def _waits_of(thread: int) -> int:
    try:
        status = Path(f"/proc/self/task/{thread}/status").read_text(encoding="ascii")
    except OSError:  # it has ended
        return 0
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("voluntary_ctxt"))
