"""PanelLoop in a program that owns Qt's loop: it works there, and the program does not notice it."""

from __future__ import annotations

import asyncio
import contextvars
import signal
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator

import pytest
from guards import UnseenErrors
from nuke_ai_panel.panel.loop import PanelLoop
from nuke_ai_panel.panel.tasks import TaskScope
from nuke_ai_panel.panel.threads import run_blocking
from PySide6.QtWidgets import QDialog
from qt_host import Host, Ticks, modal


@pytest.fixture
def host(qapp) -> Host:
    return Host(qapp)


@pytest.fixture
def attached(qapp) -> Iterator[PanelLoop]:
    loop = PanelLoop(qapp).attach()
    yield loop
    loop.detach()


def run(host: Host, loop: PanelLoop, main: Coroutine[None, None, object]) -> None:
    """The host runs until `main` has ended on the attached loop; what it raises is raised here."""
    tasks: list[asyncio.Task[object]] = []

    def begin() -> None:
        tasks.append(loop.create_task(main))
        tasks[0].add_done_callback(lambda _: host.quit())

    host.exec(begin)
    tasks[0].result()


def call_from_the_host(host: Host, call: Callable[[], object]) -> object:
    """What `call` returns in a slot of the host, with the loop attached."""
    answers: list[object] = []

    def slot() -> None:
        try:
            answers.append(call())
        finally:
            host.quit()

    host.exec(slot)
    return answers[0]


def test_tasks_timers_threads_and_sockets_work(host: Host, attached: PanelLoop):
    seen: list[object] = []

    async def main() -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            theirs.send(b"hello")
            seen.append(await attached.sock_recv(ours, 10))
        seen.append(await run_blocking(len, "abc", deadline=5))
        await asyncio.sleep(0.001)

    run(host, attached, main())
    assert seen == [b"hello", 3]


def test_nothing_of_the_host_is_touched(host: Host, attached: PanelLoop):
    before = signal.getsignal(signal.SIGINT), signal.set_wakeup_fd(-1)
    policy = asyncio.get_event_loop_policy()

    def look() -> object:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        return signal.getsignal(signal.SIGINT), signal.set_wakeup_fd(-1)

    run(host, attached, asyncio.sleep(0))
    assert call_from_the_host(host, look) == before
    assert asyncio.get_event_loop_policy() is policy


def test_the_hosts_loop_is_not_ours_to_run_or_stop(attached: PanelLoop):
    with pytest.raises(RuntimeError, match="detach"):
        attached.stop()
    with pytest.raises(RuntimeError, match="already running"):
        attached.run_forever()
    with pytest.raises(RuntimeError, match="already running"):
        attached.attach()
    with pytest.raises(RuntimeError, match="Cannot close a running event loop"):
        attached.close()


def test_finish_is_for_a_host(qapp):
    loop = PanelLoop(qapp)
    with pytest.raises(RuntimeError, match="run_until_complete"):
        loop.finish(loop.create_future(), 1)
    loop.close()


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


def test_attach_and_detach_two_hundred_times_leaves_nothing(host: Host, qapp):
    threads = threading.active_count()

    def begin() -> None:
        for _ in range(200):
            loop = PanelLoop(qapp).attach()
            loop.call_later(60, print)
            loop.call_soon_threadsafe(print)
            loop.detach()
        host.quit()

    host.exec(begin)
    assert threading.active_count() == threads


def test_an_idle_loop_wakes_nobody(host: Host, attached: PanelLoop):
    run(host, attached, asyncio.sleep(0))
    ticks = Ticks()
    batches: list[int] = []

    def look() -> None:
        if ticks.count == 3:
            batches.append(attached.stats().batches)
        if ticks.count >= 30:
            batches.append(attached.stats().batches)
            host.quit()

    ticks.each = look
    host.exec(int)
    ticks.stop()
    assert batches[0] == batches[1]


def test_a_callback_that_wants_to_exit_does_not_end_the_host(
    host: Host, attached: PanelLoop, unseen_errors: UnseenErrors
):
    def leave() -> None:
        raise SystemExit(1)

    async def main() -> None:
        attached.call_soon(leave)
        await asyncio.sleep(0.001)

    run(host, attached, main())
    unseen_errors.expect("tried to end the host")


class TestNeighbours:
    def test_asyncio_run_of_another_plug_in_works_before_between_and_after_our_callbacks(
        self, host: Host, attached: PanelLoop
    ):
        def neighbour() -> str:
            with asyncio.Runner() as runner:
                return runner.run(asyncio.sleep(0.001, "fine"))

        async def chunks() -> None:
            while True:
                await asyncio.sleep(0)

        def begin() -> str:
            answers.append(neighbour())
            streams.append(attached.create_task(chunks()))
            return neighbour()

        answers, streams = list[str](), list[asyncio.Task[None]]()
        answers.append(str(call_from_the_host(host, begin)))
        streams[0].cancel()
        run(host, attached, asyncio.sleep(0))
        answers.append(str(call_from_the_host(host, neighbour)))
        assert answers == ["fine"] * 3

    def test_two_of_our_loops_run_side_by_side(self, host: Host, attached: PanelLoop, qapp):
        other, seen = PanelLoop(qapp).attach(), list[str]()

        async def theirs() -> None:
            await asyncio.sleep(0.001)
            assert asyncio.get_running_loop() is other
            seen.append("theirs")

        async def ours() -> None:
            while len(seen) < 1:
                await asyncio.sleep(0)
            assert asyncio.get_running_loop() is attached
            seen.append("ours")

        task = other.create_task(theirs())
        run(host, attached, ours())
        assert task.done() and seen == ["theirs", "ours"]
        other.detach()

    def test_a_stock_qasync_loop_that_claims_the_thread_runs_beside_ours(self, host: Host, attached: PanelLoop, qapp):
        from nuke_ai_panel.panel.loop.base import load_qasync

        rude = load_qasync().QEventLoop(qapp, already_running=True)
        try:
            seen: list[str] = []

            async def theirs() -> None:
                await asyncio.sleep(0.001)
                seen.append("theirs")

            async def ours() -> None:
                while not seen:
                    await asyncio.sleep(0.001)
                seen.append("ours")

            task = rude.create_task(theirs())
            run(host, attached, ours())
            assert task.done() and seen == ["theirs", "ours"]
            assert asyncio.get_running_loop() is rude  # its claim is as it left it
        finally:
            qapp.aboutToQuit.disconnect(rude._after_run_forever)
            rude._QEventLoop__is_running = False
            asyncio._set_running_loop(None)
            rude.close()


class TestNestedLoops:
    """A callback of ours opens a modal dialog, as hosts do: Qt's loop runs nested in it until the dialog closes."""

    async def test_other_tasks_run_on_while_a_dialog_is_open(self, own):
        dialog, ticks = own(QDialog()), list[int]()

        async def tick() -> None:
            while True:
                await asyncio.sleep(0.001)
                ticks.append(1)
                if len(ticks) == 15:
                    dialog.accept()

        async with asyncio.TaskGroup() as group:
            ticker = group.create_task(tick())
            await asyncio.sleep(0)
            assert modal(dialog)
            while len(ticks) < 20:  # qasync: dead after a dialog
                await asyncio.sleep(0.001)
            ticker.cancel()

    async def test_the_task_on_the_stack_is_current_again_when_its_dialog_closes(self, own):
        dialog, loop, me = own(QDialog()), asyncio.get_running_loop(), asyncio.current_task()
        seen: list[asyncio.Task[None] | None] = []

        async def close() -> None:
            seen.append(asyncio.current_task())
            dialog.accept()

        task = loop.create_task(close())
        assert modal(dialog)
        assert asyncio.current_task() is me and asyncio.get_running_loop() is loop
        assert seen == [task]

    async def test_a_callback_whose_context_is_entered_is_parked_until_the_stack_unwinds(self, own):
        """Two tasks share a context, one opens a dialog. Run then, the other's wake-up would be lost for ever."""
        dialog, loop, order = own(QDialog()), asyncio.get_running_loop(), list[str]()
        shared, ready = contextvars.copy_context(), asyncio.Event()

        async def open_dialog() -> None:
            assert modal(dialog)
            order.append("dialog closed")

        async def other() -> None:
            await ready.wait()
            order.append("other went on")

        async def wake_the_other_then_close() -> None:
            ready.set()
            for _ in range(5):
                await asyncio.sleep(0.001)
            dialog.accept()

        async with asyncio.TaskGroup() as group:
            group.create_task(other(), context=shared)
            await asyncio.sleep(0)
            loop.call_soon(group.create_task, wake_the_other_then_close())
            group.create_task(open_dialog(), context=shared)
        assert order == ["dialog closed", "other went on"]

    async def test_a_descriptor_is_not_read_again_while_its_own_callback_has_a_dialog_open(self, own):
        dialog, loop, reads = own(QDialog()), asyncio.get_running_loop(), list[bytes]()
        ours, theirs = socket.socketpair()

        def read() -> None:
            """Opens a dialog at its first byte; the second one comes while it is open."""
            reads.append(ours.recv(1))
            if len(reads) == 1:
                theirs.send(b"2")
                loop.call_later(0.01, dialog.accept)
                assert modal(dialog)
                assert reads == [b"1"]

        with ours, theirs:
            loop.add_reader(ours, read)
            theirs.send(b"1")
            while len(reads) < 2:
                await asyncio.sleep(0.001)
            loop.remove_reader(ours)
        assert reads == [b"1", b"2"]

    async def test_a_dialog_opened_under_a_backlog_does_not_stop_the_others(self, own):
        """The batch was begun by the timer that gives Qt its turns; Qt fires no timer that is on the stack."""
        dialog, ticks = own(QDialog()), list[int]()
        spinning = True

        async def spin() -> None:
            while spinning:
                await asyncio.sleep(0)
                if dialog.isVisible():
                    ticks.append(1)
                    if len(ticks) == 50:
                        dialog.accept()

        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(spin())
            begin = time.monotonic()
            while time.monotonic() - begin < 0.02:  # several turns of Qt's
                await asyncio.sleep(0)
            assert modal(dialog)
            spinning = False

    async def test_dialogs_upon_dialogs_unwind_in_order(self, own):
        loop, order = asyncio.get_running_loop(), list[str]()
        first, second = own(QDialog()), own(QDialog())

        async def open_second() -> None:
            loop.call_later(0.002, second.accept)
            assert modal(second)
            order.append("second")
            loop.call_later(0.002, first.accept)

        async with asyncio.TaskGroup() as group:
            group.create_task(open_second())
            assert modal(first)
            order.append("first")
        assert order == ["second", "first"]

    def test_a_dialog_of_the_host_does_not_stop_us(self, host: Host, attached: PanelLoop, own):
        dialog, ticks = own(QDialog()), list[int]()

        async def tick() -> None:
            while len(ticks) < 15:
                await asyncio.sleep(0.001)
                ticks.append(1)
            dialog.accept()

        task = attached.create_task(tick())
        assert call_from_the_host(host, lambda: modal(dialog)) is True
        assert task.done()


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
