"""When callbacks run: asyncio's own ready queue and timer heap, emptied in batches between the turns of Qt.

Owns the queue, the batches with their bound on time, and what holds in a nested Qt loop. How the loop starts and ends
is not its business: that is `loop.py`.
"""

# asyncio's queue, heap and running-loop slot are what this file is about; test_loop_names.py holds each name.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import heapq
import math
import sys
import threading
import time
from asyncio import BaseEventLoop, events
from asyncio.log import logger
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING, TypeVarTuple

from PySide6.QtCore import QCoreApplication, QSocketNotifier

from .base import Base
from .qt import DescriptorHandle, Side, Waker

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

Ts = TypeVarTuple("Ts")

BUDGET = 0.002
"""Seconds of callbacks before Qt gets its turn. Measured: longer gains little, and the host's timers wait for it."""
SAMPLES = 512
"""Wake-ups whose lag is remembered."""


class BatchedLoop(Base):
    """A loop that Qt wakes once a batch.

    It is asyncio's running loop only while a batch runs: between batches `asyncio.get_running_loop()` raises, so that
    another plug-in's `asyncio.run()` works on the same thread.
    """

    def __init__(self, app: QCoreApplication) -> None:
        self._depth = 0  # batches on the stack: above 1 a callback has entered a nested Qt loop
        self._awake = False  # a batch runs, or Qt calls back after its turn: nobody needs to wake us
        self._woken_at = 0.0  # when a wake-up was posted; 0: none is on its way
        self._alarm_at = math.inf
        self._parked: list[asyncio.Handle] = []
        self._closing = threading.RLock()
        self._callbacks = self._batches = 0
        self._longest = 0.0
        self._lags: deque[float] = deque([0.0], SAMPLES)
        self._waker = Waker(on_soon=self._on_soon, on_turn=self._on_turn, on_time=self._on_time)
        self._readers = Side(QSocketNotifier.Type.Read, self._waker, self._on_ready)
        self._writers = Side(QSocketNotifier.Type.Write, self._waker, self._on_ready)
        super().__init__(app)

    # qasync has versions of these that lose a context, an error or a thread. asyncio's own do the work here.
    call_later = BaseEventLoop.call_later
    run_in_executor = BaseEventLoop.run_in_executor
    set_default_executor = BaseEventLoop.set_default_executor
    is_running = BaseEventLoop.is_running
    get_debug = BaseEventLoop.get_debug
    set_debug = BaseEventLoop.set_debug
    set_exception_handler = BaseEventLoop.set_exception_handler
    default_exception_handler = BaseEventLoop.default_exception_handler
    call_exception_handler = BaseEventLoop.call_exception_handler

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        if self._debug or self._closed:
            handle = BaseEventLoop.call_soon(self, callback, *args, context=context)
        else:
            handle = asyncio.Handle(callback, args, self, context)
            self._ready.append(handle)
        if not self._awake:
            self._wake()
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        with self._closing:
            self._check_closed()
            self._ready.append(handle)
            self._wake()
        return handle

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        timer = BaseEventLoop.call_at(self, when, callback, *args, context=context)
        if not self._awake and when < self._alarm_at:
            self._arm()
        return timer

    def _add_callback(self, handle: asyncio.Handle) -> None:
        """asyncio's way in for signals."""
        self._ready.append(handle)
        if not self._awake:
            self._wake()

    def _add_reader(self, fd: FileDescriptorLike, callback: Callable[..., object], *args: object) -> asyncio.Handle:
        return self._watch(self._readers, fd, callback, args)

    def _add_writer(self, fd: FileDescriptorLike, callback: Callable[..., object], *args: object) -> asyncio.Handle:
        return self._watch(self._writers, fd, callback, args)

    def _remove_reader(self, fd: FileDescriptorLike) -> bool:
        return not self.is_closed() and self._readers.remove(_number(fd))

    def _remove_writer(self, fd: FileDescriptorLike) -> bool:
        return not self.is_closed() and self._writers.remove(_number(fd))

    def _watch(
        self, side: Side, fd: FileDescriptorLike, callback: Callable[..., object], args: tuple[object, ...]
    ) -> asyncio.Handle:
        self._check_closed()
        handle = DescriptorHandle(callback, args, self)
        side.add(_number(fd), handle)
        return handle

    def _wake(self) -> None:
        if not self._woken_at:
            self._woken_at = time.monotonic()
            self._waker.soon()

    def _on_soon(self) -> None:
        if self._woken_at:  # a thread and we may have posted at the same moment
            self._lags.append(time.monotonic() - self._woken_at)
            self._woken_at = 0.0
        self._run_batch()

    def _on_time(self) -> None:
        self._alarm_at = math.inf
        self._run_batch()

    def _on_turn(self) -> None:
        self._awake = False
        resting = self._readers.take_resting() + self._writers.take_resting()
        self._run_batch()
        for watch in resting:
            watch.wake()

    def _on_ready(self, handle: DescriptorHandle) -> bool:
        self._ready.append(handle)
        if not self._awake:
            self._run_batch()
        return self._awake

    def _run_batch(self) -> None:
        """Runs what is due, as asyncio's running loop, and leaves everything as it was.

        A task may be on the stack, when its step has entered a nested Qt loop. It steps aside, so that others run.
        """
        if self._thread_id is None:
            return  # asyncio's callbacks wait for the loop to run
        around, hooks = events._get_running_loop(), sys.get_asyncgen_hooks()
        aside = asyncio.current_task(around) if around else None
        if around and aside:
            asyncio.tasks._leave_task(around, aside)
        events._set_running_loop(self)
        sys.set_asyncgen_hooks(self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)
        self._depth += 1
        self._awake = True
        self._waker.keep_turning()  # wakes us in a nested Qt loop
        try:
            self._take_due_timers()
            self._run_ready()
        finally:
            self._depth -= 1
            sys.set_asyncgen_hooks(*hooks)
            events._set_running_loop(around)
            if around and aside:
                asyncio.tasks._enter_task(around, aside)
            self._settle()

    def _run_ready(self) -> None:
        ready, clock, nested = self._ready, time.monotonic, self._depth > 1
        begin = now = clock()
        count = 0
        while ready and now - begin < BUDGET:
            handle = ready.popleft()
            if handle._cancelled:
                continue
            if nested and _is_entered(handle):
                self._parked.append(handle)
                continue
            count += 1
            try:
                if self._debug:
                    self._run_and_time(handle)
                else:
                    handle._run()
            except (SystemExit, KeyboardInterrupt) as error:
                self._on_exit_request(error)
                break
            now = clock()
        self._callbacks += count
        self._batches += 1
        self._longest = max(self._longest, now - begin)

    def _settle(self) -> None:
        """After a batch: who wakes us next?"""
        if not self._depth:
            if self._parked:
                self._ready.extendleft(reversed(self._parked))
                self._parked.clear()
            self._readers.unblock()
            self._writers.unblock()
        self._awake = bool(self._ready) or self._readers.has_resting() or self._writers.has_resting()
        if not self._awake:
            self._waker.stop_turning()
        self._arm()

    def _on_exit_request(self, error: BaseException) -> None:
        """A callback raised SystemExit or KeyboardInterrupt."""
        raise NotImplementedError

    def _take_due_timers(self) -> None:
        scheduled = self._scheduled
        if self._timer_cancelled_count > 100 and self._timer_cancelled_count * 2 > len(scheduled):
            self._drop_cancelled_timers()
        end = time.monotonic() + self._clock_resolution
        while scheduled and scheduled[0]._when < end:
            handle = self._pop_timer()
            if not handle._cancelled:
                self._ready.append(handle)

    def _drop_cancelled_timers(self) -> None:
        """asyncio leaves them in the heap until they are due; here a stream makes one with every chunk."""
        for handle in self._scheduled:
            handle._scheduled = not handle._cancelled
        self._scheduled[:] = [handle for handle in self._scheduled if handle._scheduled]
        heapq.heapify(self._scheduled)
        self._timer_cancelled_count = 0

    def _pop_timer(self) -> asyncio.TimerHandle:
        handle = heapq.heappop(self._scheduled)
        handle._scheduled = False
        if handle._cancelled:
            self._timer_cancelled_count -= 1
        return handle

    def _arm(self) -> None:
        """Sets Qt's timer to the next deadline. One that is set to an earlier time stays: at worst it wakes us once."""
        scheduled = self._scheduled
        while scheduled and scheduled[0]._cancelled:
            self._pop_timer()
        if scheduled and scheduled[0]._when < self._alarm_at:
            self._alarm_at = scheduled[0]._when
            self._waker.at(self._alarm_at - time.monotonic())

    def _run_and_time(self, handle: asyncio.Handle) -> None:
        """asyncio's debug mode: names the callbacks that are slow."""
        begin = time.monotonic()
        self._current_handle = handle
        try:
            handle._run()
        finally:
            self._current_handle = None
        if (took := time.monotonic() - begin) >= self.slow_callback_duration:
            logger.warning("Executing %r took %.3f seconds", handle, took)


def _is_entered(handle: asyncio.Handle) -> bool:
    """Whether its context is in use further down the stack. Run now, asyncio would lose the callback."""
    context: Context = handle._context  # pyright: ignore
    try:
        context.run(bool)
    except RuntimeError:
        return True
    return False


def _number(fd: FileDescriptorLike) -> int:
    """Raises ValueError for a file that is closed."""
    number = fd if isinstance(fd, int) else fd.fileno()
    if number < 0:
        raise ValueError(f"Invalid file descriptor: {number}")
    return number
