"""Windows: completions are waited for on a thread, without limit, and brought to the loop.

qasync's own poller looks 100 times a second, also when nothing happens. Windows only, but the thread and its end are
ordinary Python, which the tests run with a port of their own.
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import contextlib
import importlib
import signal
import threading
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from .base import Proactor

NOBODYS = 1
"""The address of no operation. With 0 `GetQueuedCompletionStatus` takes the packet for an error of its own."""


class Completions:
    """`process` is given what has completed: by `deliver` on the loop's thread, or directly in `wait`."""

    def __init__(
        self,
        proactor: Proactor,
        *,
        deliver: Callable[[list[object]], object],
        process: Callable[[list[object]], object],
        interrupt: Callable[[Proactor], object] | None = None,
    ) -> None:
        self._proactor = proactor
        self._deliver = deliver
        self._process = process
        self._interrupt = interrupt or post_nothing
        self._thread: threading.Thread | None = None
        self._ended = False

    def start(self) -> None:
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="nuke-ai-panel completions", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._thread:
            self._ended = True
            self.interrupt()
            self._thread.join()
            self._thread = None

    def wait(self, seconds: float) -> None:
        """On the loop's thread, while the other one is stopped."""
        if completed := self._proactor.select(seconds):
            self._process(completed)

    def interrupt(self) -> None:
        """Ends a wait. From any thread."""
        self._interrupt(self._proactor)

    def _run(self) -> None:
        while not self._ended:
            if completed := self._proactor.select(None):
                self._deliver(completed)


class _Overlapped(Protocol):
    def PostQueuedCompletionStatus(self, port: int, size: int, key: int, address: int, /) -> None: ...


def post_nothing(proactor: Proactor) -> None:
    """A packet that belongs to no operation: whoever waits looks up and finds nothing."""
    overlapped = cast("_Overlapped", importlib.import_module("_overlapped"))
    overlapped.PostQueuedCompletionStatus(proactor._iocp, 0, 0, NOBODYS)


@contextlib.contextmanager
def wakeup_fd_kept() -> Generator[None]:
    """asyncio's loop for Windows takes the descriptor that signals are written to, and clears it when it closes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.set_wakeup_fd(-1)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
