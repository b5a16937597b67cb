"""Every task has an owner, a name and an end. No Qt.

Owns the making of tasks, the reporting of their failures, and the order of closing. Scopes nest:

    application > panel > conversation turn

Closing goes from the innermost scopes outwards. What does not end in time is named and let go.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, TypeVar

T = TypeVar("T")
OnClose = Literal["cancel", "finish"]
OnFailure = Callable[[str, BaseException], None]
"""Told of each failure once: the task's full name, `application/panel/turn`, and its error."""

LEAVING = 1.0
"""Seconds that `async with` gives to closing."""

log = logging.getLogger("nuke_ai_panel")


class ScopeClosed(RuntimeError):
    """The scope takes no new tasks: it is closed, or closing."""


@dataclass(frozen=True, slots=True)
class ScopeStats:
    """A scope with all scopes inside it. `names` are the full names of what is running."""

    running: int
    done: int
    failed: int
    cancelled: int
    names: tuple[str, ...]


class TaskScope:
    """The owner of tasks that end together. Used on its loop's thread; Qt slots may start tasks too.

    `loop` defaults to the loop that is running when the scope is made.
    """

    def __init__(
        self, name: str, *, on_failure: OnFailure | None = None, loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        self.name = name
        self._on_failure = _log_failure if on_failure is None else on_failure
        self._loop = loop or asyncio.get_running_loop()
        self._parent: TaskScope | None = None
        self._children: list[TaskScope] = []
        self._tasks: dict[asyncio.Task[object], OnClose] = {}
        self._done = self._failed = self._cancelled = 0
        self._closed = False

    def child(self, name: str) -> TaskScope:
        """A scope that is closed before this one, and reports to the same. Raises ScopeClosed."""
        if self._closed:
            raise ScopeClosed(f"{self.name} is closed; {name} was not opened")
        child = TaskScope(f"{self.name}/{name}", on_failure=self._on_failure, loop=self._loop)
        child._parent = self
        self._children.append(child)
        return child

    def start(self, coro: Coroutine[None, None, T], *, name: str, on_close: OnClose = "cancel") -> asyncio.Task[T]:
        """Runs a coroutine as a task of this scope.

        Its failure goes to `on_failure` and hurts no sibling. Closing the scope cancels it, or with `on_close="finish"`
        waits for it. Raises ScopeClosed.
        """
        full_name = f"{self.name}/{name}"
        if self._closed or self._loop.is_closed():
            coro.close()
            raise ScopeClosed(f"{self.name} is closed; {name} was not started")
        task = self._loop.create_task(coro, name=full_name)
        self._tasks[task] = on_close
        task.add_done_callback(self._on_done)
        return task

    async def close(self, deadline: float) -> tuple[str, ...]:
        """Ends everything inside, innermost first, within `deadline` seconds; returns the names of what did not end.

        From the first moment nothing new is taken. Every level gets an equal share of the time that is left. What is
        late is cancelled, whatever was agreed, and let go.
        """
        levels = self._levels()
        for scope in (scope for level in levels for scope in level):
            scope._closed = True
        end = self._loop.time() + deadline
        left: list[asyncio.Task[object]] = []
        while levels:
            share = (end - self._loop.time()) / len(levels)
            level = levels.pop()
            left += await _wait(share, [task for scope in level for task in scope._ask_to_end()])
            for scope in level:
                scope._forget_when_empty()
        names = tuple(sorted(task.get_name() for task in left))
        await _let_go(left)
        return names

    def stats(self) -> ScopeStats:
        inside = [child.stats() for child in self._children]
        return ScopeStats(
            running=len(self._tasks) + sum(stats.running for stats in inside),
            done=self._done + sum(stats.done for stats in inside),
            failed=self._failed + sum(stats.failed for stats in inside),
            cancelled=self._cancelled + sum(stats.cancelled for stats in inside),
            names=(*(task.get_name() for task in self._tasks), *(name for stats in inside for name in stats.names)),
        )

    async def __aenter__(self) -> TaskScope:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in await self.close(LEAVING):
            log.error("%s did not end", name)

    def _on_done(self, task: asyncio.Task[object]) -> None:
        del self._tasks[task]
        # Asking for the exception is what keeps asyncio from saying "Task exception was never retrieved".
        error = None if task.cancelled() else task.exception()
        if task.cancelled():
            self._cancelled += 1
        elif error is None:
            self._done += 1
        else:
            self._failed += 1
        if self._closed:
            self._forget_when_empty()
        if error is not None:
            self._on_failure(task.get_name(), error)

    def _ask_to_end(self) -> list[asyncio.Task[object]]:
        """Cancels what may be cancelled; returns all that is to be waited for, so not the task that is closing."""
        tasks = {task: how for task, how in self._tasks.items() if task is not asyncio.current_task()}
        for task, how in tasks.items():
            if how == "cancel":
                task.cancel()
        return list(tasks)

    def _levels(self) -> list[list[TaskScope]]:
        """This scope, its children, their children, and so on."""
        levels: list[list[TaskScope]] = [[self]]
        while inner := [child for scope in levels[-1] for child in scope._children]:
            levels.append(inner)
        return levels

    def _forget_when_empty(self) -> None:
        """A closed scope with nothing left in it leaves its parent only its counts."""
        if self._tasks or self._children or self._parent is None:
            return
        parent, self._parent = self._parent, None
        parent._children.remove(self)
        parent._done += self._done
        parent._failed += self._failed
        parent._cancelled += self._cancelled
        if parent._closed:
            parent._forget_when_empty()


async def _wait(seconds: float, tasks: Collection[asyncio.Task[object]]) -> list[asyncio.Task[object]]:
    """Those that are not done after `seconds`."""
    if tasks:
        await asyncio.wait(tasks, timeout=max(seconds, 0))
    return [task for task in tasks if not task.done()]


async def _let_go(tasks: Collection[asyncio.Task[object]]) -> None:
    """One last cancel, then asyncio is told that these are pending on purpose: they were named already."""
    for task in tasks:
        task.cancel()
    await asyncio.sleep(0)
    for task in tasks:
        task._log_destroy_pending = False  # pyright: ignore[reportAttributeAccessIssue]


def _log_failure(name: str, error: BaseException) -> None:
    log.error("%s failed", name, exc_info=error)
