"""Every task has an owner, a name and an end, and no failure is lost or told twice."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from dataclasses import dataclass

import pytest
from guards import UnseenErrors
from nuke_ai_panel.panel.tasks import ScopeClosed, TaskScope
from task_parts import Failures, fail, forever, swallow_cancels, turns


async def test_a_task_gives_its_result_and_is_counted():
    async with TaskScope("app") as scope:
        task = scope.start(asyncio.sleep(0, "hello"), name="greeting")
        assert scope.stats().names == ("app/greeting",)
        assert await task == "hello"
        await turns()
        stats = scope.stats()
    assert (stats.running, stats.done, stats.failed, stats.cancelled) == (0, 1, 0, 0)


async def test_a_failure_is_told_once_with_its_name_and_hurts_no_sibling():
    failures = Failures()
    scope = TaskScope("app", on_failure=failures)
    sibling = scope.start(forever(), name="stream")
    scope.start(fail(), name="keys")
    await turns()
    gc.collect()
    assert failures == [("app/keys", "no")]
    assert not sibling.done()
    assert await scope.close(1) == ()
    assert failures == [("app/keys", "no")]


async def test_a_failure_that_somebody_awaits_is_told_as_well():
    failures = Failures()
    scope = TaskScope("app", on_failure=failures)
    with pytest.raises(ValueError):
        await scope.start(fail(), name="keys")
    assert failures == [("app/keys", "no")]
    await scope.close(1)


async def test_a_failure_nobody_asked_to_hear_of_is_logged(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.ERROR, "nuke_ai_panel"):
        async with TaskScope("app") as scope:
            scope.start(fail(), name="keys")
            await turns()
    assert "app/keys failed" in caplog.text and "ValueError: no" in caplog.text


async def test_an_error_that_takes_no_note_is_told_as_well():
    @dataclass(frozen=True)
    class Frozen(Exception):
        text: str

    class Taken(Exception):
        __notes__ = "its own"

    async def raise_it(error: Exception) -> None:
        raise error

    failures = Failures()
    async with TaskScope("app", on_failure=failures) as scope:
        for error in (Frozen("no"), Taken("no")):
            scope.start(raise_it(error), name="keys")
        await turns()
    assert failures == [("app/keys", "no")] * 2


async def test_a_listener_that_fails_loses_neither_error(unseen_errors: UnseenErrors, caplog: pytest.LogCaptureFixture):
    def listen(name: str, error: BaseException) -> None:
        raise RuntimeError(f"cannot show {error}")

    scope = TaskScope("app", on_failure=listen)
    scope.start(fail(), name="keys")
    await turns()
    unseen_errors.expect("cannot show no")
    assert "app/keys failed" in caplog.text and "ValueError: no" in caplog.text
    assert scope.stats().failed == 1
    await scope.close(1)


async def test_closing_cancels_what_may_be_cancelled_and_waits_for_what_must_finish():
    ended: list[str] = []
    written = asyncio.Event()

    async def stream() -> None:
        try:
            await forever()
        finally:
            ended.append("stream")
            written.set()

    async def write() -> None:
        await written.wait()
        await turns()
        ended.append("write")

    scope = TaskScope("app")
    scope.start(stream(), name="stream")
    scope.start(write(), name="write", on_close="finish")
    await turns()
    assert await scope.close(5) == ()
    assert ended == ["stream", "write"]
    stats = scope.stats()
    assert (stats.done, stats.cancelled, stats.running) == (1, 1, 0)


async def test_children_end_before_their_parents():
    ended: list[str] = []

    async def work(name: str) -> None:
        try:
            await forever()
        finally:
            await turns()
            ended.append(name)

    scope = TaskScope("app")
    panel = scope.child("panel")
    turn = panel.child("turn")
    for name, owner in (("app", scope), ("panel", panel), ("turn", turn)):
        owner.start(work(name), name="work")
    await turns()
    assert scope.stats().names == ("app/work", "app/panel/work", "app/panel/turn/work")
    assert await scope.close(5) == ()
    assert ended == ["turn", "panel", "app"]


async def test_a_closed_scope_takes_nothing_and_closes_the_coroutine():
    scope = TaskScope("app")
    await scope.close(1)
    with pytest.raises(ScopeClosed, match="app is closed; stream was not started"):
        scope.start(forever(), name="stream")  # "never awaited" would fail this test
    with pytest.raises(ScopeClosed, match="panel was not opened"):
        scope.child("panel")


async def test_a_scope_that_is_closing_takes_nothing_from_its_own_tasks():
    refused: list[str] = []
    scope = TaskScope("app")
    panel = scope.child("panel")

    async def restart() -> None:
        try:
            await forever()
        finally:
            for owner in (panel, scope):
                try:
                    owner.start(forever(), name="again")
                except ScopeClosed as error:
                    refused.append(str(error))

    panel.start(restart(), name="work")
    await turns()
    assert await scope.close(1) == ()
    assert len(refused) == 2


def test_a_scope_whose_loop_is_closed_takes_nothing():
    loop = asyncio.new_event_loop()
    scope = TaskScope("app", loop=loop)
    loop.close()
    with pytest.raises(ScopeClosed):
        scope.start(forever(), name="late")


async def test_a_task_that_swallows_its_cancel_is_named_and_let_go_in_time():
    log: list[str] = []
    release = asyncio.Event()
    loop = asyncio.get_running_loop()
    scope = TaskScope("app")
    turn = scope.child("turn")
    turn.start(swallow_cancels(release, log), name="stubborn")
    polite = scope.start(forever(), name="polite")
    await turns()
    started = loop.time()
    assert await scope.close(0.1) == ("app/turn/stubborn",)
    assert loop.time() - started < 1
    assert polite.cancelled()
    assert log
    release.set()
    await turns()
    assert scope.stats().running == 0


def test_what_was_let_go_is_destroyed_without_a_word(caplog: pytest.LogCaptureFixture):
    """ "Task was destroyed but it is pending" would be an ERROR record, which fails the test."""
    loop = asyncio.new_event_loop()

    async def main() -> tuple[str, ...]:
        scope = TaskScope("app")
        scope.start(swallow_cancels(asyncio.Event(), []), name="stubborn")
        await turns()
        return await scope.close(0.01)

    assert loop.run_until_complete(main()) == ("app/stubborn",)
    assert all(task._log_destroy_pending is False for task in asyncio.all_tasks(loop))  # type: ignore[attr-defined]
    loop.close()
    gc.collect()
    assert caplog.text == ""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
def test_a_task_is_owned_before_it_runs_whatever_factory_the_loop_has():
    loop = asyncio.new_event_loop()
    loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined]

    async def main() -> None:
        scope = TaskScope("app")

        async def look() -> tuple[str, ...]:
            return scope.stats().names

        async def leave() -> tuple[str, ...]:
            return await scope.close(1)

        assert await scope.start(look(), name="look") == ("app/look",)
        assert await scope.start(leave(), name="leave") == ()

    loop.run_until_complete(main())
    loop.close()


async def test_work_that_must_finish_but_hangs_is_named_and_cancelled_at_the_end():
    scope = TaskScope("app")
    task = scope.start(forever(), name="write", on_close="finish")
    await turns()
    assert await scope.close(0.02) == ("app/write",)
    assert task.cancelled()  # already: a host that quits runs nothing of ours after this


async def test_a_stubborn_child_leaves_its_parents_their_share_of_the_time():
    """They are asked to end when the child has had its share, and clean up after that."""
    release, log = asyncio.Event(), list[str]()
    cleaned: list[str] = []

    async def tidy() -> None:
        try:
            await forever()
        finally:
            await asyncio.sleep(0.01)
            cleaned.append("tidied")

    scope = TaskScope("app")
    scope.child("turn").start(swallow_cancels(release, log), name="stubborn")
    scope.start(tidy(), name="tidy")
    await turns()
    assert await scope.close(0.4) == ("app/turn/stubborn",)
    assert cleaned == ["tidied"]
    release.set()
    await turns()


async def test_closed_children_leave_their_parent_only_their_counts():
    scope = TaskScope("app")
    for _ in range(100):
        async with scope.child("turn") as turn:
            turn.start(asyncio.sleep(0), name="answer")
            await turns()
    assert scope.stats().done == 100
    assert scope._children == []  # pyright: ignore[reportPrivateUsage]
    await scope.close(1)


async def test_a_task_may_close_its_own_scope():
    scope = TaskScope("app")
    sibling = scope.start(forever(), name="sibling")

    async def leave() -> tuple[str, ...]:
        return await scope.close(1)

    assert await scope.start(leave(), name="leave") == ()
    assert sibling.cancelled()


async def test_leaving_the_block_closes_and_names_what_stays(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("nuke_ai_panel.panel.tasks.scope.LEAVING", 0.01)
    release = asyncio.Event()
    with caplog.at_level(logging.ERROR, "nuke_ai_panel"):
        async with TaskScope("app") as scope:
            scope.start(swallow_cancels(release, []), name="stubborn")
            await turns()
    assert "app/stubborn did not end" in caplog.text
    release.set()
    await turns()


async def test_a_task_that_waits_for_a_future_of_another_loop_fails_alone_and_is_told():
    other, failures = asyncio.new_event_loop(), Failures()
    foreign: asyncio.Future[None] = other.create_future()

    async def wait() -> None:
        await foreign

    scope = TaskScope("app", on_failure=failures)
    sibling = scope.start(forever(), name="stream")
    scope.start(wait(), name="lost")
    await turns()
    [(name, error)] = failures
    assert name == "app/lost" and "attached to a different loop" in error and not sibling.done()
    assert await scope.close(1) == ()
    other.close()


async def test_a_task_that_raises_a_cancel_of_its_own_was_cancelled_and_has_not_failed():
    async def give_up() -> None:
        raise asyncio.CancelledError

    failures = Failures()
    scope = TaskScope("app", on_failure=failures)
    scope.start(give_up(), name="give up")
    await turns()
    assert (scope.stats().cancelled, failures) == (1, [])
    assert await scope.close(1) == ()


async def test_an_error_while_it_is_cancelled_is_told_once_and_holds_up_nothing():
    async def stumble() -> None:
        try:
            await forever()
        except asyncio.CancelledError:
            raise ValueError("no") from None

    failures = Failures()
    scope = TaskScope("app", on_failure=failures)
    scope.start(stumble(), name="stream")
    await turns()
    assert await scope.close(20) == () and failures == [("app/stream", "no")]


async def test_a_thousand_tasks_end_at_once():
    scope = TaskScope("app")
    for number in range(1000):
        scope.start(forever(), name=f"stream {number}")
    await turns()
    assert await scope.close(5) == ()
    assert scope.stats().cancelled == 1000
