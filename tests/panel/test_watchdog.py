"""The watchdog tells of a thread that stands: once, with its stack, and when it is over. Idle it costs nothing."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from nuke_ai_panel.panel.loop import PanelLoop, Stall, Watchdog
from nuke_ai_panel.panel.loop.pulse import Pulse
from PySide6.QtWidgets import QDialog
from qt_host import Host, Ticks, modal

PATIENCE = 20.0


class Told:
    """What a watchdog says `about` a function. On a busy machine others may stand too; they are not asked for."""

    def __init__(self) -> None:
        self.about = ""
        self.stalls: list[Stall] = []
        self.ends: list[Stall] = []
        self.stalled, self.ended = threading.Event(), threading.Event()

    def stall(self, stall: Stall) -> None:
        if self.about in str(stall.stack):
            self.stalls.append(stall)
            self.stalled.set()

    def end(self, stall: Stall) -> None:
        if self.about in str(stall.stack):
            self.ends.append(stall)
            self.ended.set()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def watch(told: Told) -> Iterator[Callable[..., Watchdog]]:
    """Starts one that is closed at the end of the test. `seconds` are a twentieth, so that tests take no time."""
    watchdogs: list[Watchdog] = []

    def start(loop: object, seconds: float = 0.05, **options: object) -> Watchdog:
        watchdogs.append(Watchdog(loop, told.stall, seconds, on_end=told.end, **options))  # type: ignore[arg-type]
        watchdogs[-1].start()
        return watchdogs[-1]

    yield start
    for watchdog in watchdogs:
        watchdog.close()


class Standing:
    """A loop of which nothing is known but its pulse. `looks` counts how often somebody looked."""

    def __init__(self, pulse: Pulse) -> None:
        self.pulse = pulse
        self.looks = 0

    @property
    def thread(self) -> int:
        self.looks += 1
        return threading.main_thread().ident or 0


class ScriptedPulse(Pulse):
    """Busy since the times that it is given, one a look, then idle. `asked` is set when somebody waits for a beat."""

    def __init__(self, *times: float) -> None:
        super().__init__()
        self._times = list(times)
        self.asked = threading.Event()

    def busy_since(self) -> float:
        return self._times.pop(0) if self._times else 0.0

    def call_on_next_beat(self, call: Callable[[], object]) -> None:
        super().call_on_next_beat(call)
        self.asked.set()


def stand_until(event: threading.Event) -> None:
    assert event.wait(PATIENCE)


async def test_a_callback_that_runs_on_is_told_with_its_stack(told: Told, watch: Callable[..., Watchdog]):
    loop = asyncio.get_running_loop()
    told.about = "in compute_for_long"
    watch(loop)

    def compute_for_long(password: str) -> None:
        stand_until(told.stalled)

    loop.call_soon(compute_for_long, "swordfish")
    await loop.run_in_executor(None, told.ended.wait, PATIENCE)
    (stall,), (end,) = told.stalls, told.ends
    assert end.seconds >= stall.seconds >= 0.05
    assert stall.stack == end.stack
    (line,) = (line for line in stall.stack if line.endswith(" in compute_for_long"))
    assert line.startswith(f"{__file__}:")
    assert " in run_forever" in str(stall.stack[: stall.stack.index(line)]), "outermost first"
    assert "swordfish" not in str(stall)


def test_a_wake_up_that_the_host_does_not_deliver_is_told(qapp, told: Told, watch: Callable[..., Watchdog]):
    host, loop = Host(qapp), PanelLoop(qapp).attach()
    told.about = "in render_a_frame"
    watchdog = watch(loop)

    def render_a_frame() -> None:
        while not waits_without_limit(watchdog):
            pass
        loop.call_soon_threadsafe(host.quit)
        stand_until(told.stalled)

    host.exec(render_a_frame)
    stand_until(told.ended)
    loop.detach()
    assert len(told.stalls) == 1


async def test_every_stall_is_told_once_however_long_it_lasts(told: Told, watch: Callable[..., Watchdog]):
    loop = asyncio.get_running_loop()
    looks = Standing(loop.pulse)  # type: ignore[attr-defined]
    told.about = "in stand"
    watch(looks)
    for count in (1, 2):
        seen = looks.looks + 6

        def stand(seen: int = seen) -> None:
            stand_until(told.stalled)
            while looks.looks < seen:  # it looks again and again whether it is over
                stand_until(told.stalled)

        told.stalled.clear()
        told.ended.clear()
        loop.call_soon(stand)
        await loop.run_in_executor(None, told.ended.wait, PATIENCE)
        assert (len(told.stalls), len(told.ends)) == (count, count)


def test_a_loop_that_is_busy_and_turns_is_no_stall(told: Told, watch: Callable[..., Watchdog]):
    pulse = ScriptedPulse(*(9.99 + step / 1000 for step in range(10)))
    watch(Standing(pulse), seconds=0.02, clock=lambda: 10.0)
    stand_until(pulse.asked)
    assert told.stalls == []


def test_a_stall_that_is_over_when_the_stack_was_taken_is_not_told(told: Told, watch: Callable[..., Watchdog]):
    """Its stack would be that of something innocent."""
    pulse = ScriptedPulse(1.0, 9.999)
    watch(Standing(pulse), seconds=0.02, clock=lambda: 10.0)
    stand_until(pulse.asked)
    assert told.stalls == []


def test_a_modal_dialog_is_no_stall_while_qt_turns_in_it(qapp, own):
    """The batch that has opened it is on the stack all the time."""
    loop, dialog, ticks = PanelLoop(qapp), own(QDialog()), Ticks()
    busy: list[float] = []

    def look() -> None:
        if dialog.isVisible():
            busy.append(loop.pulse.busy_since())
            if len(busy) == 20:
                dialog.accept()

    async def open_dialog() -> None:
        assert modal(dialog)

    ticks.each = look
    loop.run_until_complete(open_dialog())
    ticks.stop()
    assert busy[-10:] == [0.0] * 10
    loop.close()


def test_what_stands_in_a_nested_loop_is_told(qapp, own, told: Told, watch: Callable[..., Watchdog]):
    loop, dialog = PanelLoop(qapp), own(QDialog())
    told.about = "in stand_then_close"
    watch(loop)

    async def stand_then_close() -> None:
        stand_until(told.stalled)
        dialog.accept()

    async def open_dialog() -> None:
        task = loop.create_task(stand_then_close())
        assert modal(dialog)
        await task

    loop.run_until_complete(open_dialog())
    assert len(told.stalls) == 1
    loop.close()


def test_a_loop_that_does_not_run_cannot_stall(qapp, told: Told, watch: Callable[..., Watchdog]):
    loop = PanelLoop(qapp)
    loop.call_soon_threadsafe(int)
    watchdog = watch(loop, seconds=0.0)
    while not waits_without_limit(watchdog):
        pass
    assert told.stalls == []
    loop.close()


def waits_without_limit(watchdog: Watchdog) -> bool:
    """Whether its thread is in `Event.wait()`, has not been called yet, and means to stay until it is."""
    if not watchdog._loop.pulse._on_next_beat:  # pyright: ignore[reportPrivateUsage]
        return False
    frame = sys._current_frames().get(watchdog._thread.ident or 0)  # pyright: ignore[reportPrivateUsage]
    while frame:
        if frame.f_code is threading.Event.wait.__code__:
            return frame.f_locals["timeout"] is None
        frame = frame.f_back
    return False


def test_while_the_loop_is_idle_nobody_looks_and_the_next_beat_is_heard(
    qapp, told: Told, watch: Callable[..., Watchdog]
):
    """Twice: it goes back to waiting when the stall is over."""
    host, loop = Host(qapp), PanelLoop(qapp).attach()
    told.about = "in stand"
    watchdog = watch(loop)

    def stand() -> None:
        stand_until(told.stalled)
        host.quit()

    for _ in range(2):
        while not waits_without_limit(watchdog):
            pass
        told.stalled.clear()
        loop.call_soon(stand)
        host.exec(int)
    assert len(told.stalls) == 2
    loop.detach()


def test_after_a_beat_an_idle_loop_is_left_alone_again(qapp, watch: Callable[..., Watchdog]):
    host, loop, ticks = Host(qapp), Standing(Pulse()), Ticks()
    watchdog, looks = watch(loop), list[int]()

    def look() -> None:
        if ticks.count in (5, 25):
            looks.append(loop.looks)
        if ticks.count == 25:
            host.quit()

    while not waits_without_limit(watchdog):
        pass
    loop.pulse.begin(1.0)
    loop.pulse.end(0.0, 0)
    while not waits_without_limit(watchdog):
        pass
    ticks.each = look
    host.exec(int)
    ticks.stop()
    assert looks[0] == looks[1]


def test_a_beat_between_the_last_look_and_the_wait_is_not_missed(told: Told, watch: Callable[..., Watchdog]):
    """Idle at first; busy when it has asked to be called, and the call never comes."""
    pulse = ScriptedPulse(0.0, 1.0, 1.0, 1.0)
    watch(Standing(pulse), seconds=0.02, clock=lambda: 10.0)
    stand_until(told.stalled)
    assert told.stalls[0].seconds == 9.0


def test_closing_ends_its_thread_whatever_it_does(told: Told):
    idle, busy = Standing(Pulse()), Standing(Pulse())
    busy.pulse.begin(1.0)
    for loop in (idle, busy):
        watchdog = Watchdog(loop, told.stall, 0.02, clock=lambda: 10.0)
        watchdog.start()
        if loop is busy:
            stand_until(told.stalled)
        watchdog.close()
        watchdog.close()
        assert not watchdog._thread.is_alive()  # pyright: ignore[reportPrivateUsage]
    Watchdog(idle, told.stall).close()


def test_a_listener_that_hangs_does_not_hold_up_closing():
    loop, begun, release = Standing(Pulse()), threading.Event(), threading.Event()
    loop.pulse.begin(1.0)

    def hang(_: Stall) -> None:
        begun.set()
        release.wait()

    watchdog = Watchdog(loop, hang, 0.02, clock=lambda: 10.0)
    watchdog.start()
    stand_until(begun)
    watchdog.close()
    assert watchdog._thread.is_alive()  # pyright: ignore[reportPrivateUsage]
    release.set()
    watchdog._thread.join(PATIENCE)  # pyright: ignore[reportPrivateUsage]


def test_it_can_be_closed_by_what_it_calls(told: Told):
    loop = Standing(Pulse())
    loop.pulse.begin(1.0)
    watchdog = Watchdog(loop, lambda stall: (watchdog.close(), told.stall(stall)), 0.02, clock=lambda: 10.0)
    watchdog.start()
    stand_until(told.stalled)
    watchdog._thread.join(PATIENCE)  # pyright: ignore[reportPrivateUsage]
    assert len(told.stalls) == 1
