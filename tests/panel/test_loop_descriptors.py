"""Descriptors rest while the loop has a backlog: a notifier that fires on and on starves the host's timers."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator

import pytest
from nuke_ai_panel.panel.loop.descriptors import DescriptorHandle, Descriptors
from PySide6.QtCore import QObject, QTimer


class Backlog:
    """A loop that queues callbacks and never comes to them."""

    def __init__(self) -> None:
        self.offered: list[DescriptorHandle] = []

    def __call__(self, handle: DescriptorHandle) -> bool:
        self.offered.append(handle)
        return True


@pytest.fixture
def ready_socket() -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"x")
        yield ours


async def qt_turns(count: int) -> None:
    """Qt has had its turn this many times."""
    turns, done = list[int](), asyncio.Event()
    timer = QTimer()

    def turn() -> None:
        turns.append(1)
        if len(turns) == count:
            done.set()

    timer.timeout.connect(turn)
    timer.start(0)
    await done.wait()
    timer.stop()


async def test_a_descriptor_is_offered_once_and_rests_under_a_backlog(ready_socket: socket.socket):
    backlog, parent = Backlog(), QObject()
    descriptors = Descriptors(parent, backlog)
    handle = DescriptorHandle(print, (), asyncio.get_running_loop())
    descriptors.readers.add(ready_socket.fileno(), handle)
    await qt_turns(5)
    assert backlog.offered == [handle]
    assert [watch.handle for watch in descriptors.resting] == [handle]

    descriptors.wake_resting()
    assert descriptors.resting == []
    await qt_turns(5)
    assert backlog.offered == [handle], "it is queued still"
    assert len(descriptors.resting) == 1
    descriptors.close()


async def test_one_that_is_removed_while_it_rests_is_not_woken(ready_socket: socket.socket):
    parent = QObject()
    descriptors = Descriptors(parent, Backlog())
    descriptors.readers.add(ready_socket.fileno(), DescriptorHandle(print, (), asyncio.get_running_loop()))
    await qt_turns(2)
    (watch,) = descriptors.resting
    notifier = watch._notifier  # pyright: ignore[reportPrivateUsage]
    assert descriptors.readers.remove(ready_socket.fileno())
    descriptors.wake_resting()
    assert not notifier.isEnabled()


async def test_one_that_is_removed_by_its_own_callback_under_a_backlog_does_not_rest(ready_socket: socket.socket):
    """It would be woken after it is gone: its number may be another socket's by then."""
    parent = QObject()

    def remove_it(_: DescriptorHandle) -> bool:
        assert descriptors.readers.remove(ready_socket.fileno())
        return True

    descriptors = Descriptors(parent, remove_it)
    descriptors.readers.add(ready_socket.fileno(), DescriptorHandle(print, (), asyncio.get_running_loop()))
    await qt_turns(2)
    assert descriptors.resting == [] and len(descriptors) == 0


async def test_one_whose_callback_is_cancelled_while_it_rests_serves_the_next_callback(ready_socket: socket.socket):
    backlog, parent = Backlog(), QObject()
    descriptors = Descriptors(parent, backlog)
    first, second = (DescriptorHandle(print, (), asyncio.get_running_loop()) for _ in range(2))
    descriptors.readers.add(ready_socket.fileno(), first)
    await qt_turns(2)
    first.cancel()
    descriptors.wake_resting()
    descriptors.readers.add(ready_socket.fileno(), second)
    await qt_turns(2)
    assert backlog.offered == [first, second]
    descriptors.close()


async def test_a_callback_that_is_replaced_before_its_turn_never_runs(ready_socket: socket.socket):
    backlog, parent = Backlog(), QObject()
    descriptors = Descriptors(parent, backlog)
    loop = asyncio.get_running_loop()
    first, second = (DescriptorHandle(print, (), loop) for _ in range(2))
    descriptors.readers.add(ready_socket.fileno(), first)
    await qt_turns(2)
    descriptors.readers.add(ready_socket.fileno(), second)
    assert backlog.offered == [first] and first.cancelled() and not second.cancelled()
    descriptors.close()


def waited_for(fd: int, *sides: str) -> list[str]:
    """Which of these directions a wait without Qt finds ready."""
    parent, loop = QObject(), asyncio.get_running_loop()
    descriptors = Descriptors(parent, Backlog())
    handles = {side: DescriptorHandle(print, (side,), loop) for side in sides}
    for side, handle in handles.items():
        getattr(descriptors, side).add(fd, handle)
    ready = descriptors.wait(0)
    assert all(handle.queued for handle in ready)
    descriptors.close()
    return [side for side, handle in handles.items() if handle in ready]


async def test_without_qt_both_directions_of_one_descriptor_are_waited_for(ready_socket: socket.socket):
    assert waited_for(ready_socket.fileno(), "readers", "writers") == ["readers", "writers"]
    assert waited_for(ready_socket.fileno(), "writers", "readers") == ["writers", "readers"]


async def test_without_qt_a_pipe_whose_other_end_is_closed_is_ready():
    """Its reader is told of the end in no other way."""
    ours, theirs = os.pipe()
    assert waited_for(ours, "readers") == []
    os.close(theirs)
    assert waited_for(ours, "readers") == ["readers"]
    os.close(ours)
