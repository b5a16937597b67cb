"""Jobs that run again and again: on their grid, never twice at a time, past failures, until the scope closes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.panel.tasks import PeriodicJob, ScopeClosed, TaskScope, Timing
from task_parts import Failures, fail, forever, swallow_cancels, turns


class FakeTime:
    """Time that passes only when somebody says so."""

    def __init__(self, shift: float = 0.0) -> None:
        self.now = 0.0
        self.shift = shift
        self._alarms: list[tuple[float, asyncio.Future[None]]] = []
        self.timing = Timing(clock=lambda: self.now, sleep=self._sleep, uniform=self._uniform)

    async def pass_until(self, moment: float) -> None:
        await turns()
        while due := [alarm for alarm in self._alarms if alarm[0] <= moment]:
            alarm = min(due, key=lambda each: each[0])
            self._alarms.remove(alarm)
            self.now = max(self.now, alarm[0])
            if not alarm[1].done():
                alarm[1].set_result(None)
            await turns(8)
        self.now = moment

    async def _sleep(self, seconds: float) -> None:
        alarm: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._alarms.append((self.now + seconds, alarm))
        await alarm

    def _uniform(self, low: float, high: float) -> float:
        """`shift` 1 is as late as may be, -1 as early."""
        return (low + high) / 2 + self.shift * (high - low) / 2


class Runs(list[float]):
    """Notes the moments of its calls."""

    def __init__(self, time: FakeTime) -> None:
        self._time = time

    def __call__(self) -> None:
        self.append(self._time.now)


async def test_a_plain_function_is_called_once_each_period():
    time = FakeTime()
    runs = Runs(time)
    async with TaskScope("app") as scope:
        scope.every(10, runs, name="look", timing=time.timing)
        await time.pass_until(45)
        assert runs == [10, 20, 30, 40]
        assert scope.stats().done == 4
        assert scope.stats().names == ("app/look every 10 s",)


async def test_a_coroutine_is_awaited_and_a_long_run_loses_beats_but_shifts_none():
    time = FakeTime()
    started: list[float] = []

    async def slow() -> None:
        started.append(time.now)
        if len(started) == 1:
            await time.timing.sleep(25)

    async with TaskScope("app") as scope:
        scope.every(10, slow, name="look", timing=time.timing)
        await time.pass_until(65)
    assert started == [10, 40, 50, 60]


async def test_after_the_computer_slept_one_run_comes_and_no_burst():
    time = FakeTime()
    runs = Runs(time)
    async with TaskScope("app") as scope:
        scope.every(10, runs, name="look", timing=time.timing)
        await turns()
        time.now = 1000
        await time.pass_until(1025)
    assert runs == [1000, 1010, 1020]


@pytest.mark.parametrize(("shift", "moments"), [(1, [12, 22, 32]), (-1, [8, 18, 28])])
async def test_jitter_shifts_each_run_and_adds_up_to_nothing(shift: float, moments: list[float]):
    time = FakeTime(shift)
    runs = Runs(time)
    async with TaskScope("app") as scope:
        scope.every(10, runs, name="look", jitter=0.2, timing=time.timing)
        await time.pass_until(33)
    assert runs == pytest.approx(moments)


@given(st.lists(st.floats(-1, 1), min_size=5, max_size=40), st.floats(0, 0.49), st.floats(0.01, 1e4))
async def test_each_run_stays_within_the_jitter_of_its_own_beat(shifts: list[float], jitter: float, period: float):
    time = FakeTime()
    left = iter(shifts)
    runs: list[float] = []

    def run() -> None:
        runs.append(time.now)
        time.shift = next(left, 0)

    async with TaskScope("app") as scope:
        scope.every(period, run, name="look", jitter=jitter, timing=time.timing)
        await time.pass_until(period * (len(shifts) - 0.5))
    assert len(runs) == len(shifts) - 1
    for beat, moment in enumerate(runs, 1):
        assert abs(moment / period - beat) <= jitter + 1e-6


async def test_a_failing_run_is_told_each_time_and_the_job_goes_on():
    failures, time = Failures(), FakeTime()
    async with TaskScope("app", on_failure=failures) as scope:
        scope.every(10, fail, name="look", timing=time.timing)
        await time.pass_until(35)
        assert failures == [("app/look", "no")] * 3
        assert scope.stats().failed == 3 and scope.stats().running == 1


@pytest.mark.parametrize("pause", [forever, asyncio.sleep], ids=["in a run", "between two"])
async def test_closing_ends_it_at_once(pause: Callable[..., object]):
    time = FakeTime()
    scope = TaskScope("app")
    scope.every(10, forever if pause is forever else int, name="look", timing=time.timing)
    await time.pass_until(15)
    assert scope.stats().running == (2 if pause is forever else 1)
    assert await scope.close(60) == ()
    assert scope.stats().running == 0 and time.now == 15


async def test_a_run_that_must_finish_is_waited_for_when_the_scope_closes():
    time = FakeTime()
    written: list[bool] = []

    async def write() -> None:
        await turns()
        written.append(True)

    scope = TaskScope("app")
    scope.every(10, write, name="save", on_close="finish", timing=time.timing)
    await turns()
    time.now = 10
    time._alarms[0][1].set_result(None)
    await turns(2)
    assert await scope.close(5) == () and written == [True]


async def test_a_beat_that_falls_into_the_closing_is_no_failure():
    """An inner scope is waited for first; until then the job of the outer one has not been cancelled."""
    failures, time = Failures(), FakeTime()
    release, log = asyncio.Event(), list[str]()
    scope = TaskScope("app", on_failure=failures)
    scope.every(10, fail, name="look", timing=time.timing)
    scope.child("turn").start(swallow_cancels(release, log), name="stubborn")
    await turns()
    other = TaskScope("test")
    closing = other.start(scope.close(5), name="closing")
    await time.pass_until(15)
    release.set()
    assert await closing == () and failures == []
    await other.close(1)


@pytest.mark.parametrize(("on_close", "running"), [("cancel", 0), ("finish", 1)])
async def test_stopping_ends_the_job_and_only_it(on_close: str, running: int):
    time = FakeTime()
    async with TaskScope("app") as scope:
        job = scope.every(10, forever, name="look", on_close=on_close, timing=time.timing)  # type: ignore[arg-type]
        assert isinstance(job, PeriodicJob)
        await time.pass_until(15)
        job.stop()
        await time.pass_until(45)
        assert scope.stats().names == ("app/look",) * running
        for task in asyncio.all_tasks():
            if task.get_name() == "app/look":
                task.cancel()


@pytest.mark.parametrize(("seconds", "jitter"), [(0, 0.1), (-1, 0.1), (float("nan"), 0), (1, 0.5), (1, -0.1)])
async def test_no_period_is_refused(seconds: float, jitter: float):
    async with TaskScope("app") as scope:
        with pytest.raises(ValueError, match="is no period"):
            scope.every(seconds, int, name="look", jitter=jitter)


async def test_a_closed_scope_takes_no_job():
    scope = TaskScope("app")
    await scope.close(1)
    with pytest.raises(ScopeClosed):
        scope.every(10, int, name="look")
