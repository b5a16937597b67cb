"""Who is inside `close`, in one tree of scopes, and how they hear that tasks have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager

Tasks = Collection[asyncio.Task[object]]


class Closers:
    """A task that closes the scope it lives in cannot wait for itself, nor for another one that does the same."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()
        self._change: asyncio.Future[None] | None = None

    @contextmanager
    def entered(self, closed: Iterable[Tasks]) -> Generator[Tasks]:
        """While the current task is inside `close`; `closed`: the tasks of all scopes that it closes.

        Gives the tasks that it is not to wait for: they change while it waits.
        """
        closer = asyncio.current_task()
        assert closer is not None
        self._tasks.add(closer)
        self.tell()
        try:
            yield self._tasks if any(closer in tasks for tasks in closed) else ()
        finally:
            self._tasks.remove(closer)
            self.tell()

    def tell(self, running: int = 0) -> None:
        """A scope has so many tasks left: when these can all be closers, whoever waits looks again."""
        if self._change and not self._change.done() and running <= len(self._tasks):
            self._change.set_result(None)

    async def changed(self, seconds: float) -> None:
        """Until something is told, or so many seconds are over."""
        if self._change is None or self._change.done():
            self._change = asyncio.get_running_loop().create_future()
        await asyncio.wait({self._change}, timeout=max(seconds, 0))
