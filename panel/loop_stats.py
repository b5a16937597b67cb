"""What the loop says of itself: values only, so that the Qt-free services can carry and write them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoopStats:
    """Since the loop was made. Times are in seconds.

    The lag is how late a batch began: after its wake-up, or after the time that a timer was due. The percentiles are
    those of `lags`, which are the last ones, oldest first, for a graph. `hung_calls` names the calls on threads that
    were given up and have not returned; `late_answers` counts those that have, too late.
    """

    callbacks: int
    batches: int
    longest_batch: float
    lag_p50: float
    lag_p95: float
    lag_p99: float
    lag_worst: float
    timers: int
    descriptors: int
    lags: tuple[float, ...] = ()
    hung_calls: tuple[str, ...] = ()
    late_answers: int = 0
