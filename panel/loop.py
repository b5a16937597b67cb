"""PanelLoop: qasync.QEventLoop with asyncio's own ready queue and timer heap; Qt is woken once per batch.
Prototype (own code), measured in notes/loop.md. Works standalone (run_until_complete) and embedded (attach())."""
import asyncio, heapq, sys, time
from asyncio import events, BaseEventLoop
from PySide6 import QtCore
import qasync, shiboken6

READ, WRITE = QtCore.QSocketNotifier.Type.Read, QtCore.QSocketNotifier.Type.Write


class _Pump(QtCore.QObject):
    wake = QtCore.Signal()

    def __init__(self, loop):
        super().__init__()
        self.loop, self.zero, self.later, self.later_when, self.posted = loop, 0, 0, None, False
        self.wake.connect(self.on_wake, QtCore.Qt.ConnectionType.QueuedConnection)

    @QtCore.Slot()
    def on_wake(self):
        self.posted = False
        self.loop._drain()

    def timerEvent(self, ev):
        loop = self.loop
        if ev.timerId() == self.later:
            self.killTimer(self.later)
            self.later, self.later_when = 0, None
        rest, loop._resting = loop._resting, []
        loop._drain()
        for n in rest:
            if shiboken6.isValid(n):
                n.setEnabled(True)


class PanelLoop(qasync.QEventLoop):
    BUDGET = 0.002          # seconds of callbacks per turn before Qt gets its turn

    def __init__(self, app=None):
        self._pump, self._depth, self._attached = _Pump(self), 0, False
        self._queued, self._busy, self._parked, self._resting, self._fd_handles = set(), set(), [], [], {}
        self._over = False
        super().__init__(app)

    # scheduling: stock containers (_ready deque, _scheduled heap)
    def call_soon(self, callback, *args, context=None):
        h = BaseEventLoop.call_soon(self, callback, *args, context=context)
        if not self._pump.zero:
            self._wake()
        return h

    def call_at(self, when, callback, *args, context=None):
        h = BaseEventLoop.call_at(self, when, callback, *args, context=context)
        if not self._pump.zero and self._scheduled[0] is h:
            self._arm_timer()
        return h

    def call_later(self, delay, callback, *args, context=None):
        return BaseEventLoop.call_later(self, delay, callback, *args, context=context)

    def call_soon_threadsafe(self, callback, *args, context=None):
        self._check_closed()
        h = events.Handle(callback, args, self, context)
        self._ready.append(h)
        self._wake(True)
        return h

    def _add_callback(self, handle, delay=0):           # signals, IOCP
        self._ready.append(handle)
        self._wake()
        return handle

    def _wake(self, threadsafe=False):
        p = self._pump
        if not p.posted and (threadsafe or not p.zero):
            p.posted = True
            p.wake.emit()                               # queued connection: one posted event per batch

    def _arm_timer(self):
        p, s = self._pump, self._scheduled
        while s and s[0]._cancelled:
            self._timer_cancelled_count -= 1
            heapq.heappop(s)._scheduled = False
        when = s[0]._when if s else None
        if when == p.later_when and (p.later or when is None):
            return
        if p.later:
            p.killTimer(p.later)
            p.later, p.later_when = 0, None
        if when is not None:                            # ceil: never early
            ms = min(max(0, -int(-(when - self.time()) * 1000 // 1)), 2**31 - 1)
            p.later, p.later_when = p.startTimer(ms, QtCore.Qt.TimerType.PreciseTimer), when

    def _drain(self):
        if self._closed:
            return
        p, ready, sched, clock = self._pump, self._ready, self._scheduled, time.monotonic
        queued, busy = self._queued, self._busy
        prev, hooks = events._get_running_loop(), sys.get_asyncgen_hooks()
        events._set_running_loop(self)                  # only while our callbacks run
        sys.set_asyncgen_hooks(self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)
        outer = asyncio.current_task(self) if self._depth else None
        if outer is not None:                           # a task step entered a nested Qt loop: step aside
            asyncio.tasks._leave_task(self, outer)
        self._depth += 1
        if not p.zero:                                  # sentinel: wakes us in such a nested loop
            p.zero = p.startTimer(0)
        deadline, self._over = clock() + self.BUDGET, False
        try:
            if self._timer_cancelled_count > 100 and len(sched) < 2 * self._timer_cancelled_count:
                keep = []
                for h in sched:
                    if h._cancelled:
                        h._scheduled = False
                    else:
                        keep.append(h)
                heapq.heapify(keep)
                sched[:] = keep
                self._timer_cancelled_count = 0
            end = clock() + self._clock_resolution
            while sched and sched[0]._when < end:
                h = heapq.heappop(sched)
                h._scheduled = False
                if h._cancelled:
                    self._timer_cancelled_count -= 1
                else:
                    ready.append(h)
            while ready:
                h = ready.popleft()
                io = h in queued if queued else False
                if io:
                    queued.discard(h)
                if not h._cancelled:
                    if io:
                        busy.add(h)
                    try:
                        if self._debug:
                            self._run_debug(h, clock)
                        else:
                            h._run()
                    finally:
                        if io:
                            busy.discard(h)
                    if clock() >= deadline:
                        self._over = True
                        break
        finally:
            h = None
            self._depth -= 1
            if outer is not None:
                asyncio.tasks._enter_task(self, outer)
            sys.set_asyncgen_hooks(*hooks)
            events._set_running_loop(prev)
            if not self._closed:
                if not ready and not self._resting and p.zero:
                    p.killTimer(p.zero)
                    p.zero = 0                          # else it stays: Qt gets a turn, then the rest
                self._arm_timer()
                if self._parked and not self._depth:
                    for n in self._parked:
                        if shiboken6.isValid(n):
                            n.setEnabled(True)
                    self._parked.clear()

    def _run_debug(self, h, clock):
        self._current_handle, t0 = h, clock()
        try:
            h._run()
        finally:
            self._current_handle = None
        if (dt := clock() - t0) >= self.slow_callback_duration:
            asyncio.log.logger.warning("Executing %s took %.3f seconds", asyncio.base_events._format_handle(h), dt)

    # readers/writers: one notifier per fd and direction, not toggled per event; handles are returned (bpo-30064)
    def _fd_add(self, table, kind, fd, callback, args):
        self._check_closed()
        fd = qasync._fileno(fd)
        h, key = events.Handle(callback, args, self, None), (kind, fd)
        old, self._fd_handles[key] = self._fd_handles.get(key), h
        if old is not None:
            old.cancel()
            return h
        n = table[fd] = QtCore.QSocketNotifier(fd, kind)

        def ready_now(*_):
            cur = self._fd_handles.get(key)
            if cur is None or cur in self._busy:        # removed, or its callback is on the stack (nested loop)
                n.setEnabled(False)
                if cur is not None:
                    self._parked.append(n)
            elif cur not in self._queued:
                self._queued.add(cur)
                self._ready.append(cur)
                p = self._pump
                if not p.zero:
                    self._drain()
                    if not self._over or self._closed:
                        return
                # backlog: this fd rests until the next 0 ms tick. Qt's glib dispatcher runs timers at idle
                # priority, so a notifier that is always ready would starve every QTimer of the host.
                n.setEnabled(False)
                self._resting.append(n)
                if not p.zero:
                    p.zero = p.startTimer(0)
        n.activated.connect(ready_now)
        n.setEnabled(True)
        return h

    def _fd_del(self, table, kind, fd):
        if self.is_closed():
            return
        fd = qasync._fileno(fd)
        n, h = table.pop(fd, None), self._fd_handles.pop((kind, fd), None)
        if n is None:
            return False
        h.cancel()
        n.setEnabled(False)
        for rest in (self._parked, self._resting):
            if n in rest:
                rest.remove(n)
        n.deleteLater()
        return True

    def _add_reader(self, fd, cb, *args): return self._fd_add(self._read_notifiers, READ, fd, cb, args)
    def _add_writer(self, fd, cb, *args): return self._fd_add(self._write_notifiers, WRITE, fd, cb, args)
    def _remove_reader(self, fd): return self._fd_del(self._read_notifiers, READ, fd)
    def _remove_writer(self, fd): return self._fd_del(self._write_notifiers, WRITE, fd)

    # stock executor: ThreadPoolExecutor, bound to this loop; shutdown_default_executor() works
    run_in_executor = BaseEventLoop.run_in_executor
    set_default_executor = BaseEventLoop.set_default_executor

    def set_debug(self, enabled):
        super().set_debug(enabled)
        self._debug = enabled

    def run_forever(self):
        self._check_closed()
        return super().run_forever()

    # embedded: the host owns exec(); nothing is set globally and app.exit() is never called
    def attach(self):
        self._attached = True
        self._before_run_forever()                      # Windows: IOCP poller
        return self

    def is_running(self):
        return self._attached or super().is_running()

    def stop(self):
        if self._attached:
            raise RuntimeError("the host owns the Qt loop; use detach()")
        super().stop()

    def detach(self):
        if self._attached:
            self._attached = False
            self._after_run_forever()
        self.close()

    def close(self):
        if not self.is_closed() and not self.is_running():
            for n in [*self._read_notifiers.values(), *self._write_notifiers.values()]:
                n.setEnabled(False)
                n.deleteLater()
            self._read_notifiers.clear(); self._write_notifiers.clear(); self._fd_handles.clear()
            p = self._pump
            for t in filter(None, (p.zero, p.later)):
                p.killTimer(t)
            p.zero = p.later = 0
        super().close()
