"""Background jobs that wait for a worker: the most urgent first, among equals the oldest, and never more than fit.

Owns what waits, and how each job's end is told. What has begun is a task of the queue's scope: that one counts it,
tells its failure and ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Generic, TypeVar, TypeVarTuple

from .terms import OnClose, Origin, Owner, ScopeClosed, caller

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Ts = TypeVarTuple("Ts")

WORKERS = 2
MOST_WAITING = 100


class JobQueueFull(asyncio.QueueFull):
    """As many jobs wait as may. `put` waits for room instead."""


class Job(Generic[T_co]):
    """One job in a queue. `task` is None until a worker took it."""

    def __init__(
        self,
        call: Callable[[], Coroutine[None, None, T_co]],
        end: asyncio.Future[T_co],
        *,
        name: str,
        priority: int,
        on_close: OnClose,
        origin: Origin,
    ) -> None:
        self.name = name
        self.priority = priority
        self.on_close: OnClose = on_close
        self.origin = origin
        self.task: asyncio.Task[T_co] | None = None
        self._call = call
        self._end = end

    def done(self) -> bool:
        return self._end.done()

    async def result(self) -> T_co:
        """What the job returns or raises; CancelledError when it was cancelled or dropped.

        Cancelling who waits here leaves the job as it is.
        """
        await asyncio.wait({self._end})
        return self._end.result()

    def begin(self, owner: Owner) -> asyncio.Task[T_co]:
        """The queue's, when there is a worker for it."""
        self.task = owner.start(_work(self._call), name=self.name, origin=self.origin, on_close=self.on_close)
        self.task.add_done_callback(self._on_done)
        return self.task

    def give_up(self) -> None:
        """The queue's: it will not begin."""
        self._end.cancel()

    def _on_done(self, task: asyncio.Task[T_co]) -> None:
        if task.cancelled():
            self._end.cancel()
        elif (error := task.exception()) is not None:
            self._end.set_exception(error)
            self._end.exception()  # the scope tells it, so asyncio need not when nobody asks for the result
        else:
            self._end.set_result(task.result())


async def _work(call: Callable[[], Coroutine[None, None, T]]) -> T:
    """Not the job's own, or its error, the frames of that and the job would keep each other."""
    return await call()


class JobQueue:
    """`workers` jobs run at a time, at most `bound` wait. Used on its loop's thread; lives as long as its scope."""

    def __init__(self, loop: asyncio.AbstractEventLoop, owner: Owner, *, workers: int, bound: int) -> None:
        """Raises ValueError."""
        if workers < 1 or bound < 1:
            raise ValueError(f"{workers} workers and room for {bound} are no queue")
        self._loop = loop
        self._owner = owner
        self._workers = workers
        self._bound = bound
        self._waiting: list[tuple[int, int, Job[object]]] = []
        self._numbers = itertools.count()
        self._busy = 0
        self._putters: deque[asyncio.Future[None]] = deque()
        self._closed = False

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def full(self) -> bool:
        return len(self._waiting) >= self._bound

    def put_nowait(
        self,
        func: Callable[[*Ts], Coroutine[None, None, T]],
        *args: *Ts,
        name: str,
        priority: int = 0,
        on_close: OnClose = "cancel",
    ) -> Job[T]:
        """Queues `func(*args)`; the coroutine is not made before the job begins. The lowest `priority` comes first.

        Closing the scope drops the job while it waits. Once it runs, it is cancelled, or with `on_close="finish"`
        waited for. Raises JobQueueFull, ScopeClosed.
        """
        return self._put(self._job(partial(func, *args), name, priority, on_close, caller()))

    def put(
        self,
        func: Callable[[*Ts], Coroutine[None, None, T]],
        *args: *Ts,
        name: str,
        priority: int = 0,
        on_close: OnClose = "cancel",
    ) -> Coroutine[None, None, Job[T]]:
        """Like `put_nowait`, but waits for room. Raises ScopeClosed, also while it waits."""
        return self._put_when_room(self._job(partial(func, *args), name, priority, on_close, caller()))

    def cancel(self, job: Job[object]) -> bool:
        """Takes a job out, or cancels its task; False when it had ended."""
        if job.done():
            return False
        if job.task:
            return job.task.cancel()
        self._waiting = [entry for entry in self._waiting if entry[-1] is not job]
        heapq.heapify(self._waiting)
        job.give_up()
        self._owner.ended(job.name, "cancelled", job.origin)
        self._tell_room()
        return True

    def close(self) -> int:
        """The scope's, when it closes: takes no more, and drops what has not begun. Returns how many that were."""
        self._closed = True
        dropped, self._waiting = self._waiting, []
        for *_, job in dropped:
            job.give_up()
        for putter in self._putters:
            if not putter.done():
                putter.set_result(None)
        return len(dropped)

    def _job(
        self,
        call: Callable[[], Coroutine[None, None, T]],
        name: str,
        priority: int,
        on_close: OnClose,
        origin: Origin,
    ) -> Job[T]:
        end: asyncio.Future[T] = self._loop.create_future()
        return Job(call, end, name=name, priority=priority, on_close=on_close, origin=origin)

    async def _put_when_room(self, job: Job[T]) -> Job[T]:
        while self.full():  # closed, it is empty
            await self._room()
        return self._put(job)

    def _put(self, job: Job[T]) -> Job[T]:
        if self._closed or self._loop.is_closed():
            raise ScopeClosed(f"The queue is closed; {job.name} was not taken")
        if self.full():
            raise JobQueueFull(f"{self._bound} jobs wait already; {job.name} was not taken")
        heapq.heappush(self._waiting, (job.priority, next(self._numbers), job))
        self._dispatch()
        return job

    def _dispatch(self) -> None:
        while self._waiting and self._busy < self._workers:
            *_, job = heapq.heappop(self._waiting)
            self._busy += 1
            job.begin(self._owner).add_done_callback(self._on_done)
            self._tell_room()

    def _on_done(self, task: asyncio.Task[object]) -> None:
        self._busy -= 1
        self._dispatch()

    async def _room(self) -> None:
        """Until there may be room; the first to wait hears of it first."""
        putter: asyncio.Future[None] = self._loop.create_future()
        self._putters.append(putter)
        try:
            await putter
        except asyncio.CancelledError:
            if putter.done() and not putter.cancelled():
                self._tell_room()  # it was our turn: let the next one have it
            raise
        finally:
            with contextlib.suppress(ValueError):
                self._putters.remove(putter)

    def _tell_room(self) -> None:
        while self._putters and not self.full():
            putter = self._putters.popleft()
            if not putter.done():
                putter.set_result(None)
                return
