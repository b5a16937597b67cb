"""How an application ends: one part after the other, each within its share of a second, whatever became of the last.

Owns the shares, and that no part costs the others theirs. What the parts are, and their order, is the application's.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from .reports import Reports

CLOSING = 1.0
"""Seconds for everything to end, with every peer hung."""
SHARES = {"tasks": 0.35, "sessions": 0.1, "recordings": 0.1, "last reports": 0.05, "sinks": 0.15}
"""Of `CLOSING`, in the order of closing. What is left is for the journal, whose disk may hang too."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """What had not ended when the application was closed, by name. In order it is empty."""

    tasks: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    sinks: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tasks or self.sessions or self.sinks)

    @property
    def by_kind(self) -> dict[str, tuple[str, ...]]:
        return {kind: names for kind, names in asdict(self).items() if names}


class Closing:
    """One ending. `failed` is told of a part that could not end because of a fault of its own."""

    def __init__(self, failed: Callable[[str, BaseException], object]) -> None:
        self._failed = failed

    async def part(self, name: str, end: Callable[[float], Awaitable[tuple[str, ...]]]) -> tuple[str, ...]:
        """What `end` names, which gets the seconds that it may take; the part itself when it fails."""
        try:
            return await end(CLOSING * SHARES[name])
        except BaseException as error:
            if not isinstance(error, Exception):  # such as a cancel
                raise
            self._failed(f"closing the {name}", error)
            return (name,)


async def hand_over(reports: Reports, deadline: float) -> tuple[str, ...]:
    """Waits until the sinks have been given every report so far: the last words of tasks are among them.

    Names nobody: whoever does not get them in time is named when the sinks end.
    """
    if not reports.counts().taken:
        return ()
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        with contextlib.suppress(RuntimeError):  # a disk that hung until the loop was closed
            loop.call_soon_threadsafe(done.set)

    reports.catch_up(tell)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(deadline):
            await done.wait()
    return ()
