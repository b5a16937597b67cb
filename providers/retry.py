"""Whether a failure may pass, and how long a service wants to be left alone.

Owns the rules only: nothing is sent or waited for here. They are those of the vendors' own clients, so that no service
is asked more often than it expects.
"""

from __future__ import annotations

import email.utils
import math
import time
from collections.abc import Callable, Mapping

from .errors import Problem

LONGEST_WAIT = 120.0
"""Seconds; whoever asks for more is not waited for in front of a screen."""
_A_DAY = 86_400.0
_FIRST_WAIT, _SLOWEST = 0.5, 8.0
_CHANCE = 0.25
"""The part of a wait that is left to chance, so that those who failed together do not come back together."""

_LASTING_STATUSES = frozenset({400, 401, 402, 403, 404, 413, 422})
_LASTING = frozenset({"out_of_credits", "daily_quota"})
_PASSING_STATUSES = frozenset({408, 409, 504})
_PASSING = frozenset({"rate_limited", "overloaded", "server_error"})


def may_pass(problem: Problem) -> bool:
    """Whether the same question may be answered when it is asked again.

    What the service says of it counts, except about what no repetition can change. A server that is not there or does
    not speak in time is told of at once: its user is needed.
    """
    if problem.status in _LASTING_STATUSES or problem.kind in _LASTING:
        return False
    if problem.should_retry is not None:
        return problem.should_retry
    if problem.status is None:
        return problem.kind in _PASSING or problem.kind == "stream_cut"
    return problem.kind in _PASSING or problem.status in _PASSING_STATUSES


def wait_after(problem: Problem, failures: int, chance: float) -> float | None:
    """Seconds to wait after the `failures`th failure; None if the service wants more than anybody waits for.

    `chance` is a number from 0 to 1.
    """
    if problem.retry_after:
        return problem.retry_after if problem.retry_after <= LONGEST_WAIT else None
    return min(_FIRST_WAIT * 2 ** (failures - 1), _SLOWEST) * (1 - _CHANCE * chance)


def retry_after_seconds(headers: Mapping[str, str], wall_clock: Callable[[], float] = time.time) -> float | None:
    """Seconds from 0 to a day, or None where nothing readable is said. Header names are in lower case."""
    wait = _number(headers.get("retry-after-ms", ""), 1000.0)
    if wait is None:
        text = headers.get("retry-after", "")
        wait = _number(text, 1.0)
        if wait is None:
            wait = _until(text, wall_clock)
    if wait is None or wait < 0:
        return None
    return min(wait, _A_DAY)


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
