"""`TaskScope`: the owner of tasks that end together.

Owns the making of tasks and the order of closing. Scopes nest:

    application > panel > conversation turn

Closing goes from the innermost scopes outwards. What does not end in time is named and let go.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Any, TypeVar, TypeVarTuple, overload

from .closing import Closers, Tasks
from .failures import log_failure, tell
from .intake import MOST_CALLS, Call, Intake
from .jobs import MOST_WAITING, WORKERS, JobQueue
from .ledger import Ledger, Owned
from .periodic import PeriodicJob, Timing
from .stats import ScopeStats
from .terms import AfterFailure, OnClose, OnFailure, Origin, Outcome, ScopeClosed, caller, place

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

LEAVING = 1.0
"""Seconds that `async with` gives to closing."""

log = logging.getLogger("nuke_ai_panel")


class TaskScope:
    """The owner of tasks. Used on its loop's thread, from Qt slots too; other threads have `run_from_thread`.

    `loop` defaults to the loop that is running when the scope is made. `most_calls` of threads may wait.
    """

    def __init__(
        self,
        name: str,
        *,
        on_failure: OnFailure | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        most_calls: int = MOST_CALLS,
        parent: TaskScope | None = None,
    ) -> None:
        """`parent`: by `child` only."""
        self.name = name
        self._on_failure = log_failure if on_failure is None else on_failure
        self._loop = loop or asyncio.get_running_loop()
        self._most_calls = most_calls
        self._parent = parent
        self._children: list[TaskScope] = []
        self._ledger = Ledger()
        self._closed = False
        self._closers = parent._closers if parent else Closers()
        self._intake = Intake(self._loop, bound=most_calls, late=parent._intake.late if parent else None)
        self._queues: list[JobQueue] = []

    def child(self, name: str) -> TaskScope:
        """A scope that is closed before this one, and reports to the same. Raises ScopeClosed."""
        if self._closed:
            raise ScopeClosed(f"{self.name} is closed; {name} was not opened")
        child = TaskScope(
            f"{self.name}/{name}",
            on_failure=self._on_failure,
            loop=self._loop,
            most_calls=self._most_calls,
            parent=self,
        )
        self._children.append(child)
        return child

    def start(
        self,
        coro: Coroutine[None, None, T],
        *,
        name: str,
        on_close: OnClose = "cancel",
        on_failure: AfterFailure = "report",
        origin: Origin | None = None,
    ) -> asyncio.Task[T]:
        """Runs a coroutine as a task of this scope.

        Its failure is told with its origin, by default the line that called this, and hurts no sibling;
        `on_failure="close"` closes the scope. Closing cancels the task, or with `on_close="finish"` waits for it.
        Raises ScopeClosed.

        SystemExit and KeyboardInterrupt are told like any failure; whether they end the program the loop decides.
        """
        if self._closed or self._loop.is_closed():
            coro.close()
            raise ScopeClosed(f"{self.name} is closed; {name} was not started")
        # Not by the loop's factory: an eager one would run it before it has an owner.
        task = asyncio.Task(coro, loop=self._loop, name=f"{self.name}/{name}")
        # What is pending when all is over, we name ourselves.
        task._log_destroy_pending = False  # pyright: ignore[reportAttributeAccessIssue]
        self._ledger.tasks[task] = Owned(name, origin or caller(), on_close, on_failure)
        task.add_done_callback(self._on_done)
        return task

    def every(
        self,
        seconds: float,
        func: Callable[[], object],
        *,
        name: str,
        jitter: float = 0.1,
        on_close: OnClose = "cancel",
        timing: Timing | None = None,
    ) -> PeriodicJob:
        """Calls `func` each period, the first time after one, never twice at a time; what it awaits is awaited.

        `jitter` is the part of a period, below a half, by which a run may come earlier or later. A run that fails is
        told, and the next one comes when it is due. Raises ScopeClosed, ValueError.
        """
        return PeriodicJob(
            seconds,
            func,
            name=name,
            jitter=jitter,
            on_close=on_close,
            timing=timing or Timing(),
            owner=self,
            origin=caller(),
        )

    def jobs(self, *, workers: int = WORKERS, bound: int = MOST_WAITING) -> JobQueue:
        """A queue of background jobs: `workers` run at a time, at most `bound` wait. Raises ScopeClosed, ValueError."""
        if self._closed:
            raise ScopeClosed(f"{self.name} is closed; no queue was made")
        queue = JobQueue(self._loop, self, workers=workers, bound=bound)
        self._queues.append(queue)
        return queue

    @overload
    def run_from_thread(self, func: Callable[[*Ts], Coroutine[Any, Any, T]], *args: *Ts) -> Future[T]: ...
    @overload
    def run_from_thread(self, func: Callable[[*Ts], T], *args: *Ts) -> Future[T]: ...

    def run_from_thread(self, func: Callable[..., object], *args: object) -> Future[Any]:
        """Calls `func(*args)` on the loop's thread, in the order of asking; a coroutine becomes a task of this scope.

        From any thread, at any time; never waits. Each future ends: with the result, with the error, which is told as
        a task's is, or cancelled and counted as dropped when the scope or its loop is closed or too many calls wait.
        Cancelling it takes the call back, or cancels its task.
        """
        return self._intake.put(Call(self, func, args, caller()))

    async def close(self, deadline: float) -> tuple[str, ...]:
        """Ends everything inside, innermost first, within `deadline` seconds; returns the names of what did not end.

        From the first moment nothing new is taken, and what waits to begin is dropped. Every level gets an equal share
        of the time that is left. What is late is cancelled, whatever was agreed, and let go. A task may close the
        scope it lives in: it is not waited for. Closing again waits again for what is still there.
        """
        levels = self._levels()
        scopes = [scope for level in levels for scope in level]
        for scope in scopes:
            scope._refuse()
        end = self._loop.time() + deadline
        with self._closers.entered(scope._ledger.tasks for scope in scopes) as spared:
            try:
                while levels:
                    share = (end - self._loop.time()) / len(levels)
                    await self._end(levels.pop(), share, spared)
            finally:  # cancelled on the way: nobody waits for the rest, but it shall end
                for scope in (scope for level in levels for scope in level):
                    scope._ledger.ask_to_end(spared)
            left = [task for scope in scopes for task in scope._let_go(spared)]
        await asyncio.sleep(0)
        return tuple(sorted(task.get_name() for task in left))

    def stats(self) -> ScopeStats:
        """Cheap enough to be shown twice a second."""
        inside = tuple(child.stats() for child in self._children)
        tally = self._ledger.tally
        return ScopeStats(
            name=self.name,
            running=len(self._ledger.tasks) + sum(child.running for child in inside),
            waiting=self._waiting() + sum(child.waiting for child in inside),
            done=tally.total("done") + sum(child.done for child in inside),
            failed=tally.total("failed") + sum(child.failed for child in inside),
            cancelled=tally.total("cancelled") + sum(child.cancelled for child in inside),
            dropped=self._dropped() + sum(child.dropped for child in inside),
            tasks=self._ledger.live(),
            by_name=self._ledger.by_name(),
            children=inside,
        )

    async def __aenter__(self) -> TaskScope:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in await self.close(LEAVING):
            log.error("%s did not end", name)

    def __del__(self) -> None:
        """Dropped with its loop, and not closed: what had failed is told all the same, what was pending is named."""
        if not hasattr(self, "_queues"):
            return  # not made: there was no loop
        self._intake.close()
        for task, owned in self._ledger.tasks.items():
            if not task.done() and owned.state != "let go":  # those were named
                log.error("%s was dropped while it ran", task.get_name())
        with contextlib.ExitStack() as every:  # also when a listener raises
            for task in reversed(self._ledger.tasks):
                if task.done():
                    every.callback(self._on_done, task)

    def _on_done(self, task: asyncio.Task[object]) -> None:
        owned, error = self._ledger.strike(task)
        if error is not None and owned.on_failure == "close" and not self._closed:
            self._end_at_once()
        if self._closed:
            self._closers.tell(len(self._ledger.tasks))
            self._forget_when_empty()
        if error is not None:  # last, for the listener may raise
            tell(self._on_failure, task.get_name(), place(owned.origin), error)

    def ended(self, name: str, outcome: Outcome, origin: Origin, error: BaseException | None = None) -> None:
        """The parts': counts a call or a job that ended without becoming a task, and tells its failure."""
        self._ledger.tally.count(name, outcome)
        if error is not None:
            tell(self._on_failure, f"{self.name}/{name}", place(origin), error)

    def _refuse(self) -> None:
        """From now on it takes nothing; what waits in it is dropped."""
        self._closed = True
        self._intake.close()
        while self._queues:
            self._ledger.tally.dropped += self._queues.pop().close()

    async def _end(self, level: list[TaskScope], seconds: float, spared: Tasks) -> None:
        """Waits until the scopes of one level are empty, for so many seconds at most."""
        end, waiting, in_time = self._loop.time() + seconds, level, True
        while in_time and (waiting := [scope for scope in waiting if scope._ledger.tasks]):  # they take no more
            for scope in waiting:
                scope._ledger.ask_to_end(spared)
            if not any(scope._ledger.has_beside(spared) for scope in waiting):
                break
            await self._closers.changed(end - self._loop.time())
            in_time = self._loop.time() < end  # whatever was told: what never dies may tell something for ever
        for scope in level:
            scope._forget_when_empty()

    def _let_go(self, spared: Tasks) -> list[asyncio.Task[object]]:
        """Nobody waits any longer for what has not ended, which is returned."""
        left = self._ledger.let_go(spared)
        self._intake.let_go(left)
        return left

    def _end_at_once(self) -> None:
        """After a failure: everything inside is asked to end. Who closes the scope waits for it, and names the rest."""
        levels = self._levels()
        scopes = [scope for level in reversed(levels) for scope in level]
        for scope in scopes:
            scope._refuse()
        for scope in scopes:
            scope._ledger.ask_to_end(())
            scope._forget_when_empty()

    def _levels(self) -> list[list[TaskScope]]:
        """This scope, its children, their children, and so on."""
        levels: list[list[TaskScope]] = [[self]]
        while inner := [child for scope in levels[-1] for child in scope._children]:
            levels.append(inner)
        return levels

    def _forget_when_empty(self) -> None:
        """A closed scope with nothing left in it leaves its parent only its counts."""
        if self._ledger.tasks or self._children or self._parent is None:
            return
        parent, self._parent = self._parent, None
        parent._children.remove(self)
        prefix = self.name.removeprefix(f"{parent.name}/")
        parent._ledger.tally.take_over(prefix, self._ledger.tally, dropped=self._dropped())
        if parent._closed:
            parent._forget_when_empty()

    def _waiting(self) -> int:
        return self._intake.waiting + sum(queue.waiting for queue in self._queues)

    def _dropped(self) -> int:
        return self._ledger.tally.dropped + self._intake.dropped.value()
