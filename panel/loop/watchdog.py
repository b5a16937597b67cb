"""Tells when the loop's thread did not turn: once a stall, with the thread's stack, and when it is over.

Looks from a thread of its own, and only while there is something to look at. Where a stall is reported is not its
business.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Protocol

from .pulse import Pulse

CLOSING = 0.2
"""Seconds. Its thread is a daemon: nothing waits for it when the process ends."""


class Watched(Protocol):
    """A loop, as far as the watchdog is concerned."""

    @property
    def pulse(self) -> Pulse: ...
    @property
    def thread(self) -> int | None:
        """The identity of the thread that runs it; None when none does."""
        ...


@dataclass(frozen=True, slots=True)
class Stall:
    """The thread stood for `seconds`, up to now or to its end. `stack` is where: `file:line in function`, outermost
    first, never with values."""

    seconds: float
    stack: tuple[str, ...]


class Watchdog:
    """`on_stall` is called when the thread has not turned for `seconds`, `on_end` when it does again; both on the
    watchdog's own thread.

    A stall is a batch that runs on and on, or a wake-up that Qt does not deliver, since the host stands. A modal dialog
    is none: Qt turns in it. While the loop is idle the watchdog waits without limit; a busy loop is looked at once in
    `seconds`.
    """

    def __init__(
        self,
        loop: Watched,
        on_stall: Callable[[Stall], object],
        seconds: float = 2.0,
        *,
        on_end: Callable[[Stall], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loop = loop
        self._on_stall = on_stall
        self._on_end = on_end
        self._seconds = seconds
        self._clock = clock
        self._beat = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nuke-ai-panel watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """From any thread. Afterwards nothing is called; a call that is under way, and hangs, is waited for no longer
        than `CLOSING`."""
        self._closed.set()
        self._beat.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(CLOSING)

    def _run(self) -> None:
        while not self._closed.is_set():
            since = self._busy_since()
            if not since:
                self._wait_for_a_beat()
            elif (stood := self._clock() - since) >= self._seconds:
                self._tell(since, stood)
            else:
                self._closed.wait(self._seconds - stood)  # a loop that is merely busy has another `since` by then

    def _busy_since(self) -> float:
        return self._loop.pulse.busy_since() if self._loop.thread else 0.0

    def _wait_for_a_beat(self) -> None:
        self._beat.clear()
        self._loop.pulse.call_on_next_beat(self._beat.set)
        if not (self._busy_since() or self._closed.is_set()):  # both may have happened before they could be heard
            self._beat.wait()

    def _tell(self, since: float, stood: float) -> None:
        stack = _stack_of(self._loop.thread)
        if self._busy_since() != since:
            return  # over while we looked: the stack is another's
        self._on_stall(Stall(stood, stack))
        while self._busy_since() == since:
            if self._closed.wait(self._seconds / 8):
                return
        if self._on_end:
            self._on_end(Stall(self._clock() - since, stack))


def _stack_of(thread: int | None) -> tuple[str, ...]:
    lines: list[str] = []
    frame: FrameType | None = sys._current_frames().get(thread or 0)  # pyright: ignore[reportPrivateUsage]
    while frame:
        lines.append(f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}")
        frame = frame.f_back
    return tuple(reversed(lines))
