"""How the loop turns, by its own account: counts, lags, and since when it has been busy.

Written on the loop's thread, read on any. What is slow enough to be told is the watchdog's to say.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

SAMPLES = 512
"""Batches whose lag is remembered."""


class Pulse:
    """`callbacks`, `batches` and `longest_batch` (seconds) count since the loop was made.

    `lags` are how late the last batches began: after their wake-up was posted, or after the time they were due.
    """

    __slots__ = ("_began_at", "_on_next_beat", "_posted_at", "batches", "callbacks", "lags", "longest_batch")

    def __init__(self) -> None:
        self.callbacks = self.batches = 0
        self.longest_batch = 0.0
        self.lags: deque[float] = deque([0.0], SAMPLES)
        self._posted_at = 0.0  # 0: no wake-up is on its way
        self._began_at = 0.0  # 0: no batch runs
        self._on_next_beat: Callable[[], object] | None = None

    def busy_since(self) -> float:
        """When the wake-up that waits was posted, or the batch that runs was begun; 0.0 when there is neither.

        A batch in a nested Qt loop is one of its own: while it is over, the one around it does not count.
        """
        times = [moment for moment in (self._posted_at, self._began_at) if moment]
        return min(times, default=0.0)

    def call_on_next_beat(self, call: Callable[[], object]) -> None:
        """`call` is called once, when the loop is busy again; from any thread, and in a race twice."""
        self._on_next_beat = call

    def post(self) -> bool:
        """Whether a wake-up is to be posted: none is on its way. From any thread."""
        if self._posted_at:
            return False
        self._posted_at = time.monotonic()
        if self._on_next_beat:
            self._beat()
        return True

    def arrived(self) -> None:
        """The wake-up that was posted is here."""
        if self._posted_at:  # a thread and the loop may have posted at the same moment
            self.lags.append(time.monotonic() - self._posted_at)
            self._posted_at = 0.0

    def forget(self) -> None:
        """Nobody waits for the wake-up that was posted."""
        self._posted_at = 0.0

    def late(self, due: float) -> None:
        """Qt says that it is time for what is due."""
        self.lags.append(max(time.monotonic() - due, 0.0))

    def begin(self, now: float) -> None:
        """A batch begins."""
        self._began_at = now
        if self._on_next_beat:
            self._beat()

    def end(self, seconds: float, callbacks: int) -> None:
        """It ends."""
        self._began_at = 0.0
        self.callbacks += callbacks
        self.batches += 1
        if seconds > self.longest_batch:
            self.longest_batch = seconds

    def _beat(self) -> None:
        call, self._on_next_beat = self._on_next_beat, None
        if call:
            call()
