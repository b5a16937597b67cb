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
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial

from .terms import OnClose, Origin, Owner, ScopeClosed

MOST_JITTER = 0.5
"""From half a period on, a run could come before the one that it follows."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Where the time comes from, in seconds, and the chance: `uniform(a, b)`. Tests bring their own."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    uniform: Callable[[float, float], float] = random.uniform


class PeriodicJob:
    """Each run is a task of its own: counted, told when it fails, and no reason to stop.

    It does not keep what it runs: whose method that is may keep the job.
    """

    def __init__(
        self,
        seconds: float,
        func: Callable[[], object],
        *,
        name: str,
        jitter: float,
        on_close: OnClose,
        timing: Timing,
        owner: Owner,
        origin: Origin,
    ) -> None:
        """Raises ValueError, and ScopeClosed."""
        if not (seconds > 0 and 0 <= jitter < MOST_JITTER):
            raise ValueError(f"every {seconds:g} s with a jitter of {jitter:g} is no period")
        self._on_close: OnClose = on_close
        self._run: asyncio.Task[None] | None = None
        begin = partial(owner.start, name=name, origin=origin, on_close=on_close)
        ticking = self._tick(lambda: begin(_call(func)), _pauses(seconds, jitter, timing), timing.sleep)
        self._ticker: asyncio.Task[None] | None = owner.start(
            ticking, name=f"{name} every {seconds:g} s", origin=origin
        )

    def stop(self) -> None:
        """No more runs. The present one ends as closing the scope would end it."""
        if self._ticker:
            self._ticker.cancel()
        if self._run and self._on_close == "cancel":
            self._run.cancel()

    async def _tick(
        self,
        run: Callable[[], asyncio.Task[None]],
        pauses: Iterator[float],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        try:
            for pause in pauses:
                await sleep(pause)
                self._run = run()
                await asyncio.wait({self._run})
                self._run = None
        except ScopeClosed:
            pass  # closing began already, and will come to us
        finally:
            self._ticker = self._run = None  # a task that was cancelled or failed keeps its frames, and those keep us


def _pauses(seconds: float, jitter: float, timing: Timing) -> Iterator[float]:
    """From where it is asked for, how long it is until the next beat."""
    now, start, beat = timing.clock, timing.clock(), 0
    while True:
        beat = max(beat, math.floor((now() - start) / seconds)) + 1
        shift = timing.uniform(-jitter, jitter)
        yield max(start + (beat + shift) * seconds - now(), 0)


async def _call(func: Callable[[], object]) -> None:
    result = func()
    if inspect.isawaitable(result):
        await result
