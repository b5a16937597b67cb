"""PanelLoop in a program that owns Qt's loop: it works there, and the program does not notice it."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Iterator

import pytest
from guards import UnseenErrors
from nuke_ai_panel.panel.loop import PanelLoop
from nuke_ai_panel.panel.threads import run_blocking
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
    before = signal.getsignal(signal.SIGINT), signal.set_wakeup_fd(-1), sys.get_asyncgen_hooks()
    policy = asyncio.events._event_loop_policy

    def look() -> object:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        return signal.getsignal(signal.SIGINT), signal.set_wakeup_fd(-1), sys.get_asyncgen_hooks()

    run(host, attached, asyncio.sleep(0))
    assert call_from_the_host(host, look) == before
    assert asyncio.events._event_loop_policy is policy


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


def test_many_calls_wake_qt_once(host: Host, attached: PanelLoop, monkeypatch: pytest.MonkeyPatch):
    posted, soon, seen = list[int](), attached._waker.soon, list[int]()  # pyright: ignore[reportPrivateUsage]
    run(host, attached, asyncio.sleep(0))
    monkeypatch.setattr(attached._waker, "soon", lambda: (posted.append(1), soon()))  # pyright: ignore

    def call_often() -> None:
        for number in range(100):
            attached.call_soon(seen.append, number)
            attached.call_soon_threadsafe(seen.append, number)
        attached.call_soon(host.quit)

    host.exec(call_often)
    assert len(seen) == 200 and len(posted) == 1


def test_a_wake_up_that_comes_twice_is_counted_once(attached: PanelLoop):
    """A thread and the loop may have posted at the same moment; the second one would be as late as the clock is old."""
    pulse = attached.pulse
    pulse.forget()
    pulse.post()
    pulse.arrived()
    count = len(pulse.lags)
    pulse.arrived()
    assert len(pulse.lags) == count


def test_the_lag_says_how_late_a_timer_was_because_the_host_stood(host: Host, attached: PanelLoop):
    def stand() -> None:
        attached.call_later(0.001, host.quit)
        end = time.monotonic() + 0.03
        while time.monotonic() < end:
            pass

    host.exec(stand)
    stats = attached.stats()
    assert stats.lag_worst >= 0.025 and stats.lag_worst in stats.lags


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


def test_a_dialog_of_the_host_does_not_stop_us(host: Host, attached: PanelLoop, own):
    dialog, ticks = own(QDialog()), list[int]()

    async def tick() -> None:
        while len(ticks) < 15:
            await asyncio.sleep(0.001)
            ticks.append(1)
        dialog.accept()

    task = attached.create_task(tick())
    assert call_from_the_host(host, lambda: modal(dialog)) is True
    assert task.done()
