"""Qt's half of `PanelLoop`: how Qt wakes it, and how descriptors become ready.

Owns the QObjects: one wake-up signal, two timers, one notifier for each descriptor and direction. It decides nothing:
what is run, and when, is the loop's.
"""

from __future__ import annotations

import asyncio
import math
import select
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QSocketNotifier, Qt, QTimerEvent, Signal

LONGEST = 2**31 - 1
"""Milliseconds that a Qt timer can be set to; what is due later is armed again then."""


class Waker(QObject):
    """Calls back from Qt: soon, when it has had its turn, or at a time."""

    _soon = Signal()

    def __init__(
        self, *, on_soon: Callable[[], None], on_turn: Callable[[], None], on_time: Callable[[], None]
    ) -> None:
        super().__init__()
        self._on_soon, self._on_turn, self._on_time = on_soon, on_turn, on_time
        self._turn_timer = 0
        self._time_timer = 0
        queued = Qt.ConnectionType.QueuedConnection
        self._soon.connect(self._be_soon, queued)  # pyright: ignore[reportArgumentType] - the stubs of 6.5

    def soon(self) -> None:
        """One posted event. From any thread."""
        self._soon.emit()

    def keep_turning(self) -> None:
        """Back whenever Qt has had its turn, until `stop_turning`."""
        if not self._turn_timer:
            self._turn_timer = self.startTimer(0)

    def stop_turning(self) -> None:
        if self._turn_timer:
            self.killTimer(self._turn_timer)
            self._turn_timer = 0

    def at(self, seconds: float) -> None:
        """Back in `seconds`, not earlier; instead of the time asked for before."""
        self.forget_time()
        milliseconds = min(math.ceil(max(seconds, 0.0) * 1000), LONGEST)
        self._time_timer = self.startTimer(milliseconds, Qt.TimerType.PreciseTimer)

    def forget_time(self) -> None:
        if self._time_timer:
            self.killTimer(self._time_timer)
            self._time_timer = 0

    def close(self) -> None:
        self.stop_turning()
        self.forget_time()
        self._soon.disconnect(self._be_soon)
        self._on_soon = self._on_turn = self._on_time = _nothing  # or the loop and this would hold each other
        self.deleteLater()

    def timerEvent(self, event: QTimerEvent) -> None:
        # Both are killed first: Qt never fires a timer that is on the stack, and a nested Qt loop needs one.
        if event.timerId() == self._time_timer:
            self.forget_time()
            self._on_time()
        elif event.timerId() == self._turn_timer:
            self.stop_turning()
            self._on_turn()

    def _be_soon(self) -> None:
        self._on_soon()


class DescriptorHandle(asyncio.Handle):
    """The callback of a descriptor. It is run again and again, but never twice at a time.

    `blocked`: it is on the stack, and has perhaps entered a nested Qt loop.
    """

    __slots__ = ("blocked", "queued")

    def __init__(
        self, callback: Callable[..., object], args: tuple[object, ...], loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(callback, args, loop)
        self.queued = False
        self.blocked = False

    def _run(self) -> None:
        self.queued = False
        self.blocked = True
        try:
            super()._run()
        finally:
            self.blocked = False


class Watch:
    """One descriptor in one direction. Its notifier stays on: switching it for each event costs a turn of Qt."""

    def __init__(self, fd: int, side: Side, handle: DescriptorHandle) -> None:
        self.fd = fd
        self.handle = handle
        self._side = side
        # With a parent it outlives its last reference, which may go while it is still sending its signal.
        self._notifier = QSocketNotifier(fd, side.kind, side.parent)
        self._notifier.activated.connect(self._on_activated)

    def rest(self) -> None:
        self._notifier.setEnabled(False)

    def wake(self) -> None:
        # Its callback may have been removed in the batch that it rested for; its descriptor may be closed by now.
        if not self.handle.cancelled():
            self._notifier.setEnabled(True)

    def close(self) -> None:
        self.handle.cancel()
        self._notifier.setEnabled(False)
        self._notifier.activated.disconnect(self._on_activated)
        self._notifier.deleteLater()

    def _on_activated(self) -> None:
        self._side.on_activated(self)


class Side:
    """All descriptors of one direction.

    `on_ready` queues a callback and says whether the loop has a backlog. Then the descriptor rests until Qt has had
    its turn: Qt's glib dispatcher runs timers when nothing else is ready, so a notifier that fires on and on would
    starve every timer of the host.
    """

    def __init__(
        self, kind: QSocketNotifier.Type, parent: QObject, on_ready: Callable[[DescriptorHandle], bool]
    ) -> None:
        self.kind = kind
        self.parent = parent
        self._on_ready = on_ready
        self._watches: dict[int, Watch] = {}
        self._resting: list[Watch] = []
        self._blocked: list[Watch] = []

    def __len__(self) -> int:
        return len(self._watches)

    def add(self, fd: int, handle: DescriptorHandle) -> None:
        if watch := self._watches.get(fd):
            watch.handle.cancel()
            watch.handle = handle
        else:
            self._watches[fd] = Watch(fd, self, handle)

    def remove(self, fd: int) -> bool:
        watch = self._watches.pop(fd, None)
        if watch is None:
            return False
        for waiting in (self._resting, self._blocked):
            if watch in waiting:
                waiting.remove(watch)
        watch.close()
        return True

    def close(self) -> None:
        for fd in list(self._watches):
            self.remove(fd)
        self._on_ready = _never

    def has_resting(self) -> bool:
        return bool(self._resting)

    def take_resting(self) -> list[Watch]:
        """Those to wake after the next batch."""
        resting, self._resting = self._resting, []
        return resting

    def unblock(self) -> None:
        """The stack has unwound."""
        if self._blocked:
            blocked, self._blocked = self._blocked, []
            for watch in blocked:
                watch.wake()

    def handles(self) -> Iterator[tuple[int, DescriptorHandle]]:
        for fd, watch in self._watches.items():
            yield fd, watch.handle

    def on_activated(self, watch: Watch) -> None:
        handle = watch.handle
        if handle.cancelled():
            self.remove(watch.fd)  # as asyncio's own selector loop does
        elif handle.blocked:
            watch.rest()
            self._blocked.append(watch)
        elif handle.queued or self._offer(handle):
            watch.rest()
            self._resting.append(watch)

    def _offer(self, handle: DescriptorHandle) -> bool:
        handle.queued = True
        # It may be removed by the very batch that this begins; then there is nothing to rest.
        return self._on_ready(handle) and not handle.cancelled()


def select_ready(readers: Side, writers: Side, seconds: float) -> list[DescriptorHandle]:
    """Waits on these descriptors without Qt, for at most `seconds`; the callbacks of those that are ready."""
    poll = select.poll()
    wanted = [
        (fd, mask, handle)
        for side, mask in ((readers, select.POLLIN), (writers, select.POLLOUT))
        for fd, handle in side.handles()
        if not handle.blocked
    ]
    masks: dict[int, int] = {}
    for fd, mask, _ in wanted:
        masks[fd] = masks.get(fd, 0) | mask
        poll.register(fd, masks[fd])
    events = dict(poll.poll(math.ceil(seconds * 1000)))
    failed = select.POLLERR | select.POLLHUP | select.POLLNVAL
    ready = [handle for fd, mask, handle in wanted if not handle.queued and events.get(fd, 0) & (mask | failed)]
    for handle in ready:
        handle.queued = True
    return ready


def _never(_: DescriptorHandle) -> bool:
    return False


def _nothing() -> None:
    pass
