"""Durations, times and counts as the diagnostics show them. Pure functions, no widget."""

from __future__ import annotations

import time


def counted(number: int, thing: str) -> str:
    """ "1 task", "1,000 tasks"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def lasting(seconds: float) -> str:
    """How long something has lived: two units at most, so that a column of them can be compared."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600:,} h {whole // 60 % 60:02} min"


def brief(seconds: float) -> str:
    """A lag or a delay, to two figures: "0.08 ms", "12 ms", "3.1 s"."""
    ms = seconds * 1000
    if ms >= 1000:
        return f"{seconds:.1f} s"
    return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms" if ms >= 0.1 else f"{ms:.2f} ms"


def at(when: float) -> str:
    """A moment as a clock shows it, with the day if that is not today."""
    moment, now = time.localtime(when), time.localtime()
    return time.strftime("%H:%M:%S" if moment[:3] == now[:3] else "%d %b %H:%M", moment)
