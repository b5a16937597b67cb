"""`PanelLoop`: asyncio and Qt on one thread, standalone or inside a host that runs Qt already.

Owns the two lives of the loop: how it starts, stops and closes. When callbacks run is in `batches`, the
QObjects are in `qt`, and `base` fetches qasync.
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import math
import sys
import threading
from asyncio import BaseEventLoop
from collections.abc import Callable
from contextvars import Context
from typing import Any, TypeVarTuple

from PySide6.QtCore import QCoreApplication

from ..loop_stats import LoopStats
from ..threads import DaemonExecutor
from .batches import BatchedLoop
from .qt import select_ready

Ts = TypeVarTuple("Ts")


class PanelLoop(BatchedLoop):
    """The one loop. Made and used on the thread of its QApplication; other threads have `call_soon_threadsafe`.

    Standalone: `with PanelLoop(app) as loop: loop.run_until_complete(main())`.
    In a host: `attach()`, at its quit `finish(future, deadline)` and `detach()`. Then it never runs or ends Qt's own
    loop, and sets nothing that others see.
    """

    def __init__(self, app: QCoreApplication) -> None:
        super().__init__(app)
        self._app = app
        self._attached = self._detaching = self._finishing = False
        self._leaving: BaseException | None = None
        self.set_default_executor(DaemonExecutor())

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
        if self._attached:
            raise RuntimeError("The host owns the Qt loop: use detach()")
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
        self._after_run_forever()  # Windows: completions are waited for here
        self._finishing = True
        try:
            while not future.done() and (left := end - self.time()) > 0:
                self._wait(min(left, self._until_due()))
                self._run_batch()
        finally:
            self._finishing = False
            self._before_run_forever()
        return future.done()

    def detach(self) -> None:
        """Ends the life inside a host and closes the loop; the host's Qt loop runs on. Tasks have ended before.

        Qt says `aboutToQuit` inside of `quit()`, which a callback of ours may have called: then the loop is closed
        when that callback has returned.
        """
        self._detaching = True
        if not self._depth:
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
        with self._closing:
            super().close()
            self._readers.close()
            self._writers.close()
            self._waker.close()
        self._parked.clear()
        self._awake = False

    def __exit__(self, *error: object) -> None:
        if not self.is_closed():
            self.run_until_complete(self.shutdown_asyncgens())
            self.close()

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = super().call_soon_threadsafe(callback, *args, context=context)
        if self._finishing:
            self._write_to_self()  # Qt's wake-up goes unread then
        return handle

    def stats(self) -> LoopStats:
        lags = sorted(self._lags)
        return LoopStats(
            callbacks=self._callbacks,
            batches=self._batches,
            longest_batch=self._longest,
            lag_p50=lags[len(lags) // 2],
            lag_p95=lags[len(lags) * 95 // 100],
            lag_p99=lags[len(lags) * 99 // 100],
            lag_worst=lags[-1],
            timers=len(self._scheduled) - self._timer_cancelled_count,
            descriptors=len(self._readers) + len(self._writers),
            lags=tuple(self._lags),
        )

    def _begin(self) -> None:
        self._thread_id = threading.get_ident()
        self._before_run_forever()  # Windows: the thread that waits for completions
        self._awake = True
        self._waker.keep_turning()

    def _end(self) -> None:
        self._thread_id = None
        self._after_run_forever()

    def _detach_now(self) -> None:
        if self._attached:
            self._attached = False
            self._end()
        self.close()

    def _settle(self) -> None:
        super()._settle()
        if self._detaching and not self._depth:
            self._detach_now()
        elif self._stopping:
            self._app.exit()

    def _on_exit_request(self, error: BaseException) -> None:
        if self._attached:
            self.call_exception_handler({"message": "A callback tried to end the host", "exception": error})
        else:
            self._leaving = error
            self._stopping = True

    def _until_due(self) -> float:
        """Seconds until something of ours is to be run."""
        if self._ready:
            return 0.0
        return max(self._scheduled[0]._when - self.time(), 0.0) if self._scheduled else math.inf

    def _wait(self, seconds: float) -> None:
        """Waits without Qt for descriptors and for other threads."""
        if sys.platform == "win32":
            self._process_events(self._proactor.select(seconds))
        else:
            self._ready.extend(select_ready(self._readers, self._writers, seconds))
