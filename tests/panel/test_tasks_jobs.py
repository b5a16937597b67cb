"""Background jobs: the urgent first, then the oldest; bounded; each of them ends exactly once."""

from __future__ import annotations

import asyncio
import gc

import pytest
from nuke_ai_panel.panel.tasks import Job, JobQueueFull, ScopeClosed, TaskScope
from task_parts import Failures, fail, forever, swallow_cancels, turns


class Work:
    """Jobs that begin in an order that can be asked for, and end when told."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._gates: dict[str, asyncio.Future[str]] = {}

    async def run(self, name: str) -> str:
        self.begun.append(name)
        self._gates[name] = asyncio.get_running_loop().create_future()
        return await self._gates[name]

    def end(self, name: str) -> None:
        self._gates[name].set_result(f"{name} done")


async def test_a_job_gives_its_result():
    async with TaskScope("app") as scope:
        job = scope.jobs().put_nowait(asyncio.sleep, 0, "thumbnail", name="draw")
        assert scope.stats().names == ("app/draw",)
        assert await job.result() == "thumbnail"
        assert job.done()


async def test_workers_bound_how_many_run_and_the_order_is_priority_then_age():
    work = Work()
    async with TaskScope("app") as scope:
        queue = scope.jobs(workers=2)
        for name, priority in (("a", 0), ("b", 0), ("late", 5), ("c", 1), ("urgent", -1), ("d", 1)):
            queue.put_nowait(work.run, name, name=name, priority=priority)
        await turns()
        assert work.begun == ["a", "b"] and queue.waiting == 4
        assert scope.stats().waiting == 4
        for name in ("a", "b", "urgent", "c", "d", "late"):
            work.end(name)
            await turns()
    assert work.begun == ["a", "b", "urgent", "c", "d", "late"]


async def test_a_full_queue_says_so_and_takes_nothing():
    async with TaskScope("app") as scope:
        queue = scope.jobs(workers=1, bound=2)
        for _ in range(3):
            queue.put_nowait(forever, name="index")
        assert queue.full()
        with pytest.raises(JobQueueFull, match="2 jobs wait already; index was not taken"):
            queue.put_nowait(forever, name="index")
        assert queue.waiting == 2


async def test_put_waits_for_room_first_come_first_served():
    work = Work()
    async with TaskScope("app") as scope:
        queue = scope.jobs(workers=1, bound=1)
        putting = [
            scope.start(queue.put(work.run, name, name=name), name=f"put {name}") for name in ("a", "b", "c", "d")
        ]
        await turns()
        assert [task.done() for task in putting] == [True, True, False, False]
        work.end("a")
        await turns()
        assert [task.done() for task in putting] == [True, True, True, False]
        for name in "bcd":
            work.end(name)
            await turns()
    assert work.begun == ["a", "b", "c", "d"]


async def test_one_who_stops_waiting_for_room_leaves_it_to_the_next():
    async with TaskScope("app") as scope:
        queue = scope.jobs(workers=1, bound=1)
        queue.put_nowait(forever, name="running")
        waiting = queue.put_nowait(forever, name="waiting")
        first, second, third = (scope.start(queue.put(forever, name=name), name=name) for name in "abc")
        await turns()
        first.cancel()  # it was not its turn yet
        queue.cancel(waiting)
        second.cancel()  # it has room, and does not know it yet
        await turns()
        assert first.cancelled() and second.cancelled() and third.done()
        assert queue.waiting == 1


async def test_a_job_that_waits_can_be_taken_out():
    async with TaskScope("app") as scope:
        queue = scope.jobs(workers=1, bound=2)
        running = queue.put_nowait(forever, name="first")
        waiting = queue.put_nowait(forever, name="second")
        kept = queue.put_nowait(asyncio.sleep, 0, name="third")
        assert queue.cancel(waiting) and not queue.cancel(waiting)
        assert waiting.done() and waiting.task is None and not queue.full()
        with pytest.raises(asyncio.CancelledError):
            await waiting.result()
        assert scope.stats().cancelled == 1
        assert queue.cancel(running)
        await kept.result()
        assert scope.stats().cancelled == 2 and running.done()


async def test_a_failing_job_is_told_once_and_the_next_one_runs():
    failures = Failures()
    async with TaskScope("app", on_failure=failures) as scope:
        queue = scope.jobs(workers=1)
        job = queue.put_nowait(fail, name="index")
        after = queue.put_nowait(asyncio.sleep, 0, "done", name="next")
        assert await after.result() == "done"
        with pytest.raises(ValueError):
            await job.result()
    del job
    gc.collect()  # "Future exception was never retrieved" would fail this test
    assert failures == [("app/index", "no")]


async def test_nobody_needs_to_ask_how_a_failing_job_ended():
    failures = Failures()
    async with TaskScope("app", on_failure=failures) as scope:
        scope.jobs().put_nowait(fail, name="index")
        await turns()
    gc.collect()
    assert failures == [("app/index", "no")]


async def test_a_function_that_cannot_even_be_called_is_a_failing_job():
    failures = Failures()
    async with TaskScope("app", on_failure=failures) as scope:
        job = scope.jobs().put_nowait(asyncio.sleep, name="index")  # type: ignore[call-arg]
        await turns()
        assert job.done() and failures[0][0] == "app/index"


async def test_who_stops_waiting_for_a_result_leaves_the_job_alone():
    work = Work()
    async with TaskScope("app") as scope:
        job: Job[str] = scope.jobs().put_nowait(work.run, "a", name="a")
        waiter = scope.start(job.result(), name="waiter")
        await turns()
        waiter.cancel()
        await turns()
        assert not job.done()
        work.end("a")
        assert await job.result() == "a done"


async def test_closing_drops_what_waits_cancels_what_runs_and_finishes_what_must():
    ended: list[str] = []

    async def write() -> None:
        await turns()
        ended.append("written")

    scope = TaskScope("app")
    queue = scope.jobs(workers=2)
    running = queue.put_nowait(forever, name="index")
    writing = queue.put_nowait(write, name="write", on_close="finish")
    dropped = [queue.put_nowait(write, name="write", on_close="finish") for _ in range(3)]
    await turns(1)
    assert await scope.close(5) == ()
    assert ended == ["written"]
    assert running.done() and writing.done() and all(job.done() for job in dropped)
    stats = scope.stats()
    assert (stats.done, stats.cancelled, stats.dropped, stats.waiting) == (1, 1, 3, 0)
    with pytest.raises(ScopeClosed, match="write was not taken"):
        queue.put_nowait(write, name="write")
    with pytest.raises(ScopeClosed):
        scope.jobs()


async def test_closing_sends_away_those_who_wait_for_room():
    scope, other = TaskScope("app"), TaskScope("test", on_failure=Failures())
    queue = scope.jobs(workers=1, bound=1)
    for _ in range(2):
        queue.put_nowait(forever, name="index")
    putting = [other.start(queue.put(forever, name="index"), name="put") for _ in range(3)]
    await turns()
    await scope.close(1)
    await turns()
    assert all(isinstance(task.exception(), ScopeClosed) for task in putting)
    assert scope.stats().dropped == 1
    await other.close(1)


async def test_a_job_that_swallows_its_cancel_is_named_and_let_go():
    release, log = asyncio.Event(), list[str]()
    scope = TaskScope("app")
    job = scope.jobs().put_nowait(swallow_cancels, release, log, name="index")
    await turns()
    assert await scope.close(0.01) == ("app/index",)
    release.set()
    await job.result()


async def test_the_figures_name_the_line_that_queued_a_job():
    async with TaskScope("app") as scope:
        queue = scope.jobs()
        queue.put_nowait(forever, name="now")
        await queue.put(forever, name="then")
        origins = [task.origin.partition(":")[0] for task in scope.stats().tasks]
        assert origins == ["panel/test_tasks_jobs.py"] * 2


async def test_a_task_that_does_nothing_but_put_a_job_names_the_line_that_made_it():
    async with TaskScope("app") as scope:
        await scope.start(scope.jobs().put(forever, name="job"), name="put")
        assert scope.stats().tasks[-1].origin.startswith("panel/test_tasks_jobs.py:")


def test_a_queue_whose_loop_is_closed_takes_nothing():
    loop = asyncio.new_event_loop()
    queue = TaskScope("app", loop=loop).jobs(workers=1)
    queue.put_nowait(forever, name="index")  # it will not end: the next one would wait for ever
    loop.run_until_complete(turns())
    loop.close()
    with pytest.raises(ScopeClosed):
        queue.put_nowait(forever, name="late")


@pytest.mark.parametrize(("workers", "bound"), [(0, 1), (1, 0)])
async def test_a_queue_without_workers_or_room_is_refused(workers: int, bound: int):
    async with TaskScope("app") as scope:
        with pytest.raises(ValueError, match="are no queue"):
            scope.jobs(workers=workers, bound=bound)
