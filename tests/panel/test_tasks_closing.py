"""Closing a scope from wherever it may come: from inside, twice at once, in mid-failure, with others still coming."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import pytest
from nuke_ai_panel.panel.tasks import OnClose, ScopeClosed, TaskScope
from task_parts import Failures, fail, forever, swallow_cancels, turns


async def test_one_failure_that_closes_the_scope_ends_its_siblings_and_their_children():
    failures = Failures()
    app = TaskScope("app", on_failure=failures)
    turn = app.child("turn")
    turn.child("empty")
    other = app.start(forever(), name="other")
    siblings = [turn.start(forever(), name="tool"), turn.child("inner").start(forever(), name="read")]
    turn.start(fail(), name="stream", on_failure="close")
    await turns()
    assert failures == [("app/turn/stream", "no")]
    assert all(task.cancelled() for task in siblings) and not other.done()
    with pytest.raises(ScopeClosed):
        turn.start(forever(), name="late")
    assert [child.name for child in app.stats().children] == []
    await app.close(1)


async def test_after_such_a_failure_what_must_finish_does_and_who_closes_waits_for_it():
    written: list[bool] = []

    async def write() -> None:
        await turns(20)
        written.append(True)

    scope = TaskScope("app", on_failure=Failures())
    scope.start(write(), name="write", on_close="finish")
    scope.start(fail(), name="stream", on_failure="close")
    await turns()
    assert written == []
    assert await scope.close(5) == () and written == [True]


async def test_a_second_failure_while_it_closes_is_told_as_well():
    failures = Failures()
    scope = TaskScope("app", on_failure=failures)
    for name in ("a", "b"):
        scope.start(fail(), name=name, on_failure="close")
    await turns()
    assert [name for name, _ in failures] == ["app/a", "app/b"]
    assert await scope.close(1) == ()


async def test_a_failure_while_a_task_closes_its_own_scope_does_not_cancel_that_task():
    async def stumble() -> None:
        try:
            await forever()
        finally:
            raise ValueError("no")

    async def leave() -> tuple[str, ...]:
        left = await scope.close(5)
        await turns()
        return left

    failures = Failures()
    scope = TaskScope("app", on_failure=failures)
    scope.start(stumble(), name="stream", on_failure="close")
    await turns()
    assert await scope.start(leave(), name="leave") == () and failures == [("app/stream", "no")]


async def test_two_who_close_at_once_both_get_the_answer():
    release, log = asyncio.Event(), list[str]()
    app, test = TaskScope("app"), TaskScope("test")
    app.start(swallow_cancels(release, log), name="stubborn")
    app.start(forever(), name="polite")
    await turns()
    closing = [test.start(app.close(0.05), name="closing") for _ in range(2)]
    await asyncio.wait(closing)
    assert [task.result() for task in closing] == [("app/stubborn",)] * 2
    release.set()
    await test.close(1)


async def test_a_second_closing_does_not_cut_short_the_cleaning_up_that_the_first_one_began():
    cleaned: list[bool] = []

    async def tidy() -> None:
        try:
            await forever()
        finally:
            await turns(20)
            cleaned.append(True)

    app, test = TaskScope("app"), TaskScope("test")
    app.start(tidy(), name="tidy")
    await turns()
    first = test.start(app.close(5), name="closing")
    await turns()
    assert await app.close(5) == () and cleaned == [True]
    assert await first == ()
    await test.close(1)


async def test_two_tasks_that_close_the_scope_they_live_in_do_not_wait_for_each_other():
    scope = TaskScope("app")
    sibling = scope.start(forever(), name="sibling")
    closing = [scope.start(scope.close(60), name="closing", on_close="finish") for _ in range(2)]
    await asyncio.wait({*closing, sibling})
    assert [task.result() for task in closing] == [(), ()]
    assert await scope.close(60) == ()


@pytest.mark.parametrize(("on_close", "left"), [("cancel", ()), ("finish", ("app/first",))])
async def test_one_who_has_closed_and_lives_on_is_a_task_like_any_other_for_the_next(
    on_close: OnClose, left: tuple[str, ...]
):
    release, log = asyncio.Event(), list[str]()
    scope = TaskScope("app")
    scope.start(swallow_cancels(release, log), name="stubborn")
    closed = asyncio.Event()

    async def close_and_stay() -> None:
        assert await scope.close(0) == ("app/stubborn",)
        closed.set()
        await forever()

    async def close_again() -> tuple[str, ...]:
        return await scope.close(0.1 if left else 20)

    await turns()
    first = scope.start(close_and_stay(), name="first", on_close=on_close)
    second = scope.start(close_again(), name="second", on_close="finish")
    await closed.wait()
    release.set()
    assert await second == left and first.cancelled()


async def test_one_from_outside_waits_for_the_one_who_closes_from_inside():
    left: list[str] = []
    scope = TaskScope("app")

    async def leave() -> None:
        await scope.close(60)
        await turns(20)
        left.append("inside")

    scope.start(leave(), name="leave", on_close="finish")
    await turns()
    assert await scope.close(60) == () and left == ["inside"]


async def test_one_who_closed_from_outside_before_waits_for_the_one_inside_to_its_end():
    """Both hear in the same moment that the last one has ended, and the one outside is asked first."""
    left: list[str] = []
    begin, written = asyncio.Event(), asyncio.Event()

    async def leave() -> None:
        await begin.wait()
        await scope.close(60)
        await turns(20)
        left.append("inside")

    scope, test = TaskScope("app"), TaskScope("test")
    scope.start(leave(), name="leave", on_close="finish")
    scope.start(written.wait(), name="write", on_close="finish")
    outside = test.start(scope.close(60), name="closing")
    await turns()
    begin.set()
    await turns()
    written.set()
    assert await outside == () and left == ["inside"]
    await test.close(1)


async def test_closing_a_child_waits_for_its_task_that_is_closing_everything():
    app = TaskScope("app")
    child = app.child("panel")

    async def quit_all() -> tuple[str, ...]:
        return await app.close(60)

    quitting = child.start(quit_all(), name="quit", on_close="finish")
    closing = app.start(child.close(60), name="close panel", on_close="finish")
    await asyncio.wait({quitting, closing})
    assert (quitting.result(), closing.result()) == ((), ())


async def test_closing_that_is_cancelled_has_asked_everything_to_end():
    release, log = asyncio.Event(), list[str]()
    app, test = TaskScope("app"), TaskScope("test")
    outer = app.start(forever(), name="outer")
    app.child("turn").start(swallow_cancels(release, log), name="stubborn")
    await turns()
    closing = test.start(app.close(60), name="closing")
    await turns()
    assert not outer.done()
    closing.cancel()
    await turns()
    assert closing.cancelled() and outer.cancelled()
    release.set()
    assert await app.close(1) == ()
    await test.close(1)


async def test_what_a_dying_task_starts_in_its_last_moments_is_refused_everywhere_in_the_tree():
    refused: list[str] = []
    app = TaskScope("app")
    panel = app.child("panel")
    turn = panel.child("turn")

    async def work() -> None:
        try:
            await forever()
        finally:
            for owner in (turn, panel, app):
                for take in (lambda owner=owner: owner.child("late"), lambda owner=owner: owner.jobs()):
                    try:
                        take()
                    except ScopeClosed as error:
                        refused.append(str(error))
                try:
                    owner.start(forever(), name="late")
                except ScopeClosed as error:
                    refused.append(str(error))

    turn.start(work(), name="work")
    await turns()
    assert await app.close(1) == ()
    assert len(refused) == 9


async def test_closing_an_empty_scope_with_no_time_at_all_names_nothing():
    scope = TaskScope("app")
    scope.child("turn")
    assert await scope.close(0) == ()


async def test_polite_tasks_end_even_when_there_is_no_time():
    scope = TaskScope("app")
    scope.start(forever(), name="polite")
    await turns()
    await scope.close(0)
    assert scope.stats().running == 0


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_exit_requests_in_a_task_end_the_loop_and_are_told_like_any_failure(kind: type[BaseException]):
    async def leave() -> None:
        raise kind("enough")

    loop, failures = asyncio.new_event_loop(), Failures()
    scope = TaskScope("app", on_failure=failures, loop=loop)
    sibling = scope.start(forever(), name="sibling")
    scope.start(leave(), name="leave")
    with pytest.raises(kind):
        loop.run_forever()
    assert loop.run_until_complete(scope.close(1)) == ()
    assert failures == [("app/leave", "enough")] and sibling.cancelled()
    loop.close()


def test_a_failure_is_not_lost_when_the_loop_closes_before_it_could_be_told(caplog: pytest.LogCaptureFixture):
    """asyncio would say "Task exception was never retrieved", if anything, and that fails this test."""
    loop, failures = asyncio.new_event_loop(), Failures()

    async def leave() -> None:
        raise SystemExit("enough")

    scope = TaskScope("app", on_failure=failures, loop=loop)
    scope.start(leave(), name="leave")
    with pytest.raises(SystemExit):
        loop.run_forever()
    loop.close()
    del scope
    gc.collect()
    assert failures == [("app/leave", "enough")] and caplog.text == ""


def test_each_failure_is_told_when_a_scope_is_thrown_away_and_its_listener_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    loop, told, raised = asyncio.new_event_loop(), list[str](), list[str]()
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: raised.append(str(unraisable.exc_value)))

    def listen(name: str, error: BaseException) -> None:
        told.append(name)
        raise RuntimeError(f"cannot show {error}")

    async def leave() -> None:
        raise SystemExit("enough")

    scope = TaskScope("app", on_failure=listen, loop=loop)
    for coro in (fail(), leave()):
        scope.start(coro, name="work")
    with pytest.raises(SystemExit):
        loop.run_forever()
    loop.close()
    del scope
    gc.collect()
    assert told == ["app/work"] * 2 and len(raised) == 1
    assert "ValueError: no" in caplog.text and "SystemExit: enough" in caplog.text


def test_a_scope_that_is_thrown_away_names_what_was_pending(caplog: pytest.LogCaptureFixture):
    """asyncio would say "Task was destroyed but it is pending", and that fails this test."""
    loop = asyncio.new_event_loop()
    scope = TaskScope("app", loop=loop)
    scope.start(forever(), name="stream")
    loop.run_until_complete(turns())
    loop.close()
    with caplog.at_level(logging.ERROR, "nuke_ai_panel"):
        del scope
        gc.collect()
    assert "app/stream was dropped while it ran" in caplog.text


def test_a_scope_without_a_loop_cannot_be_made():
    with pytest.raises(RuntimeError, match="no running event loop"):
        TaskScope("app")
    gc.collect()


@contextmanager
def coming_and_going(scope: TaskScope) -> Iterator[None]:
    """Others start and end all the time, some of them by being cancelled."""

    async def crowd() -> None:
        while True:
            scope.start(turns(3), name="short")
            scope.start(forever(), name="cancelled").cancel()
            await asyncio.sleep(0)

    task = scope.start(crowd(), name="crowd")
    try:
        yield
    finally:
        task.cancel()


async def test_anyio_s_cancel_scope_is_left_in_the_task_that_entered_it_while_others_come_and_go():
    steps: list[str] = []

    async def owner() -> str:
        with anyio.CancelScope() as cancel_scope:
            asyncio.get_running_loop().call_later(0.01, cancel_scope.cancel)
            await anyio.sleep_forever()
        steps.append("left")
        with anyio.move_on_after(0.01):
            await anyio.sleep_forever()
        async with anyio.create_task_group() as group:
            group.start_soon(turns, 3)
        await turns()
        return "went on"

    failures = Failures()
    scope = TaskScope("app", on_failure=failures)
    with coming_and_going(scope):
        assert await scope.start(owner(), name="owner") == "went on"
    assert await scope.close(1) == () and failures == [] and steps == ["left"]


async def test_closing_ends_a_task_inside_anyio_s_cancel_scope():
    steps: list[str] = []

    async def owner() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep_forever)
            try:
                await anyio.sleep_forever()
            finally:
                with anyio.CancelScope(shield=True):
                    await turns()
                    steps.append("tidied")

    failures = Failures()
    scope = TaskScope("app", on_failure=failures)
    with coming_and_going(scope):
        scope.start(owner(), name="owner")
        await turns(20)
        assert await scope.close(5) == ()
    assert failures == [] and steps == ["tidied"]


async def test_a_dying_task_that_tells_something_again_and_again_does_not_move_the_deadline():
    """Each closing from inside wakes the one outside, which then looked at its tasks and never at its clock."""
    scope, release, loop = TaskScope("app"), asyncio.Event(), asyncio.get_running_loop()

    async def restless() -> None:
        while not release.is_set():
            try:
                await scope.close(0)
            except asyncio.CancelledError:
                pass

    scope.start(restless(), name="restless")
    await turns()
    loop.call_later(5, release.set)
    began = loop.time()
    assert await scope.close(0.05) == ("app/restless",) and loop.time() - began < 4
    release.set()
    await turns(20)
