"""What the loop says of itself: values only, so that the Qt-free services can carry and write them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoopStats:
    """Since the loop was made. Times are in seconds; the lag, from wake-up to batch, is that of the last wake-ups.

    `lags` are those last ones themselves, oldest first, for a graph.
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
