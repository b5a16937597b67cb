"""A job that runs again and again, never twice at a time.

The beats lie on a grid from the start, so that neither a long run nor a late timer moves the later ones: there is no
drift. A run that takes longer than a period, or a computer that slept, loses the beats in between; they are not made
up for.
"""

from __future__ import annotations

import asyncio
import inspect
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .terms import OnClose, Origin, ScopeClosed, Start

MOST_JITTER = 0.5
"""From half a period on, a run could come before the one that it follows."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Where the time comes from, in seconds, and the chance: `uniform(a, b)`. Tests bring their own."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    uniform: Callable[[float, float], float] = random.uniform


class PeriodicJob:
    """Each run is a task of its own: counted, told when it fails, and no reason to stop."""

    def __init__(
        self,
        seconds: float,
        func: Callable[[], object],
        *,
        name: str,
        jitter: float,
        on_close: OnClose,
        timing: Timing,
        start: Start,
        origin: Origin,
    ) -> None:
        """Raises ValueError, and ScopeClosed."""
        if not (seconds > 0 and 0 <= jitter < MOST_JITTER):
            raise ValueError(f"every {seconds:g} s with a jitter of {jitter:g} is no period")
        self._seconds = seconds
        self._func = func
        self._name = name
        self._jitter = jitter
        self._on_close: OnClose = on_close
        self._timing = timing
        self._start = start
        self._origin = origin
        self._run: asyncio.Task[None] | None = None
        self._ticker = start(self._tick(), name=f"{name} every {seconds:g} s", origin=origin)

    def stop(self) -> None:
        """No more runs. The present one ends as closing the scope would end it."""
        self._ticker.cancel()
        if self._run and self._on_close == "cancel":
            self._run.cancel()

    async def _tick(self) -> None:
        now, start, beat = self._timing.clock, self._timing.clock(), 0
        while True:
            beat = max(beat, math.floor((now() - start) / self._seconds)) + 1
            shift = self._timing.uniform(-self._jitter, self._jitter)
            await self._timing.sleep(max(start + (beat + shift) * self._seconds - now(), 0))
            try:
                self._run = self._start(self._once(), name=self._name, origin=self._origin, on_close=self._on_close)
            except ScopeClosed:
                return  # closing began already, and will come to us
            await asyncio.wait({self._run})

    async def _once(self) -> None:
        result = self._func()
        if inspect.isawaitable(result):
            await result
