"""What has ended is let go at once: a widget in a task, or who listens to a scope, waits for no garbage collector."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator
from typing import NoReturn

import pytest
from nuke_ai_panel.panel.tasks import TaskScope
from nuke_ai_panel.panel.tasks.intake import SLICE
from task_parts import Failures, forever, turns


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Widget:
    """Something that has to die when nobody needs it any more."""

    def on_failure(self, name: str, error: BaseException) -> None: ...

    def fail(self) -> NoReturn:
        raise ValueError("no")

    def fail_slowly(self) -> NoReturn:
        """It takes the whole slice."""
        end = time.monotonic() + 2 * SLICE
        while time.monotonic() < end:
            pass
        raise ValueError("no")

    async def fail_later(self) -> NoReturn:
        await turns(1)
        raise ValueError("no")


class Life:
    """Whether the one widget is alive. Holds none."""

    def __init__(self) -> None:
        self.widget = Widget()
        self._alive = weakref.ref(self.widget)

    def give(self) -> Widget:
        widget = self.widget
        del self.widget
        return widget

    @property
    def over(self) -> bool:
        return self._alive() is None


async def test_a_closed_scope_lets_its_listener_go():
    life = Life()
    scope = TaskScope("app", on_failure=life.give().on_failure)
    turn = scope.child("turn")
    turn.start(turns(), name="stream")
    turn.jobs().put_nowait(turns, name="index")
    scope.every(10, int, name="look")
    turn.run_from_thread(int)
    await turns(2)
    assert await scope.close(1) == () and not life.over
    del turn, scope
    assert life.over


async def test_a_task_that_failed_keeps_nothing():
    async with TaskScope("app", on_failure=Failures()) as scope:
        life = Life()
        scope.start(life.give().fail_later(), name="stream")
        await turns()
        assert life.over


async def test_a_cancelled_task_keeps_nothing():
    async def show(widget: Widget) -> None:
        await forever()

    async with TaskScope("app") as scope:
        life = Life()
        scope.start(show(life.give()), name="stream").cancel()
        await turns()
        assert life.over


@pytest.mark.parametrize("method", ["fail", "fail_slowly", "fail_later"])
async def test_a_call_of_a_thread_that_failed_keeps_nothing(method: str):
    async with TaskScope("app", on_failure=Failures()) as scope:
        life = Life()
        scope.run_from_thread(getattr(life.give(), method))
        await turns()
        assert life.over


async def test_a_job_that_failed_keeps_nothing():
    async with TaskScope("app", on_failure=Failures()) as scope:
        life = Life()
        scope.jobs().put_nowait(life.give().fail_later, name="index")
        await turns()
        assert life.over


async def test_a_failed_run_of_a_periodic_job_keeps_nothing_until_the_next():
    life, ran = Life(), asyncio.Event()

    async def run() -> None:
        widget = life.give()
        ran.set()
        widget.fail()

    async with TaskScope("app", on_failure=Failures()) as scope:
        scope.every(0.01, run, name="look", jitter=0)
        await ran.wait()
        await turns()
        assert life.over


@pytest.mark.parametrize("stop", [True, False])
async def test_a_periodic_job_that_has_ended_keeps_nothing(stop: bool):
    class Clock:
        """As a presenter does it: it holds the job, whose runs are its own."""

        def __init__(self, scope: TaskScope) -> None:
            self.job = scope.every(0.001, self.run, name="look", jitter=0)

        async def run(self) -> None:
            running.set()
            await forever()

    scope, running = TaskScope("app"), asyncio.Event()
    clock = Clock(scope)
    alive = weakref.ref(clock)
    await running.wait()
    if stop:
        clock.job.stop()
        await turns()
    else:
        assert await scope.close(1) == ()
        clock.job.stop()
    assert scope.stats().running == 0
    del clock
    assert alive() is None
    await scope.close(1)


def test_a_program_that_ends_with_open_scopes_names_what_was_pending_and_says_nothing_else():
    program = """
import asyncio
from nuke_ai_panel.panel.tasks import TaskScope

async def main():
    scope.start(asyncio.sleep(100), name="stream")
    scope.every(10, int, name="look")
    scope.jobs().put_nowait(asyncio.sleep, 100, name="index")
    await asyncio.sleep(0)

loop = asyncio.new_event_loop()
scope = TaskScope("app", loop=loop)
loop.run_until_complete(main())
future = scope.run_from_thread(int)
loop.close()
"""
    done = subprocess.run([sys.executable, "-X", "dev", "-c", program], capture_output=True, text=True, timeout=50)
    names = ("stream", "look every 10 s", "index")
    assert done.stderr.splitlines() == [f"app/{name} was dropped while it ran" for name in names]
    assert done.returncode == 0
