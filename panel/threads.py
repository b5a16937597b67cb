"""Calls that may hang (keyring, DNS, disk), on daemon threads that nobody ever joins. No Qt.

Owns the threads, their bound on idle ones and the counting of those that were given up. It is the default executor
of both loops: asyncio's own pool is joined at exit, and one hung call in it holds up quitting for ever.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

MAX_IDLE = 4
"""Threads kept for the next call. There is no bound on busy ones, or hung calls would block the others."""
IDLE_SECONDS = 10.0
PREFIX = "nuke-ai-panel"


async def run_blocking(function: Callable[..., T], /, *args: object, deadline: float) -> T:
    """What `function(*args)` returns or raises, from a daemon thread.

    Raises TimeoutError after `deadline` seconds. The call cannot be stopped then, nor when its task is cancelled: its
    thread is left to itself, and what it brings later is dropped.
    """
    executor = _executor_of(asyncio.get_running_loop())
    job = executor.start(functools.partial(function, *args), _name_of(function))
    try:
        async with asyncio.timeout(deadline):
            return await asyncio.wrap_future(job.future)
    except TimeoutError:
        if job.future.done():
            return job.future.result()  # it came at the last moment, or the error is the function's own
        raise TimeoutError(f"{job.name} did not answer within {deadline:g} s") from None
    finally:
        executor.give_up(job)


@dataclass(frozen=True, slots=True)
class ThreadStats:
    """`abandoned` names the calls that were given up and still hang; `late` counts answers that came after that."""

    running: int
    idle: int
    abandoned: tuple[str, ...]
    late: int


class Job:
    """One call and the future for its answer."""

    __slots__ = ("abandoned", "call", "future", "name", "thread")

    def __init__(self, call: Callable[[], object], name: str) -> None:
        self.call = call
        self.name = name
        self.future: Future[Any] = Future()
        self.future.set_running_or_notify_cancel()  # from here on nothing can cancel it
        self.thread: threading.Thread | None = None
        self.abandoned = False


class DaemonExecutor(ThreadPoolExecutor):
    """Runs each call at once: on an idle daemon thread, else on a new one. Never joins.

    It inherits only because `loop.set_default_executor` demands the class; the pool of the base is never used.
    """

    def __init__(self) -> None:
        super().__init__(max_workers=1, thread_name_prefix=PREFIX)
        # Held while an answer is delivered: `shutdown`, which a loop calls before it is closed, cannot come between.
        self._delivery = threading.RLock()
        self._idle: list[_Worker] = []
        self._jobs: set[Job] = set()
        self._late = 0
        self._ended = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        return self.start(functools.partial(fn, *args, **kwargs), _name_of(fn)).future

    def start(self, call: Callable[[], object], name: str) -> Job:
        """Raises RuntimeError after `shutdown`."""
        job = Job(call, name)
        with self._delivery:
            if self._ended:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if self._idle:
                worker = self._idle.pop()
            else:
                worker = _Worker(self)
                worker.start()
            self._jobs.add(job)
        worker.inbox.put(job)
        return job

    def give_up(self, job: Job) -> None:
        """Nobody waits for this answer any longer. Nothing happens when it is there already."""
        with self._delivery:
            if job in self._jobs and not job.abandoned:
                job.abandoned = True
                if job.thread:
                    job.thread.name = _thread_name(job)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the idle threads and gives up the busy ones, whatever `wait` says."""
        with self._delivery:
            self._ended = True
            for worker in self._idle:
                worker.inbox.put(None)
            self._idle.clear()
            for job in self._jobs:
                self.give_up(job)

    def stats(self) -> ThreadStats:
        with self._delivery:
            abandoned = tuple(sorted(job.name for job in self._jobs if job.abandoned))
            return ThreadStats(len(self._jobs) - len(abandoned), len(self._idle), abandoned, self._late)

    def adopt(self, job: Job, thread: threading.Thread) -> None:
        """A worker's: the job is on this thread now."""
        with self._delivery:
            job.thread = thread
            thread.name = _thread_name(job)

    def deliver(self, job: Job, result: object, error: BaseException | None) -> None:
        """A worker's: the answer goes to the future, if anybody still wants it."""
        with self._delivery:
            self._jobs.discard(job)
            if job.abandoned:
                self._late += 1
            elif error is not None:
                job.future.set_exception(error)
            else:
                job.future.set_result(result)

    def keep(self, worker: _Worker) -> bool:
        """A worker's: whether it is to wait for another job."""
        with self._delivery:
            if self._ended or len(self._idle) >= MAX_IDLE:
                return False
            worker.name = f"{PREFIX} idle"
            self._idle.append(worker)
            return True

    def retire(self, worker: _Worker) -> bool:
        """A worker's, after waiting in vain: whether it may end. It may not when a job is on its way to it."""
        with self._delivery:
            if worker not in self._idle:
                return False
            self._idle.remove(worker)
            return True


class _Worker(threading.Thread):
    """Runs the jobs of its inbox, one at a time; None ends it."""

    def __init__(self, executor: DaemonExecutor) -> None:
        super().__init__(name=PREFIX, daemon=True)
        self.inbox: SimpleQueue[Job | None] = SimpleQueue()
        self._executor = executor

    def run(self) -> None:
        while job := self._next():
            self._executor.adopt(job, self)
            self._executor.deliver(job, *_answer(job.call))
            del job  # an idle thread holds nobody's result
            if not self._executor.keep(self):
                return

    def _next(self) -> Job | None:
        try:
            return self.inbox.get(timeout=IDLE_SECONDS)
        except Empty:
            return None if self._executor.retire(self) else self.inbox.get()


def _answer(call: Callable[[], object]) -> tuple[object, BaseException | None]:
    try:
        return call(), None
    except StopIteration:
        # A future cannot hold it: whoever awaits would wait for ever.
        return None, RuntimeError(f"{_name_of(call)} raised StopIteration")
    except BaseException as error:
        return None, error


def _executor_of(loop: asyncio.AbstractEventLoop) -> DaemonExecutor:
    """The loop's default executor, made ours if it is not yet. asyncio has no public way to ask for it."""
    executor = getattr(loop, "_default_executor", None)
    if not isinstance(executor, DaemonExecutor):
        executor = DaemonExecutor()
        loop.set_default_executor(executor)
    return executor


def _name_of(function: Callable[..., object]) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__qualname__", type(function).__qualname__)


def _thread_name(job: Job) -> str:
    return f"{PREFIX} {job.name}{' (abandoned)' if job.abandoned else ''}"
