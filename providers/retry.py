"""How long a service asks to wait before the next question."""

from __future__ import annotations

import email.utils
import math
import time
from collections.abc import Callable, Mapping

LONGEST_WAIT = 120.0
"""Seconds; whoever asks for more is not waited for in front of a screen."""


def retry_after_seconds(headers: Mapping[str, str], wall_clock: Callable[[], float] = time.time) -> float | None:
    """Seconds from 0 to `LONGEST_WAIT`, or None where nothing readable is said. Header names are in lower case."""
    wait = _number(headers.get("retry-after-ms", ""), 1000.0)
    if wait is None:
        text = headers.get("retry-after", "")
        wait = _number(text, 1.0)
        if wait is None:
            wait = _until(text, wall_clock)
    if wait is None or wait < 0:
        return None
    return min(wait, LONGEST_WAIT)


def _number(text: str, scale: float) -> float | None:
    try:
        number = float(text) / scale
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _until(text: str, wall_clock: Callable[[], float]) -> float | None:
    """Seconds until an HTTP date; one without a zone is in UTC, as HTTP has it. One in the past means: now."""
    parts = email.utils.parsedate_tz(text)
    if parts is None:
        return None
    try:
        return max(0.0, email.utils.mktime_tz((*parts[:9], parts[9] or 0)) - wall_clock())
    except (ValueError, OverflowError):
        return None
