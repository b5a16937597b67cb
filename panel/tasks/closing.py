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
        self._spared: list[set[asyncio.Task[object]]] = []
        self._waiters: set[asyncio.Future[None]] = set()

    @contextmanager
    def entered(self, closed: Iterable[Tasks]) -> Generator[Tasks]:
        """While the current task is inside `close`; `closed`: the tasks of all scopes that it closes.

        Gives the tasks that it is not to wait for. Others may be added while it waits.
        """
        closer = asyncio.current_task()
        assert closer is not None
        self._tasks.add(closer)
        for spared in self._spared:
            spared.add(closer)
        spared = set(self._tasks) if any(closer in tasks for tasks in closed) else set[asyncio.Task[object]]()
        if spared:
            self._spared.append(spared)
        self.tell(0)
        try:
            yield spared
        finally:
            self._tasks.remove(closer)
            if spared:
                self._spared = [other for other in self._spared if other is not spared]

    def tell(self, running: int) -> None:
        """A scope has so many tasks left: when these can all be closers, whoever waits looks again."""
        if self._waiters and running <= len(self._tasks):
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(None)

    async def changed(self, seconds: float) -> bool:
        """Whether something was told in time."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            done, _ = await asyncio.wait({waiter}, timeout=max(seconds, 0))
        finally:
            self._waiters.discard(waiter)
        return bool(done)
