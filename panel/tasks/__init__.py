"""Every task has an owner, a name and an end. No Qt.

What is where:

    scope      `TaskScope`: the making of tasks, the order of closing; everything below is reached through it
    intake     calls that other threads hand to the loop
    periodic   jobs that run again and again
    jobs       a queue of background jobs with priorities and workers
    ledger     what a scope owns, and how it ended
    closing    who is inside `close`
    failures   the way of a failure to its listener
    stats      what a scope says of itself
    terms      the words that these share
"""

from .jobs import Job, JobQueue, JobQueueFull
from .periodic import PeriodicJob, Timing
from .scope import TaskScope
from .stats import NameStats, ScopeStats, TaskStats
from .terms import AfterFailure, OnClose, OnFailure, Origin, ScopeClosed, caller

__all__ = [
    "AfterFailure",
    "Job",
    "JobQueue",
    "JobQueueFull",
    "NameStats",
    "OnClose",
    "OnFailure",
    "Origin",
    "PeriodicJob",
    "ScopeClosed",
    "ScopeStats",
    "TaskScope",
    "TaskStats",
    "Timing",
    "caller",
]
