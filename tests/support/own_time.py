"""A clock for loops in tests that stands while a busy machine runs somebody else.

A test whose server, client and deadline share one thread stops as a whole when the kernel runs somebody else instead:
a second in which none of them could run is no silence of the server, and no slowness of ours.
"""

from __future__ import annotations

import asyncio
import os
import time
from types import SimpleNamespace

import pytest
from nuke_ai_panel.panel.loop import timers

_PLACE = "/proc/self/schedstat"  # of the main thread, in nanoseconds: ran, stood ready to run; and how often
_TOLD_BY_THE_KERNEL = os.open(_PLACE, os.O_RDONLY) if os.path.exists(_PLACE) else None


def own_time() -> float:
    """`time.monotonic()` less all seconds in which the main thread stood ready to run and did not."""
    stood_ready = _stood_ready()
    while True:
        now, before, stood_ready = time.monotonic(), stood_ready, _stood_ready()
        if stood_ready == before:  # or it was stopped between the two clocks
            return now - stood_ready


def _stood_ready() -> float:
    """0 where no kernel tells: there every second counts."""
    return 0.0 if _TOLD_BY_THE_KERNEL is None else int(os.pread(_TOLD_BY_THE_KERNEL, 64, 0).split()[1]) * 1e-9


def keep_own_time(loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch) -> asyncio.AbstractEventLoop:
    """The same loop; its deadlines, and those of all that asks it for the time, count own seconds."""
    monkeypatch.setattr(loop, "time", own_time)
    monkeypatch.setattr(timers, "time", SimpleNamespace(monotonic=own_time))
    return loop
