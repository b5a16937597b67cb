"""What a scope says of itself: values for those who look, and the tally that they are made from."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .terms import Outcome

MOST_NAMES = 200
"""Names with figures of their own in one scope; what comes later is counted together."""
OTHERS = "others"


@dataclass(frozen=True, slots=True)
class TaskStats:
    """A live task: its full name, its age, and the file and line that started it."""

    name: str
    seconds: float
    origin: str


@dataclass(frozen=True, slots=True)
class NameStats:
    """All tasks of one name in one scope. Those of a closed child are `child/name`."""

    name: str
    running: int
    done: int
    failed: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class ScopeStats:
    """The counts of a scope with all scopes inside it; `tasks` and `by_name` are the scope's own.

    A call from a thread counts like a task. `waiting` are calls and jobs that have not begun, `dropped` those that
    never will: their scope was closed before, or there was no room. `tasks` has the oldest first.
    """

    name: str
    running: int
    waiting: int
    done: int
    failed: int
    cancelled: int
    dropped: int
    tasks: tuple[TaskStats, ...]
    by_name: tuple[NameStats, ...]
    children: tuple[ScopeStats, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The full names of what is running, here and inside."""
        return tuple(task.name for task in self.live())

    @property
    def oldest(self) -> TaskStats | None:
        """Of what is running, here and inside."""
        return max(self.live(), key=lambda task: task.seconds, default=None)

    def live(self) -> Iterator[TaskStats]:
        """What is running, here and inside."""
        yield from self.tasks
        for child in self.children:
            yield from child.live()


class Tally:
    """How the tasks of a scope ended, by name."""

    def __init__(self) -> None:
        self._ended: dict[str, dict[Outcome, int]] = {}
        self.dropped = 0

    def count(self, name: str, outcome: Outcome) -> None:
        try:
            self._ended[name][outcome] += 1
        except KeyError:
            self._of(name)[outcome] += 1

    def take_over(self, prefix: str, other: Tally, dropped: int) -> None:
        """The counts of a scope that is forgotten."""
        for name, ended in other._ended.items():
            ours = self._of(name if name == OTHERS else f"{prefix}/{name}")
            for outcome, count in ended.items():
                ours[outcome] += count
        self.dropped += dropped

    def total(self, outcome: Outcome) -> int:
        return sum(ended[outcome] for ended in self._ended.values())

    def by_name(self, running: Iterable[str]) -> tuple[NameStats, ...]:
        """`running`: the name of each live task."""
        alive: dict[str, int] = {}
        for name in running:
            known = name if name in self._ended or len(self._ended) < MOST_NAMES else OTHERS
            alive[known] = alive.get(known, 0) + 1
        nothing: dict[Outcome, int] = {"done": 0, "failed": 0, "cancelled": 0}
        return tuple(
            NameStats(name, running=alive.get(name, 0), **self._ended.get(name, nothing))
            for name in dict.fromkeys((*self._ended, *alive))
        )

    def _of(self, name: str) -> dict[Outcome, int]:
        if (ended := self._ended.get(name)) is None:
            if len(self._ended) >= MOST_NAMES:
                name = OTHERS
            ended = self._ended.setdefault(name, {"done": 0, "failed": 0, "cancelled": 0})
        return ended


class ThreadCount:
    """Counts from any thread without a lock: one `next` is one step of the interpreter."""

    def __init__(self) -> None:
        self._ticks = itertools.count()
        self._looks = 0

    def add(self) -> None:
        next(self._ticks)

    def value(self) -> int:
        """For one thread only: to look is to tick, and our own ticks are taken off."""
        count = next(self._ticks) - self._looks
        self._looks += 1
        return count
