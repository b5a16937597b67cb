"""What a scope says of itself: exact counts, by name and by scope, and where each task came from."""

from __future__ import annotations

import asyncio
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.panel.tasks import NameStats, TaskScope, caller
from nuke_ai_panel.panel.tasks.failures import MOST_NOTES, tell
from nuke_ai_panel.panel.tasks.stats import MOST_NAMES, OTHERS, ThreadCount
from nuke_ai_panel.panel.tasks.terms import place
from task_parts import Failures, fail, forever, turns


async def test_the_figures_are_a_tree_of_scopes():
    async with TaskScope("app") as app:
        pane = app.child("pane")
        pane.child("turn").start(forever(), name="stream")
        app.start(forever(), name="watch")
        stats = app.stats()
        assert [child.name for child in stats.children] == ["app/pane"]
        assert [child.name for child in stats.children[0].children] == ["app/pane/turn"]
        assert (stats.running, stats.children[0].running, len(stats.tasks)) == (2, 1, 1)
        assert stats.names == ("app/watch", "app/pane/turn/stream")


async def test_each_name_has_its_figures_and_a_closed_child_leaves_its_own():
    async with TaskScope("app", on_failure=Failures()) as app:
        async with app.child("turn") as turn:
            for coro in (turns(1), turns(1), fail()):
                turn.start(coro, name="tool")
            await turns()
        app.start(forever(), name="stop").cancel()
        app.start(turns(1), name="save")
        await turns()
        app.start(forever(), name="save")
        assert set(app.stats().by_name) == {
            NameStats("turn/tool", running=0, done=2, failed=1, cancelled=0),
            NameStats("stop", running=0, done=0, failed=0, cancelled=1),
            NameStats("save", running=1, done=1, failed=0, cancelled=0),
        }


@given(st.integers(0, 2 * MOST_NAMES), st.integers(0, 2 * MOST_NAMES))
async def test_however_many_names_there_are_the_list_is_bounded_and_the_counts_exact(here: int, inside: int):
    async with TaskScope("app") as app:
        async with app.child("turn") as turn:
            for number in range(inside):
                turn.start(turns(1), name=f"tool {number}")
        for number in range(here):
            app.start(turns(1), name=f"tool {number}")
        before = app.stats()
        assert sum(entry.running for entry in before.by_name) == before.running == here
        await turns()
        after = app.stats()
    assert (after.done, after.cancelled) == (here, inside)
    assert sum(entry.done for entry in after.by_name) == here
    assert sum(entry.cancelled for entry in after.by_name) == inside
    assert len(after.by_name) <= MOST_NAMES + 1
    assert (OTHERS in {entry.name for entry in after.by_name}) == (here + inside > MOST_NAMES)


async def test_a_task_says_its_age_and_the_line_that_started_it(monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    async with TaskScope("app") as app:
        line = sys._getframe().f_lineno + 1
        app.child("turn").start(forever(), name="stream")
        now = 107.5
        app.start(forever(), name="watch")
        oldest = app.stats().oldest
        assert oldest is not None
        assert (oldest.name, oldest.seconds) == ("app/turn/stream", 7.5)
        assert oldest.origin == f"panel/test_tasks_stats.py:{line}"
        monkeypatch.undo()


async def test_nothing_that_runs_has_no_oldest():
    async with TaskScope("app") as app:
        assert app.stats().oldest is None


async def test_a_wrapper_hands_on_the_line_of_its_own_caller():
    async with TaskScope("app") as app:

        def wrapper() -> None:
            app.start(forever(), name="stream", origin=caller())

        line = sys._getframe().f_lineno + 1
        wrapper()
        assert app.stats().tasks[0].origin == f"panel/test_tasks_stats.py:{line}"


def test_an_origin_is_short_on_every_system():
    code = compile("0", r"C:\Users\me\panel\chat.py", "exec")
    assert place((code, 44)) == "panel/chat.py:44"


async def test_a_failure_says_where_its_task_was_started():
    failures: list[BaseException] = []
    async with TaskScope("app", on_failure=lambda name, error: failures.append(error)) as app:
        line = sys._getframe().f_lineno + 1
        app.start(fail(), name="keys")
        await turns()
    assert failures[0].__notes__ == [f"In app/keys, started at panel/test_tasks_stats.py:{line}"]


async def test_one_error_that_fails_many_tasks_is_told_for_each_and_noted_for_the_first():
    failures = Failures()
    async with TaskScope("app", on_failure=failures) as app:
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def wait() -> None:
            await gone

        for number in range(50):
            app.start(wait(), name=f"stream {number}")
        await turns()
        gone.set_exception(error := OSError("connection lost"))
        await turns()
    assert len(failures) == 50 and len(error.__notes__) == MOST_NOTES


def test_an_error_with_notes_of_its_own_is_told():
    failures, error = Failures(), ValueError("no")
    error.add_note("while reading")
    tell(failures, "app/keys", "panel/keys.py:1", error)
    tell(failures, "app/keys", "panel/keys.py:1", error)
    assert error.__notes__ == ["while reading", "In app/keys, started at panel/keys.py:1"]


@given(st.lists(st.booleans()))
def test_looking_at_a_count_does_not_count(steps: list[bool]):
    count, expected = ThreadCount(), 0
    for look in steps:
        if look:
            assert count.value() == expected
        else:
            count.add()
            expected += 1
    assert count.value() == expected
