"""`PanelLoop`: asyncio and Qt on one thread, standalone or inside a host that runs Qt already.

Owns the two lives of the loop: how it starts, stops and closes. When callbacks run is in `batches`.
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import sys
import threading
from asyncio import BaseEventLoop
from contextlib import nullcontext
from typing import Any

from PySide6.QtCore import QCoreApplication

from ..loop_stats import LoopStats
from ..threads import DaemonExecutor
from .batches import BatchedLoop
from .completions import Completions, wakeup_fd_kept

_signals_untouched = wakeup_fd_kept if sys.platform == "win32" else nullcontext


class PanelLoop(BatchedLoop):
    """The one loop. Made and used on the thread of its QApplication; other threads have `call_soon_threadsafe`.

    Standalone: `with PanelLoop(app) as loop: loop.run_until_complete(main())`.
    In a host: `attach()`, at its quit `finish(future, deadline)` and `detach()`. Then it never runs or ends Qt's own
    loop, and sets nothing that others see.
    """

    def __init__(self, app: QCoreApplication) -> None:
        with _signals_untouched():
            super().__init__(app)
        self._app = app
        self._attached = self._finishing = False
        self._leaving: BaseException | None = None
        self._threads = DaemonExecutor()
        self.set_default_executor(self._threads)
        self._completions = self._windows_completions() if sys.platform == "win32" else None

    run_until_complete = BaseEventLoop.run_until_complete

    def run_forever(self) -> None:
        """Standalone: runs Qt's loop until `stop()`. A SystemExit or KeyboardInterrupt of a callback ends it too."""
        self._check_closed()
        self._check_running()
        self._begin()
        try:
            self._app.exec()
        finally:
            self._end()
            self._stopping = False
        if self._leaving is not None:
            error, self._leaving = self._leaving, None
            raise error

    def stop(self) -> None:
        self._check_not_attached()
        self._stopping = True
        if self.is_running() and not self._awake:
            self._wake()

    def attach(self) -> PanelLoop:
        """Runs inside a host whose Qt loop is running, or about to."""
        self._check_closed()
        if self.is_running():
            raise RuntimeError("This event loop is already running")
        self._attached = True
        self._begin()
        return self

    def finish(self, future: asyncio.Future[Any], deadline: float) -> bool:
        """Runs only what is ours until `future` is done, for at most `deadline` seconds; whether it is done.

        For the quit of a host. Its timers stand still: Qt is not asked for events, the descriptors are.
        """
        if not self._attached:
            raise RuntimeError("finish() is for a host: use run_until_complete()")
        end = self.time() + deadline
        around, self._finishing = self._finishing, True  # what it runs may ask the host to quit, and so call it again
        if self._completions:
            self._completions.stop()  # they are waited for here
        try:
            while not (future.done() or self._silent) and (left := end - self.time()) > 0:
                self._wait(min(left, 0.0 if self._ready else self._seconds_until_due()))
                self._run_batch()
                self.pulse.forget()  # Qt's own wake-up goes unread
        finally:
            self._finishing = around
            if self._completions and self.is_running() and not around:
                self._completions.start()
        return future.done()

    def detach(self) -> None:
        """Ends the life inside a host and closes the loop; the host's Qt loop runs on. Tasks have ended before.

        Qt says `aboutToQuit` inside of `quit()`, which a callback of ours may have called: then the loop is closed
        when that callback has returned, and runs nothing until then, whatever Qt loop it may enter.
        """
        if self._depth and self._attached:
            self._fall_silent()
        else:
            self._detach_now()

    def close(self) -> None:
        if self.is_running():
            raise RuntimeError("Cannot close a running event loop")
        if self.is_closed():
            return
        # First, and not under our lock: its threads take their own lock before ours.
        executor, self._default_executor = self._default_executor, None
        if executor is not None:
            executor.shutdown(wait=False)
        with self._closing, _signals_untouched():
            super().close()
            self._fall_silent()
            self._waker.close()
        self._parked.clear()

    def __exit__(self, *error: object) -> None:
        self._check_not_attached()
        if not self.is_closed():
            self.run_until_complete(self.shutdown_asyncgens())
            self.close()

    @property
    def thread(self) -> int | None:
        """The identity of the thread that it runs on; None while it does not run."""
        return self._thread_id

    def stats(self) -> LoopStats:
        pulse, threads = self.pulse, self._threads.stats()
        lags = sorted(pulse.lags)
        return LoopStats(
            callbacks=pulse.callbacks,
            batches=pulse.batches,
            longest_batch=pulse.longest_batch,
            lag_p50=lags[len(lags) // 2],
            lag_p95=lags[len(lags) * 95 // 100],
            lag_p99=lags[len(lags) * 99 // 100],
            lag_worst=lags[-1],
            timers=self._live_timers(),
            descriptors=len(self._descriptors),
            lags=tuple(pulse.lags),
            hung_calls=threads.abandoned,
            late_answers=threads.late,
        )

    def _check_not_attached(self) -> None:
        if self._attached:
            raise RuntimeError("The host owns the Qt loop: use detach()")

    def _begin(self) -> None:
        self._thread_id = threading.get_ident()
        if self._completions:
            self._completions.start()
        self.pulse.forget()  # what was posted before is done at the first turn
        self._awake = True
        self._waker.keep_turning()

    def _end(self) -> None:
        self._thread_id = None
        if self._completions:
            self._completions.stop()

    def _detach_now(self) -> None:
        if self._attached:
            self._attached = False
            self._end()
        self.close()

    def _wake(self) -> None:
        super()._wake()
        if self._finishing:
            self._interrupt_wait()

    def _settle(self) -> None:
        if self._silent:
            if not self._depth:
                self._detach_now()
            return
        super()._settle()
        if self._stopping:
            self._app.exit()

    def _on_exit_request(self, error: BaseException) -> None:
        if self._attached:
            context = {"message": "A callback tried to end the host", "exception": error}
            try:
                self.call_exception_handler(context)
            except (SystemExit, KeyboardInterrupt):
                self.default_exception_handler(context)  # the handler is one of those itself
        else:
            self._leaving = error
            self._stopping = True

    def _wait(self, seconds: float) -> None:
        """Waits without Qt for descriptors and for other threads."""
        if self._completions:
            self._completions.wait(seconds)
        else:
            self._ready.extend(self._descriptors.wait(seconds))

    def _interrupt_wait(self) -> None:
        if self._completions:
            self._completions.interrupt()
        else:
            self._write_to_self()

    def _windows_completions(self) -> Completions:
        def deliver(completed: list[object]) -> None:
            self.call_soon_threadsafe(self._process_events, completed)

        return Completions(self._proactor, deliver=deliver, process=self._process_events)
