"""How the loop leaves a host: what `finish` runs, and what `detach` leaves. The host's own loop runs on."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from nuke_ai_panel.panel.loop import PanelLoop
from nuke_ai_panel.panel.loop.batches import BUDGET
from nuke_ai_panel.panel.loop.descriptors import Descriptors
from nuke_ai_panel.panel.tasks import TaskScope
from nuke_ai_panel.panel.threads import run_blocking
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog
from qt_host import Host, Ticks, call_from_the_host, modal, run


@pytest.fixture
def host(qapp) -> Host:
    return Host(qapp)


@pytest.fixture
def attached(qapp) -> Iterator[PanelLoop]:
    loop = PanelLoop(qapp).attach()
    yield loop
    loop.detach()


def test_detaching_leaves_the_hosts_loop_running(host: Host, qapp):
    loop, ticks = PanelLoop(qapp), Ticks()

    async def wait_for_ticks() -> None:
        while ticks.count < 3:
            await asyncio.sleep(0.001)

    def begin() -> None:
        loop.attach().call_soon(int)
        loop.detach()
        other = PanelLoop(qapp).attach()
        others.append(other)
        task = other.create_task(wait_for_ticks())
        task.add_done_callback(lambda _: host.quit(7))
        tasks.append(task)

    others: list[PanelLoop] = []
    tasks: list[asyncio.Task[None]] = []
    assert host.exec(begin) == 7
    ticks.stop()
    others[0].detach()
    assert loop.is_closed()


def test_a_callback_of_ours_that_quits_the_host_finds_its_loop_until_it_returns(host: Host, qapp):
    """Qt says `aboutToQuit` inside of `quit()`: finish and detach are called with a task of the loop on the stack."""
    loop, seen = PanelLoop(qapp).attach(), list[str]()

    async def quit_host() -> None:
        host.quit()
        seen.append("running" if not loop.is_closed() else "closed")
        loop.call_soon(int)

    def about_to_quit() -> None:
        assert loop.finish(loop.create_task(asyncio.sleep(0.001)), 1)
        loop.detach()
        seen.append("detached")

    qapp.aboutToQuit.connect(about_to_quit)
    try:
        host.exec(lambda: seen.append(loop.create_task(quit_host()).get_name()))
    finally:
        qapp.aboutToQuit.disconnect(about_to_quit)
    assert seen[1:] == ["detached", "running"]
    assert loop.is_closed()


def test_after_a_deferred_detach_a_nested_loop_runs_nothing_of_ours(host: Host, qapp, own):
    """A callback quits, and then asks in a dialog whether to save. It is the loop's last one."""
    loop, dialog, ticks = PanelLoop(qapp).attach(), own(QDialog()), Ticks()
    seen: list[str] = []
    ours, theirs = os.pipe()

    def leave() -> None:
        loop.detach()
        for late in (loop.call_soon, loop.call_soon_threadsafe):
            late(seen.append, "late call")
        loop.call_later(0, seen.append, "late timer")
        os.write(theirs, b"x")
        batches = loop.stats().batches
        ticks.each = lambda: ticks.count > 10 and dialog.accept()
        assert modal(dialog)
        assert loop.stats().batches == batches, "Qt's turns in the dialog are not ours"
        assert not loop.is_closed()
        seen.append("left")

    def begin() -> None:
        loop.add_reader(ours, seen.append, "descriptor")
        loop.call_soon(leave)
        loop.call_soon(seen.append, "next")
        QTimer.singleShot(0, look)

    def look() -> None:
        if loop.is_closed():
            host.quit()
        else:
            QTimer.singleShot(0, look)

    host.exec(begin)
    ticks.stop()
    os.close(ours)
    os.close(theirs)
    assert loop.is_closed() and seen[-1] == "left"
    assert set(seen) <= {"next", "left"}, seen


def test_detached_and_attached_two_hundred_times_in_mid_stream(host: Host, qapp):
    """Each time with a task, a descriptor, a timer and a thread that still brings something."""
    rounds: list[int] = []

    async def stream() -> None:
        while True:
            await asyncio.sleep(0)

    def once() -> None:
        loop = PanelLoop(qapp).attach()
        task = loop.create_task(stream())
        reading, writing = os.pipe()
        loop.add_reader(reading, int)
        loop.call_later(60, int)
        loop.run_in_executor(None, loop.call_soon_threadsafe, int)
        assert loop.finish(loop.create_task(asyncio.sleep(0)), 5)
        task.cancel()
        assert loop.finish(task, 5)
        loop.detach()
        os.close(reading)
        os.close(writing)
        rounds.append(1)
        if len(rounds) < 200:
            QTimer.singleShot(0, once)
        else:
            host.quit()

    descriptors = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    host.exec(once)
    assert len(rounds) == 200
    if sys.platform == "linux":
        assert len(os.listdir("/proc/self/fd")) <= descriptors


def test_about_to_quit_may_be_said_again_and_again(host: Host, qapp):
    """Qt says it inside of quit(), and at the end of every exec()."""
    said: list[str] = []
    loop = PanelLoop(qapp).attach()
    spinning = loop.create_task(asyncio.sleep(60))

    def about_to_quit() -> None:
        said.append("closed" if loop.is_closed() else "open")
        spinning.cancel()
        if not loop.is_closed():
            assert loop.finish(spinning, 1)
        loop.detach()

    def quit_twice() -> None:
        host.quit()
        host.quit()

    qapp.aboutToQuit.connect(about_to_quit)
    try:
        host.exec(quit_twice)
        own = PanelLoop(qapp)
        assert [own.run_until_complete(asyncio.sleep(0, number)) for number in range(3)] == [0, 1, 2]
        own.close()
    finally:
        qapp.aboutToQuit.disconnect(about_to_quit)
    assert said[0] == "open" and len(said) >= 4 and set(said[1:]) == {"closed"}


class TestFinish:
    """The quit of a host: only what is ours goes on."""

    def test_it_runs_our_tasks_timers_sockets_and_threads(self, host: Host, attached: PanelLoop):
        async def close() -> list[object]:
            ours, theirs = socket.socketpair()
            with ours, theirs:
                ours.setblocking(False)
                reading = attached.create_task(attached.sock_recv(ours, 10))
                await asyncio.sleep(0.001)
                theirs.send(b"bye")
                return [await reading, await run_blocking(len, "abc", deadline=5)]

        task = attached.create_task(close())
        assert call_from_the_host(host, lambda: attached.finish(task, 5)) is True
        assert task.result() == [b"bye", 3]

    def test_a_descriptor_that_waits_for_its_turn_is_not_run_twice(self, attached: PanelLoop):
        """The first one takes more than a batch may take; the second one is still ready when it is asked again."""
        first, second, reads = socket.socketpair(), socket.socketpair(), list[bytes]()
        for pair in (first, second):
            pair[0].setblocking(False)
            pair[1].send(b"1")

        def read_slowly() -> None:
            end = time.monotonic() + 2 * BUDGET
            while time.monotonic() < end:
                pass
            first[0].recv(1)

        async def until_read() -> None:
            while not reads:
                await asyncio.sleep(0)
            await asyncio.sleep(0.001)

        attached.add_reader(first[0], read_slowly)
        attached.add_reader(second[0], lambda: reads.append(second[0].recv(1)))
        assert attached.finish(attached.create_task(until_read()), 5)
        for end in (*first, *second):
            attached.remove_reader(end)
            end.close()
        assert reads == [b"1"]

    def test_it_is_no_stall_although_qt_delivers_nothing(self, attached: PanelLoop):
        """Else the watchdog would tell of every long quit."""
        seen: list[float] = []

        async def look() -> None:
            for _ in range(3):
                attached.call_soon_threadsafe(int)
                await asyncio.sleep(0.001)
                seen.append(attached.pulse.busy_since())

        assert attached.finish(attached.create_task(look()), 5)
        assert len(set(seen)) == 3

    def test_no_timer_of_the_host_fires_meanwhile(self, host: Host, attached: PanelLoop):
        ticks = Ticks()

        def quit_host() -> tuple[int, int]:
            before = ticks.count
            attached.finish(attached.create_task(asyncio.sleep(0.02)), 5)
            return before, ticks.count

        before, after = call_from_the_host(host, quit_host)  # type: ignore[misc]
        ticks.stop()
        assert before == after

    def test_a_stubborn_task_costs_no_more_than_the_deadline_and_is_named(self, host: Host, attached: PanelLoop):
        scopes: list[TaskScope] = []
        stubborn = True

        async def swallow() -> None:
            while stubborn:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    pass

        async def stream() -> None:
            await asyncio.sleep(60)

        async def begin() -> None:
            scopes.append(TaskScope("application"))
            scopes[0].start(swallow(), name="stubborn")
            for index in range(3):
                scopes[0].start(stream(), name=f"stream {index}")
            await asyncio.sleep(0)

        run(host, attached, begin())
        started = time.monotonic()
        closing = attached.create_task(scopes[0].close(0.1))
        assert call_from_the_host(host, lambda: attached.finish(closing, 1)) is True
        assert time.monotonic() - started < 1
        assert closing.result() == ("application/stubborn",)
        assert scopes[0].stats().names == ("application/stubborn",)
        stubborn = False
        task = next(iter(asyncio.all_tasks(attached)))
        task.cancel()
        assert attached.finish(task, 1)

    def test_it_gives_up_at_its_deadline(self, attached: PanelLoop):
        started = time.monotonic()
        assert attached.finish(attached.create_future(), 0.05) is False
        assert 0.05 <= time.monotonic() - started < 1

    def test_part_of_a_millisecond_is_waited_for_and_not_spun_away(self, attached: PanelLoop):
        async def sleep_often() -> None:
            for _ in range(20):
                await asyncio.sleep(0.0019)

        before = attached.stats().batches
        assert attached.finish(attached.create_task(sleep_often()), 5)
        assert attached.stats().batches - before <= 20 * 5

    def test_a_task_that_spins_does_not_hold_it_up(self, attached: PanelLoop):
        async def spin() -> None:
            while True:
                await asyncio.sleep(0)

        spinning = attached.create_task(spin())
        assert attached.finish(attached.create_future(), 0.05) is False
        spinning.cancel()
        assert attached.finish(spinning, 1)

    def test_quit_in_mid_stream_twice_closes_in_order(self, host: Host, attached: PanelLoop, qapp):
        """`aboutToQuit` is where a host lets us close; a second quit() says it again and cuts nothing short."""
        closed: list[str] = []
        scopes: list[TaskScope] = []

        async def stream() -> None:
            try:
                while True:
                    await asyncio.sleep(0)
            finally:
                await asyncio.sleep(0.01)
                closed.append("stream")

        async def start() -> None:
            scopes.append(TaskScope("application"))
            scopes[0].start(stream(), name="stream")

        def about_to_quit() -> None:
            if "quit" in closed:
                return
            closed.append("quit")
            host.quit()
            closing = attached.create_task(scopes[0].close(1))
            assert attached.finish(closing, 1)
            assert closing.result() == ()
            closed.append("scope")

        def begin() -> None:
            attached.create_task(start()).add_done_callback(lambda _: host.quit())

        qapp.aboutToQuit.connect(about_to_quit)
        try:
            host.exec(begin)
        finally:
            qapp.aboutToQuit.disconnect(about_to_quit)
        assert closed == ["quit", "stream", "scope"]

    def test_finish_ends_at_once_when_what_it_runs_detaches(self, host: Host, qapp):
        loop = PanelLoop(qapp).attach()
        begin = time.monotonic()
        loop.call_soon(loop.detach)
        assert loop.finish(loop.create_future(), 20) is False
        assert time.monotonic() - begin < 10 and loop.is_closed()

    def test_a_finish_within_a_finish_leaves_the_outer_one_awake_for_threads(self, attached: PanelLoop):
        """What is closed may ask the host to quit once more."""
        done, begin = attached.create_future(), time.monotonic()

        def once_more() -> None:
            assert attached.finish(attached.create_task(asyncio.sleep(0)), 1)
            threading.Thread(target=tell_late).start()

        def tell_late() -> None:
            while not waits():
                pass
            attached.call_soon_threadsafe(done.set_result, None)

        def waits() -> bool:
            """Whether the loop's thread is where it waits without Qt."""
            frame = sys._current_frames()[threading.main_thread().ident or 0]
            return frame.f_code is Descriptors.wait.__code__

        attached.call_soon(once_more)
        assert attached.finish(done, 20)
        assert time.monotonic() - begin < 10


def test_a_loop_that_is_not_in_a_host_cannot_be_detached_by_a_callback(qapp):
    """It would fall silent, and its run never end."""
    loop = PanelLoop(qapp)

    async def main() -> str:
        with pytest.raises(RuntimeError, match="Cannot close a running event loop"):
            loop.detach()
        return await asyncio.sleep(0.001, "fine")

    assert loop.run_until_complete(main()) == "fine"
    loop.detach()
    assert loop.is_closed()


def test_debug_mode_leaves_nothing_in_the_host(host: Host, qapp):
    """asyncio's own has every coroutine of the thread note where it was made, for ever after."""
    loop, before = PanelLoop(qapp).attach(), sys.get_coroutine_origin_tracking_depth()
    loop.set_debug(True)
    run(host, loop, asyncio.sleep(0.001))
    assert loop.get_debug() and sys.get_coroutine_origin_tracking_depth() == before
    loop.detach()
    assert sys.get_coroutine_origin_tracking_depth() == before
