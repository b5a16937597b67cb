"""Windows' half of the loop, on any system: a port of our own takes the place of Windows' completion port."""

from __future__ import annotations

import asyncio
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from types import ModuleType

import pytest
from nuke_ai_panel.panel.loop import PanelLoop
from nuke_ai_panel.panel.loop.completions import Completions, post_nothing, wakeup_fd_kept
from qt_host import Host

ENOUGH = 20.0


class Port:
    """What qasync's proactor is to us: `select` gives what has completed, or nothing when somebody interrupts."""

    def __init__(self) -> None:
        self.packets: queue.SimpleQueue[list[object]] = queue.SimpleQueue()
        self.waits: list[float | None] = []
        self.threads: list[int] = []

    def select(self, timeout: float | None = None) -> list[object]:
        self.waits.append(timeout)
        self.threads.append(threading.get_ident())
        try:
            return self.packets.get(timeout=timeout)
        except queue.Empty:
            return []

    def complete(self, *operations: object) -> None:
        self.packets.put(list(operations))


class OnWindows:
    """A PanelLoop as it is there: descriptors are replaced by completions, which come to `seen`."""

    def __init__(self, qapp: object) -> None:
        self.port, self.seen = Port(), list[tuple[object, int]]()
        self.loop = PanelLoop(qapp)  # type: ignore[arg-type]
        self.on_completed: Callable[[], object] = int
        self.loop._completions = Completions(  # pyright: ignore[reportPrivateUsage]
            self.port,  # type: ignore[arg-type]
            deliver=lambda completed: self.loop.call_soon_threadsafe(self.process, completed),
            process=self.process,
            interrupt=lambda _: self.port.complete(),
        )

    def process(self, completed: list[object]) -> None:
        self.seen += [(operation, threading.get_ident()) for operation in completed]
        self.on_completed()


@pytest.fixture
def windows(qapp) -> OnWindows:
    return OnWindows(qapp)


def waiting_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "nuke-ai-panel completions"]


def test_completions_are_waited_for_without_limit_and_processed_on_the_loops_thread(windows: OnWindows):
    loop = windows.loop
    done = loop.create_future()
    windows.on_completed = lambda: len(windows.seen) == 3 and done.set_result(None)

    async def main() -> None:
        windows.port.complete("read", "write")
        windows.port.complete("accept")
        await done

    loop.run_until_complete(main())
    assert windows.seen == [(name, threading.get_ident()) for name in ("read", "write", "accept")]
    assert set(windows.port.waits) == {None}, "nobody polls"
    assert threading.get_ident() not in windows.port.threads
    assert waiting_threads() == []
    loop.close()


def test_an_idle_loop_looks_at_the_port_once(windows: OnWindows, qapp):
    host, loop = Host(qapp), windows.loop.attach()
    loop.call_later(0.02, host.quit)
    host.exec(int)
    assert windows.port.waits == [None]
    loop.detach()
    assert waiting_threads() == []


def test_each_run_has_a_thread_and_ends_it(windows: OnWindows):
    for _ in range(3):
        windows.loop.run_until_complete(asyncio.sleep(0))
        assert waiting_threads() == []
    windows.loop.close()


def test_finish_waits_on_its_own_thread_and_hears_other_threads(windows: OnWindows, qapp):
    host, loop = Host(qapp), windows.loop.attach()
    heard = loop.create_future()

    def from_a_thread() -> None:
        while windows.port.waits[-1] is None:  # until the loop's thread waits itself
            time.sleep(0)
        loop.call_soon_threadsafe(heard.set_result, "heard")

    def quit_host() -> None:
        thread = threading.Thread(target=from_a_thread)
        windows.port.complete("before")
        thread.start()
        begin = time.monotonic()
        assert loop.finish(heard, ENOUGH)
        assert time.monotonic() - begin < ENOUGH / 2
        thread.join()
        assert waiting_threads() == ["nuke-ai-panel completions"], "the host runs on"
        host.quit()

    host.exec(quit_host)
    loop.detach()
    assert [name for name, _ in windows.seen] == ["before"] and waiting_threads() == []


def test_what_completes_while_finish_waits_is_processed_there(windows: OnWindows):
    loop = windows.loop.attach()
    done = loop.create_future()
    windows.on_completed = lambda: done.done() or done.set_result(None)
    loop.call_soon(windows.port.complete, "read")
    assert loop.finish(done, ENOUGH)
    assert windows.seen[0][0] == "read"
    loop.detach()


def test_a_packet_that_belongs_to_nobody_ends_a_wait(monkeypatch: pytest.MonkeyPatch):
    """Its address is not 0: `GetQueuedCompletionStatus` would raise for it."""
    posted: list[tuple[int, ...]] = []
    overlapped = ModuleType("_overlapped")
    overlapped.PostQueuedCompletionStatus = lambda *packet: posted.append(packet)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "_overlapped", overlapped)
    port = Port()
    port._iocp = 42  # type: ignore[attr-defined]
    post_nothing(port)  # type: ignore[arg-type]
    ((handle, size, key, address),) = posted
    assert (handle, size, key) == (42, 0, 0) and address


def test_the_hosts_descriptor_for_signals_is_as_it_was():
    """asyncio's loop for Windows sets its own when it is made, and none when it closes."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        before = signal.set_wakeup_fd(ours.fileno())
        try:
            with wakeup_fd_kept():
                signal.set_wakeup_fd(-1)
            assert signal.set_wakeup_fd(-1) == ours.fileno()
        finally:
            signal.set_wakeup_fd(before)


def test_on_another_thread_signals_are_not_touched():
    failed: list[BaseException] = []

    def make_a_loop() -> None:
        try:
            with wakeup_fd_kept():
                pass
        except ValueError as error:
            failed.append(error)

    thread = threading.Thread(target=make_a_loop)
    thread.start()
    thread.join()
    assert failed == []
