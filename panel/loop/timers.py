"""What is due and when: asyncio's own heap of timers, with one timer of Qt's set to the earliest."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import heapq
import math
import time
from asyncio import BaseEventLoop
from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING, TypeVarTuple

from .pieces import PiecewiseLoop
from .waker import Waker

if TYPE_CHECKING:
    from .base import ScheduledHandle

Ts = TypeVarTuple("Ts")


class TimedLoop(PiecewiseLoop):
    """A loop whose timers are precise, never early, and gone when they are cancelled."""

    _waker: Waker
    _awake: bool
    """A batch runs, or Qt calls back after its turn: nobody needs to wake us."""
    _alarm_at = math.inf

    call_later = BaseEventLoop.call_later

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        if when != when:
            raise ValueError("A time that is not a number never comes")  # in the heap it would stop all timers
        timer = BaseEventLoop.call_at(self, when, callback, *args, context=context)
        if not self._awake and when < self._alarm_at:
            self._set_alarm()
        return timer

    def _take_due_timers(self) -> None:
        scheduled = self._scheduled
        if self._timer_cancelled_count > 100 and self._timer_cancelled_count * 2 > len(scheduled):
            self._drop_cancelled_timers()
        end = time.monotonic() + self._clock_resolution
        while scheduled and scheduled[0]._when < end:
            handle = self._pop_timer()
            if not handle._cancelled:
                self._ready.append(handle)

    def _set_alarm(self) -> None:
        """Sets Qt's timer to the next deadline. One that is set to an earlier time stays: at worst it wakes us once."""
        scheduled = self._scheduled
        while scheduled and scheduled[0]._cancelled:
            self._pop_timer()
        if scheduled and scheduled[0]._when < self._alarm_at:
            self._alarm_at = scheduled[0]._when
            self._waker.at(self._alarm_at - time.monotonic())

    def _seconds_until_due(self) -> float:
        return max(self._scheduled[0]._when - time.monotonic(), 0.0) if self._scheduled else math.inf

    def _live_timers(self) -> int:
        return len(self._scheduled) - self._timer_cancelled_count

    def _drop_cancelled_timers(self) -> None:
        """asyncio leaves them in the heap until they are due; here a stream makes one with every chunk."""
        for handle in self._scheduled:
            handle._scheduled = not handle._cancelled
        self._scheduled[:] = [handle for handle in self._scheduled if handle._scheduled]
        heapq.heapify(self._scheduled)
        self._timer_cancelled_count = 0

    def _pop_timer(self) -> ScheduledHandle:
        handle = heapq.heappop(self._scheduled)
        handle._scheduled = False
        if handle._cancelled:
            self._timer_cancelled_count -= 1
        return handle
