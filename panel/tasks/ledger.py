"""What one scope owns: its live tasks, each with what was agreed for it, and the counts of those that ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from typing import Literal

from .stats import NameStats, Tally, TaskStats
from .terms import AfterFailure, OnClose, Origin, place


class Owned:
    """What a scope knows of one of its tasks."""

    __slots__ = ("name", "on_close", "on_failure", "origin", "since", "state")

    def __init__(self, name: str, origin: Origin, on_close: OnClose, on_failure: AfterFailure) -> None:
        self.name = name
        self.origin = origin
        self.on_close = on_close
        self.on_failure = on_failure
        self.since = time.monotonic()
        self.state: Literal["free", "asked to end", "let go"] = "free"


class Ledger:
    """`tasks` has the oldest first."""

    def __init__(self) -> None:
        self.tasks: dict[asyncio.Task[object], Owned] = {}
        self.tally = Tally()

    def strike(self, task: asyncio.Task[object]) -> tuple[Owned, BaseException | None]:
        """Counts a task that has ended; returns its entry and its error, if it failed."""
        owned = self.tasks.pop(task)
        if task.cancelled():
            self.tally.count(owned.name, "cancelled")
            return owned, None
        # Asking for the exception is what keeps asyncio from saying "Task exception was never retrieved".
        error = task.exception()
        self.tally.count(owned.name, "done" if error is None else "failed")
        return owned, error

    def ask_to_end(self, spared: Collection[asyncio.Task[object]]) -> None:
        """Cancels what may be cancelled, once: a second cancel would cut short the cleaning up after the first."""
        for task, owned in self.tasks.items():
            if owned.state == "free" and task not in spared:
                owned.state = "asked to end"
                if owned.on_close == "cancel":
                    task.cancel()

    def let_go(self, spared: Collection[asyncio.Task[object]]) -> list[asyncio.Task[object]]:
        """What has not ended gets one last cancel, whatever was agreed."""
        left = [task for task in self.tasks if task not in spared]
        for task in left:
            self.tasks[task].state = "let go"
            task.cancel()
        return left

    def has_beside(self, spared: Collection[asyncio.Task[object]]) -> bool:
        return any(task not in spared for task in self.tasks)

    def live(self) -> tuple[TaskStats, ...]:
        now = time.monotonic()
        return tuple(
            TaskStats(task.get_name(), now - owned.since, place(owned.origin)) for task, owned in self.tasks.items()
        )

    def by_name(self) -> tuple[NameStats, ...]:
        return self.tally.by_name(owned.name for owned in self.tasks.values())
