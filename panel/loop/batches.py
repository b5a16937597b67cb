"""When callbacks run: asyncio's own ready queue and timer heap, emptied in batches between the turns of Qt.

Owns the queue, the batches with their bound on time, and what holds in a nested Qt loop. How the loop starts and ends
is not its business: that is `panel_loop`.
"""

# asyncio's queue and running-loop slot are what this file is about; test_loop_names.py holds each name.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import math
import sys
import threading
import time
from asyncio import BaseEventLoop, events
from asyncio.log import logger
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, TypeVarTuple

from PySide6.QtCore import QCoreApplication

from .base import CALLBACK_IS_KNOWN, Callback
from .debugging import drop_own_line, name_of
from .descriptors import DescriptorHandle, Descriptors, Side
from .pulse import Pulse
from .timers import TimedLoop
from .waker import Waker

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

Ts = TypeVarTuple("Ts")

new_callback = Callback.__new__

BUDGET = 0.002
"""Seconds of callbacks before Qt gets its turn. Measured: longer gains little, and the host's timers wait for it."""


class BatchedLoop(TimedLoop):
    """A loop that Qt wakes once a batch.

    It is asyncio's running loop only while a batch runs: between batches `asyncio.get_running_loop()` raises, so that
    another plug-in's `asyncio.run()` works on the same thread.
    """

    def __init__(self, app: QCoreApplication) -> None:
        self.pulse = Pulse()
        self._depth = 0  # batches on the stack: above 1 a callback has entered a nested Qt loop
        self._awake = False
        self._silent = False  # nothing is to be run any more
        self._parked: list[Callback] = []
        self._closing = threading.RLock()
        self._waker = Waker(on_soon=self._on_soon, on_turn=self._on_turn, on_time=self._on_time)
        self._descriptors = Descriptors(self._waker, self._on_ready)
        super().__init__(app)

    # qasync has versions of these that lose a context, an error or a thread. asyncio's own do the work here.
    run_in_executor = BaseEventLoop.run_in_executor
    set_default_executor = BaseEventLoop.set_default_executor
    is_running = BaseEventLoop.is_running
    get_debug = BaseEventLoop.get_debug
    set_exception_handler = BaseEventLoop.set_exception_handler
    default_exception_handler = BaseEventLoop.default_exception_handler
    call_exception_handler = BaseEventLoop.call_exception_handler

    def set_debug(self, enabled: bool) -> None:
        # Not asyncio's own: while a loop runs, that has every coroutine of the thread note where it was made, the
        # host's too, for as long as the host lives.
        self._debug = enabled
        self._by_hand = CALLBACK_IS_KNOWN and not (enabled or self._closed)

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        if self._by_hand:
            # What `asyncio.Handle(...)` makes, for two thirds of its price: not by way of C, and no question to us.
            handle = new_callback(Callback)
            handle._context = copy_context() if context is None else context
            handle._loop = self
            handle._callback = callback
            handle._args = args
            handle._cancelled = False
            handle._repr = handle._source_traceback = None
            self._ready.append(handle)
        else:
            handle = BaseEventLoop.call_soon(self, callback, *args, context=context)
            drop_own_line(handle)
        if not self._awake:
            self._wake()
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = Callback(callback, args, self, context)
        drop_own_line(handle)
        with self._closing:
            self._check_closed()
            self._ready.append(handle)
            self._wake()
        return handle

    def _add_callback(self, handle: Callback) -> None:
        """asyncio's way in for signals."""
        self._ready.append(handle)
        if not self._awake:
            self._wake()

    def _add_reader(self, fd: FileDescriptorLike, callback: Callable[..., object], *args: object) -> asyncio.Handle:
        return self._watch(self._descriptors.readers, fd, callback, args)

    def _add_writer(self, fd: FileDescriptorLike, callback: Callable[..., object], *args: object) -> asyncio.Handle:
        return self._watch(self._descriptors.writers, fd, callback, args)

    def _remove_reader(self, fd: FileDescriptorLike) -> bool:
        return not self.is_closed() and self._descriptors.readers.remove(_number(fd))

    def _remove_writer(self, fd: FileDescriptorLike) -> bool:
        return not self.is_closed() and self._descriptors.writers.remove(_number(fd))

    def _watch(
        self, side: Side, fd: FileDescriptorLike, callback: Callable[..., object], args: tuple[object, ...]
    ) -> asyncio.Handle:
        self._check_closed()
        handle = DescriptorHandle(callback, args, self)
        side.add(_number(fd), handle)
        return handle

    def _wake(self) -> None:
        if self.pulse.post():
            self._waker.soon()

    def _on_soon(self) -> None:
        self.pulse.arrived()
        self._run_batch()

    def _on_time(self) -> None:
        self.pulse.late(self._alarm_at)
        self._alarm_at = math.inf
        self._run_batch()

    def _on_turn(self) -> None:
        self._awake = False
        self._descriptors.wake_resting()  # before: a callback may enter a nested Qt loop, which needs them
        self._run_batch()

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
        if around is None and self._depth:
            events._set_running_loop(around := self)  # stock qasync sets none when it ends, a neighbour's in our step
        aside = _step_aside({around, self}) if around else ()
        events._set_running_loop(self)
        sys.set_asyncgen_hooks(self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)
        self._depth += 1
        self._awake = True
        self._waker.keep_turning()  # wakes us in a nested Qt loop
        try:
            if self._scheduled:
                self._take_due_timers()
            self._run_ready()
        finally:
            self._depth -= 1
            sys.set_asyncgen_hooks(*hooks)
            events._set_running_loop(around)
            for loop, task in aside:
                asyncio.tasks._enter_task(loop, task)
            self._settle()
        if self._awake:
            # A thread that waits for the interpreter is told at the end of each batch that it is free, and wakes too
            # late, since Qt's turn is short. Without this it waits for as long as there is a backlog.
            time.sleep(0)

    def _run_ready(self) -> None:
        ready, clock = self._ready, time.monotonic
        nested, debug = self._depth > 1, self._debug
        count = 0
        begin = now = clock()
        end = begin + BUDGET
        self.pulse.begin(begin)
        while True:  # CPython 3.11 counts the turns of no other loop when it looks for code to make faster
            if not ready or now >= end:
                break
            handle = ready.popleft()
            callback, args = handle._callback, handle._args  # first: a thread may cancel it just now
            if handle._cancelled:
                continue
            if nested and _is_entered(handle):
                self._parked.append(handle)
                continue
            count += 1
            try:
                if debug:
                    self._run_and_time(handle)
                else:
                    handle._context.run(callback, *args)
            except (SystemExit, KeyboardInterrupt) as error:
                self._on_exit_request(error)
                break
            except BaseException as error:
                self._tell({"message": "Exception in a callback", "exception": error, "handle": handle})
            now = clock()
        handle = callback = args = None  # an error holds this frame for as long as somebody holds the error
        self.pulse.end(now - begin, count)

    def _settle(self) -> None:
        """After a batch: who wakes us next?"""
        if self._parked:
            self._take_parked()
        self._awake = bool(self._ready or self._descriptors.resting)
        if self._awake:
            self._waker.keep_turning()  # a batch in a nested Qt loop may have stopped it
        else:
            self._waker.stop_turning()
        if self._scheduled:
            self._set_alarm()

    def _fall_silent(self) -> None:
        """From here on nothing is run, whoever asks."""
        self._silent = True
        self._by_hand = self._awake = False
        self._descriptors.close()
        self._waker.fall_silent()

    def _on_exit_request(self, error: BaseException) -> None:
        """A callback raised SystemExit or KeyboardInterrupt."""
        raise NotImplementedError

    def _tell(self, context: dict[str, Any]) -> None:
        """A handler that wants to exit itself is heard as a callback is. In a slot of Qt's it would end the process."""
        try:
            self.call_exception_handler(context)
        except (SystemExit, KeyboardInterrupt) as error:
            self._on_exit_request(error)

    def _take_parked(self) -> None:
        """Those whose context is free go to the front of the queue; a stack of dialogs unwinds one by one."""
        parked, self._parked = self._parked, []
        free = list[Callback]()
        for handle in parked:
            (self._parked if self._depth and _is_entered(handle) else free).append(handle)
        self._ready.extendleft(reversed(free))

    def _run_and_time(self, handle: Callback) -> None:
        """asyncio's debug mode: names the callbacks that are slow."""
        begin = time.monotonic()
        self._current_handle = handle
        try:
            handle._run()
        finally:
            self._current_handle = None
        if (took := time.monotonic() - begin) >= self.slow_callback_duration:
            logger.warning("%s took %.3f seconds", name_of(handle), took)


def _step_aside(
    loops: set[asyncio.AbstractEventLoop],
) -> list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]]:
    """Leaves the tasks on the stack, the running loop's and ours: while one is current, asyncio steps no other."""
    aside = [(loop, task) for loop in loops if (task := asyncio.current_task(loop))]
    for loop, task in aside:
        asyncio.tasks._leave_task(loop, task)
    return aside


def _is_entered(handle: Callback) -> bool:
    """Whether its context is in use further down the stack. Run now, asyncio would lose the callback."""
    try:
        handle._context.run(bool)
    except RuntimeError:
        return True
    return False


def _number(fd: FileDescriptorLike) -> int:
    """Raises ValueError for a file that is closed."""
    number = fd if isinstance(fd, int) else fd.fileno()
    if number < 0:
        raise ValueError(f"Invalid file descriptor: {number}")
    return number
