"""One sink's way: its buffer, its task, its time limit, its retries. Knows nothing of the other sinks.

A task runs only while something waits to be sent, and between two tries there is only a timer: idle costs nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..tasks import ScopeClosed, TaskScope
from .buffer import CHARACTERS, REPORTS, ReportBuffer
from .report import Report
from .sink import Sink, SinkState, SinkStats, SinkTrouble


class Timer(Protocol):
    def cancel(self) -> None: ...


Later = Callable[[float, Callable[[], None]], Timer]
"""Calls once, after so many seconds."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of each sink. Times are in seconds."""

    reports: int = REPORTS
    characters: int = CHARACTERS
    batch: int = 100
    send: float = 5.0
    first_pause: float = 1.0
    longest_pause: float = 60.0


class Lane:
    """Carries reports to one sink. Everything is called on the loop's thread."""

    def __init__(self, sink: Sink, scope: TaskScope, *, limits: Limits, later: Later) -> None:
        self._sink = sink
        self._scope = scope
        self._limits = limits
        self._later = later
        self._buffer = ReportBuffer(limits.reports, limits.characters)
        self._task: asyncio.Task[None] | None = None
        self._task_name = f"reports to {sink.name}"
        # Its own failure would come back to it, fail again, and so on for ever.
        self._own_origin = f"{scope.name}/{self._task_name}"
        self._sending = 0
        self._timer: Timer | None = None
        self._failures = 0
        self._sent = 0
        self._trouble = ""
        self._halted = self._reopen = self._closing = False

    def put(self, reports: Sequence[Report]) -> None:
        """Never blocks and never raises. A new report does not shorten the pause between two tries."""
        if not self._on:
            return
        if self._closing:
            self._buffer.drop(reports)
            return
        for report in reports:
            if report.origin != self._own_origin:
                self._buffer.put(report)
        if self._timer is None:
            self._start()

    def restart(self) -> None:
        """Tries again at once, with the settings of this moment."""
        self._failures, self._trouble, self._halted, self._reopen = 0, "", False, True
        self._stop_timer()
        if self._task:
            self._task.cancel()  # its end starts the next
        else:
            self._start()

    def heed_settings(self) -> None:
        """Starts again if the settings are others than those that it works with."""
        if self._sink.outdated:
            self.restart()

    async def close(self, seconds: float) -> int:
        """Sends what waits, in so many seconds, and lets go in as many; returns how many reports are left.

        The scope is to be open still: it owns what a sink does even then, so that no fault or hang of one hurts others.
        """
        self._closing = True
        self._stop_timer()
        self._start()
        if task := self._task:
            await asyncio.wait({task}, timeout=seconds)
            task.cancel()
        with contextlib.suppress(ScopeClosed):
            letting_go = self._scope.start(self._let_go(task), name=f"letting go of {self._sink.name}")
            await asyncio.wait({letting_go}, timeout=seconds)
            letting_go.cancel()
        return len(self._buffer) + self._sending

    def stats(self) -> SinkStats:
        waiting = len(self._buffer) + self._sending
        state, trouble, place = self._state(), self._trouble, ""
        try:
            place = self._sink.place
        except SinkTrouble as found:  # it is known before anything was sent
            state, trouble = "off", str(found)
        return SinkStats(self._sink.name, state, self._sent, self._buffer.dropped, waiting, trouble, place)

    def _state(self) -> SinkState:
        if self._task:
            return "sending"
        if self._timer:
            return "waiting to retry"
        return "off" if self._halted or self._closing or not self._on else "idle"

    @property
    def _on(self) -> bool:
        """A sink that fails at this question is on: it will fail at sending, and that is told."""
        try:
            return self._sink.on
        except KeyboardInterrupt:
            raise
        except BaseException:
            return True

    def _start(self) -> None:
        """A task, if there is anything for it to do and none is at it."""
        if self._task or self._halted or not (self._buffer or self._reopen):
            return
        try:
            self._task = self._scope.start(self._work(), name=self._task_name)
        except ScopeClosed:
            self._halted = True
            return
        self._task.add_done_callback(self._on_end)

    async def _work(self) -> None:
        """Sends until nothing waits, or until something is in the way: then `_trouble` says what."""
        if self._reopen:
            self._reopen = False
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._limits.send):
                    await self._sinks_own(self._sink.close())
            if not self._on:
                self._buffer.drop(self._buffer.take())
        while self._buffer and await self._send(self._buffer.take(self._limits.batch)):
            pass

    async def _send(self, batch: list[Report]) -> bool:
        """Whether all went. What a fault of the sink's own was about is given up: it would fail again for ever."""
        self._sending = len(batch)
        taken, left = 0, batch
        try:
            async with asyncio.timeout(self._limits.send):
                await self._sinks_own(self._sink.send(batch))
            taken = len(batch)
            self._failures = 0
        except SinkTrouble as trouble:
            taken = trouble.taken
            self._note(trouble)
        except TimeoutError:
            self._note(SinkTrouble(f"{self._sink.name} did not take the reports within {self._limits.send:g} s."))
        except asyncio.CancelledError:
            raise
        except BaseException:
            self._buffer.drop(batch)
            left = []
            raise
        finally:
            self._sending = 0
            self._sent += taken
            self._buffer.give_back(left[taken:])
        return taken == len(batch)

    async def _let_go(self, sending: asyncio.Task[None] | None) -> None:
        if sending:
            await asyncio.wait({sending})
        await self._sinks_own(self._sink.close())

    async def _sinks_own(self, call: Awaitable[None]) -> None:
        """What a sink raises is a trouble of the sink: it ends neither the program nor, as a cancel, our task."""
        try:
            await call
        except SystemExit as leaving:
            raise RuntimeError(f"{self._sink.name} wanted to end the program") from leaving
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) and task.cancelling():
                raise  # meant for us
            raise SinkTrouble(f"{self._sink.name} broke off while it was sending.") from None

    def _note(self, trouble: SinkTrouble) -> None:
        self._failures += 1
        self._trouble = str(trouble)
        self._halted = not trouble.retry

    def _on_end(self, task: asyncio.Task[None]) -> None:
        """The scope reports a fault; here it is only a reason to pause."""
        self._task = None
        if not task.cancelled() and (error := task.exception()):
            self._note(SinkTrouble(f"{self._sink.name} failed ({type(error).__name__}). The error is in the reports."))
        if self._closing or self._halted:
            return
        if self._failures and not self._reopen:
            self._timer = self._later(self._pause(), self._on_timer)
        else:
            self._start()

    def _pause(self) -> float:
        """Doubles with each failure; the chance in it keeps a floor of machines from coming back all at once."""
        pause = self._limits.first_pause * 2 ** min(self._failures - 1, 30)
        return min(pause, self._limits.longest_pause) * random.uniform(0.75, 1.0)

    def _on_timer(self) -> None:
        self._timer = None
        self._start()

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
