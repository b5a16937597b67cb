"""How descriptors become ready: by Qt's notifiers, or waited for without Qt when a host quits.

Owns one notifier for each descriptor and direction. What is run, and when, is the loop's.
"""

from __future__ import annotations

import asyncio
import math
import select
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QSocketNotifier

from .base import Callback


class DescriptorHandle(Callback):
    """The callback of a descriptor. It is run again and again, but never twice at a time: while it is on the stack its
    context is entered, so that in a nested Qt loop it is parked."""

    __slots__ = ("queued",)

    def __init__(
        self, callback: Callable[..., object], args: tuple[object, ...], loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(self._call, (callback, *args), loop)  # a cycle; `cancel` undoes it
        self.queued = False

    def _call(self, callback: Callable[..., object], *args: object) -> None:
        self.queued = False
        callback(*args)


class Watch:
    """One descriptor in one direction. Its notifier stays on: switching it for each event costs a turn of Qt."""

    def __init__(self, fd: int, kind: QSocketNotifier.Type, handle: DescriptorHandle, all_of_them: Descriptors) -> None:
        self.fd = fd
        self.handle = handle
        self._all = all_of_them
        self._open = True
        # With a parent it outlives its last reference, which may go while it is still sending its signal.
        self._notifier = QSocketNotifier(fd, kind, all_of_them.parent)
        self._notifier.activated.connect(self._on_activated)

    def wake(self) -> None:
        self._notifier.setEnabled(True)

    def close(self) -> None:
        self._open = False
        self.handle.cancel()
        self._notifier.setEnabled(False)
        self._notifier.activated.disconnect(self._on_activated)
        self._notifier.deleteLater()
        if self in self._all.resting:
            self._all.resting.remove(self)

    def _on_activated(self) -> None:
        handle = self.handle
        if handle.cancelled():
            self._all.forget(self)  # as asyncio's own selector loop does
        elif (handle.queued or self._offer(handle)) and self._open:  # its callback may have removed it
            self._notifier.setEnabled(False)
            self._all.resting.append(self)

    def _offer(self, handle: DescriptorHandle) -> bool:
        handle.queued = True
        return self._all.on_ready(handle)


class Side:
    """All descriptors of one direction."""

    def __init__(self, kind: QSocketNotifier.Type, all_of_them: Descriptors) -> None:
        self._kind = kind
        self._all = all_of_them
        self._watches: dict[int, Watch] = {}

    def __len__(self) -> int:
        return len(self._watches)

    def add(self, fd: int, handle: DescriptorHandle) -> None:
        if watch := self._watches.get(fd):
            watch.handle.cancel()
            watch.handle = handle
        else:
            self._watches[fd] = Watch(fd, self._kind, handle, self._all)

    def remove(self, fd: int) -> bool:
        watch = self._watches.pop(fd, None)
        if watch:
            watch.close()
        return watch is not None

    def forget(self, watch: Watch) -> None:
        if self._watches.get(watch.fd) is watch:
            self.remove(watch.fd)

    def close(self) -> None:
        for fd in list(self._watches):
            self.remove(fd)

    def handles(self) -> Iterator[tuple[int, DescriptorHandle]]:
        for fd, watch in self._watches.items():
            yield fd, watch.handle


class Descriptors:
    """All descriptors of a loop.

    `on_ready` queues a callback and says whether the loop has a backlog. Then the descriptor rests until Qt has had
    its turn: Qt's glib dispatcher runs timers when nothing else is ready, so a notifier that fires on and on would
    starve every timer of the host.
    """

    def __init__(self, parent: QObject, on_ready: Callable[[DescriptorHandle], bool]) -> None:
        self.parent = parent
        self.on_ready = on_ready
        self.readers = Side(QSocketNotifier.Type.Read, self)
        self.writers = Side(QSocketNotifier.Type.Write, self)
        self.resting: list[Watch] = []

    def __len__(self) -> int:
        return len(self.readers) + len(self.writers)

    def wake_resting(self) -> None:
        """Qt has had its turn."""
        for watch in self.resting:
            watch.wake()
        self.resting.clear()

    def forget(self, watch: Watch) -> None:
        self.readers.forget(watch)
        self.writers.forget(watch)

    def close(self) -> None:
        self.readers.close()
        self.writers.close()
        self.on_ready = _never  # or the loop and this would hold each other

    def wait(self, seconds: float) -> list[DescriptorHandle]:
        """Waits without Qt, for at most `seconds`; the callbacks of those that are ready and not queued yet."""
        poll = select.poll()
        wanted = [
            (fd, mask, handle)
            for side, mask in ((self.readers, select.POLLIN), (self.writers, select.POLLOUT))
            for fd, handle in side.handles()
            if not handle.queued
        ]
        masks: dict[int, int] = {}
        for fd, mask, _ in wanted:
            masks[fd] = masks.get(fd, 0) | mask
            poll.register(fd, masks[fd])
        events = dict(poll.poll(math.ceil(seconds * 1000)))
        failed = select.POLLERR | select.POLLHUP | select.POLLNVAL
        ready = [handle for fd, mask, handle in wanted if events.get(fd, 0) & (mask | failed)]
        for handle in ready:
            handle.queued = True
        return ready


def _never(_: DescriptorHandle) -> bool:
    return False
