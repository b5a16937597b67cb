"""Calls that other threads hand to the loop: bounded, in order, and never waiting for a lock of ours.

Owns the queue between the threads and the loop, and the end of each call's future. The tasks that come of it are the
scope's.

There is no lock, so `put` may come from a signal handler and from a finalizer as well. What holds instead: a thread
first appends and then looks whether the intake was closed; closing first says so and then empties. In whichever order
the two meet, one of them finds the call.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections import deque
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any

from .stats import ThreadCount
from .terms import Origin, Owner, ScopeClosed, name_of

MOST_CALLS = 10_000
"""Calls that may wait in one scope. Threads that meet at the bound may each put one more."""
SLICE = 0.001
"""Seconds of calls before others on the loop have their turn. A batch of `PanelLoop` is two."""
PATIENCE = 0.0002
"""Seconds that a thread which calls spends on calls of others: never a millisecond."""


class Call:
    __slots__ = ("args", "context", "func", "future", "origin", "owner")

    def __init__(self, owner: Owner, func: Callable[..., object], args: tuple[object, ...], origin: Origin) -> None:
        self.owner = owner
        self.func = func
        self.args = args
        self.origin = origin
        self.future: Future[Any] = Future()
        self.context = copy_context()


class Intake:
    """The queue of one scope, which only the calls in it know: a scope that was let go waits for no garbage collector.

    `late` counts the calls that come after closing: a closed scope is soon forgotten, the root of its tree is not.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, bound: int, late: ThreadCount | None = None) -> None:
        self.dropped = ThreadCount()
        self.late = late or self.dropped
        self._loop = loop
        self._bound = bound
        self._calls: deque[Call] = deque()
        self._followed: dict[asyncio.Task[object], Future[Any]] = {}
        self._woken = False  # `_drain` is on its way
        self._closed = False

    @property
    def waiting(self) -> int:
        return len(self._calls)

    def put(self, call: Call) -> Future[Any]:
        """From any thread, at any time, also when the loop is closed."""
        if self._closed:
            _drop(call, self.late)
        elif len(self._calls) >= self._bound:
            _drop(call, self.dropped)
        else:
            self._calls.append(call)
            if self._closed or self._loop.is_closed():
                self._give_up()
            elif not self._woken:
                self._wake()
        return call.future

    def close(self) -> None:
        """Drops what has not begun, and whatever comes from now on."""
        count = self.late if self._closed else self.dropped
        self._closed = True
        while call := self._next():
            _drop(call, count)

    def _give_up(self) -> None:
        """Nobody runs what waits: it is dropped by those who still call, at least one each, and by whoever closes."""
        end = time.monotonic() + PATIENCE
        while call := self._next():
            _drop(call, self.late if self._closed else self.dropped)
            if time.monotonic() >= end:
                return

    def let_go(self, tasks: Collection[asyncio.Task[object]]) -> None:
        """Nobody waits for these tasks any longer: nor shall the threads that asked for them."""
        for task in tasks:
            if future := self._followed.pop(task, None):
                _cancel(future)

    def _next(self) -> Call | None:
        try:  # asking first would not do: another thread may empty it in between
            return self._calls.popleft()
        except IndexError:
            return None

    def _wake(self) -> None:
        self._woken = True
        try:
            self._loop.call_soon_threadsafe(self._drain)
        except RuntimeError:  # the loop was closed in between
            self._give_up()

    def _drain(self) -> None:
        """Runs calls until none is left, or until it is the others' turn."""
        # Asked for before anything runs, because a call may enter a nested Qt loop, or raise.
        again = self._loop.call_soon(self._drain)
        end = time.monotonic() + SLICE
        while self._run_next():
            if time.monotonic() >= end:
                return
        again.cancel()
        self._woken = False
        if self._calls:  # put there while `_woken` still stood
            self._wake()

    def _run_next(self) -> bool:
        """Whether there was one."""
        if (call := self._next()) is None:
            return False
        name = name_of(call.func)
        if call.future.cancelled():
            _cancel(call.future)
            call.owner.ended(name, "cancelled", call.origin)
            return True
        try:
            result = call.context.run(call.func, *call.args)
        except BaseException as error:
            _answer(call.future, error=error)
            call.owner.ended(name, "failed", call.origin, error)
            if isinstance(error, (SystemExit, KeyboardInterrupt)):
                raise  # the loop decides, as it does when a task raises them
        else:
            if inspect.iscoroutine(result):
                self._follow(call, result, name)
            else:
                _answer(call.future, result)
                call.owner.ended(name, "done", call.origin)
        finally:
            del call  # or the error's traceback and its future keep each other
        return True

    def _follow(self, call: Call, coro: Coroutine[None, None, object], name: str) -> None:
        try:
            task = call.context.run(partial(call.owner.start, coro, name=name, origin=call.origin))
        except ScopeClosed:
            _drop(call, self.late)
            return
        self._followed[task] = call.future
        task.add_done_callback(self._on_done)
        call.future.add_done_callback(partial(self._cancel_too, task))

    def _on_done(self, task: asyncio.Task[object]) -> None:
        if (future := self._followed.pop(task, None)) is None:
            return  # let go
        if task.cancelled():
            _cancel(future)
        elif (error := task.exception()) is not None:
            _answer(future, error=error)
        else:
            _answer(future, task.result())

    def _cancel_too(self, task: asyncio.Task[object], future: Future[Any]) -> None:
        """On whichever thread the future ended."""
        if future.cancelled() and not task.done():
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(task.cancel)


def _answer(future: Future[Any], result: object = None, error: BaseException | None = None) -> None:
    """Nothing happens when the caller has cancelled it."""
    if future.set_running_or_notify_cancel():
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


def _cancel(future: Future[Any]) -> None:
    future.cancel()
    future.set_running_or_notify_cancel()  # `concurrent.futures.wait` hears of it only by this


def _drop(call: Call, count: ThreadCount) -> None:
    count.add()
    _cancel(call.future)
