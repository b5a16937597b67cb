"""Tasks and callbacks that nobody owns, and errors that nobody asks for: asyncio's own words, each once.

Those of a TaskScope never come to that.
"""

from __future__ import annotations

import asyncio
import gc

import pytest
from guards import UnseenErrors
from nuke_ai_panel.panel.loop import PanelLoop
from nuke_ai_panel.panel.tasks import TaskScope
from PySide6.QtCore import QTimer
from qt_host import running


async def test_a_task_that_a_slot_starts_lives_and_its_failure_is_told():
    told: list[tuple[str, str]] = []
    scope = TaskScope("pane", on_failure=lambda name, error: told.append((name, str(error))))
    timer, done = QTimer(), asyncio.Event()
    timer.setSingleShot(True)

    async def fail() -> None:
        await asyncio.sleep(0.001)
        gc.collect()
        done.set()
        raise ValueError("no")

    def clicked() -> None:
        scope.start(fail(), name="click")

    timer.timeout.connect(clicked)
    timer.start(0)
    await done.wait()
    await scope.close(1)
    assert told == [("pane/click", "no")]


async def test_a_future_of_another_loop_fails_its_own_task_only():
    other = asyncio.new_event_loop()
    foreign = other.create_future()
    task = running().create_task(_await(foreign))
    with pytest.raises(RuntimeError, match="attached to a different loop"):
        await task
    assert await asyncio.sleep(0, "fine") == "fine"
    other.close()


async def test_an_error_that_nobody_asks_for_is_said_once(unseen_errors: UnseenErrors):
    running().create_task(_fail())
    await asyncio.sleep(0.001)
    gc.collect()
    await asyncio.sleep(0)
    unseen_errors.expect("Task exception was never retrieved")
    assert unseen_errors.lines == []


def test_a_task_that_is_pending_when_its_loop_closes_is_said_once(qapp, unseen_errors: UnseenErrors):
    loop = PanelLoop(qapp)
    task = loop.create_task(asyncio.sleep(60))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    del task
    gc.collect()
    unseen_errors.expect("Task was destroyed but it is pending")
    assert unseen_errors.lines == []


def test_a_cancelled_error_at_the_end_of_a_run_is_the_callers(qapp):
    async def cancel_me() -> None:
        task = asyncio.current_task()
        assert task
        task.cancel()
        await asyncio.sleep(60)

    loop = PanelLoop(qapp)
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(cancel_me())
    assert loop.run_until_complete(asyncio.sleep(0, "fine")) == "fine"
    loop.close()


async def test_a_callback_that_is_cancelled_before_its_turn_never_runs():
    loop, seen = running(), list[int]()
    loop.call_soon(seen.append, 1).cancel()
    loop.call_soon_threadsafe(seen.append, 2).cancel()
    loop.call_later(0, seen.append, 3).cancel()
    await asyncio.sleep(0.001)
    assert seen == []


async def test_what_a_failed_callback_was_given_is_let_go(unseen_errors: UnseenErrors):
    """The error holds its traceback, that holds frames, and those their variables."""
    errors: list[BaseException] = []
    loop = running()
    loop.set_exception_handler(lambda _, context: errors.append(context["exception"]))
    gone = asyncio.Event()

    class Given:
        def __del__(self) -> None:
            gone.set()

    def fail() -> None:
        raise ValueError("no")

    loop.call_soon(fail)
    loop.call_soon(lambda given: None, Given())  # the last of its batch
    await asyncio.sleep(0.001)
    assert errors and gone.is_set()
    loop.set_exception_handler(None)


async def _await(future: asyncio.Future[object]) -> object:
    return await future


async def _fail() -> None:
    raise ValueError("no")
