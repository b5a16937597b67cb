"""From the journal's writer thread to the sinks on the shared loop.

Owns the way across, one wake-up of the loop for a burst; each sink's own way is a `Lane`. Nothing here is needed for a
report to be kept: that is done before it comes here.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..tasks import TaskScope
from .buffer import ReportBuffer
from .lane import Lane, Later, Limits
from .report import Report
from .sink import Sink, SinkStats

Follow = Callable[[Callable[[Report], None]], Callable[[], None]]
"""Calls back, on a thread, for each new or grown report; returns how to end that."""


class Forwarder:
    """Every sink gets every report, in order, and is alone with its troubles.

    Made, and used but for `forward`, on the thread of `loop`, which defaults to the running one. `later` is its
    `call_later`.
    """

    def __init__(
        self,
        scope: TaskScope,
        follow: Follow,
        sinks: Sequence[Sink],
        *,
        limits: Limits | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        later: Later | None = None,
    ) -> None:
        limits = limits or Limits()
        self._loop = loop or asyncio.get_running_loop()
        later = later or self._loop.call_later
        self._lanes = {sink.name: Lane(sink, scope, limits=limits, later=later) for sink in sinks}
        # A signal handler, or the interpreter's end, may report while this very thread holds it.
        self._lock = threading.RLock()
        self._inbox = ReportBuffer(limits.reports, limits.characters)
        self._posted = False
        self._unfollow = follow(self.forward)

    def forward(self, report: Report) -> None:
        """From any thread, at any time. Never blocks and never raises; without a loop the report is a counted drop."""
        with self._lock:
            self._inbox.put(report)
            if self._posted:
                return
            self._posted = True
        try:
            self._loop.call_soon_threadsafe(self._distribute)
        except RuntimeError:  # the loop is closed
            with self._lock:
                self._posted = False
                self._inbox.drop(self._inbox.take())

    def restart(self, name: str) -> None:
        """This sink tries again at once. Raises KeyError."""
        self._lanes[name].restart()

    def heed_settings(self) -> None:
        """Settings have changed: each sink that they are about starts again with them."""
        for lane in self._lanes.values():
            lane.heed_settings()

    async def close(self, deadline: float = 0.6) -> tuple[str, ...]:
        """Ends in `deadline` seconds at most, half for sending what waits and half for letting go.

        Returns a line for each sink that has not got everything; its reports are in the journal.
        """
        self._unfollow()  # what was forwarded until now comes to the lanes before they begin to close
        async with asyncio.TaskGroup() as group:
            closing = {name: group.create_task(lane.close(deadline / 2)) for name, lane in self._lanes.items()}
        return tuple(
            f"{name}: {task.result()} report{'s' if task.result() > 1 else ''} not sent"
            for name, task in closing.items()
            if task.result()
        )

    def stats(self) -> tuple[SinkStats, ...]:
        every = (lane.stats() for lane in self._lanes.values())
        return tuple(replace(stats, dropped=stats.dropped + self._inbox.dropped) for stats in every)

    def _distribute(self) -> None:
        with self._lock:
            self._posted = False
            reports = self._inbox.take()
        for lane in self._lanes.values():
            lane.put(reports)
