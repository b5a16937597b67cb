"""Tasks on behalf of a widget: they end in the moment in which it is destroyed, whatever they wait for."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable

import pytest
from nuke_ai_panel.panel.presenters.view_tasks import ViewTasks
from nuke_ai_panel.panel.tasks import ScopeClosed, TaskScope
from PySide6.QtWidgets import QLabel, QWidget
from shiboken6 import delete
from task_parts import Failures, fail, forever, turns

Own = Callable[[QWidget], QWidget]


async def test_a_widget_that_is_deleted_while_its_task_awaits_is_touched_by_nobody(own: Own) -> None:
    failures, parent = Failures(), own(QWidget())
    label, answer = QLabel(parent), asyncio.Event()

    async def show() -> None:
        try:
            await answer.wait()
        finally:
            steps.append("ended")
        label.setText("it is deleted, and this would raise")

    async with TaskScope("pane", on_failure=failures) as scope:
        steps, tasks = list[str](), ViewTasks(parent, scope)
        task = tasks.start(show(), name="show")
        goes_on = scope.start(forever(), name="turn")
        await turns()
        answer.set()  # it is going to wake up, and the widget is deleted before
        delete(parent)
        await turns()
        assert task.cancelled() and steps == ["ended"] and failures == []
        assert not goes_on.done()


async def test_a_task_that_has_ended_is_not_kept_and_one_that_fails_is_told_with_its_own_line(own: Own) -> None:
    failures = list[BaseException]()
    async with TaskScope("pane", on_failure=lambda _, error: failures.append(error)) as scope:
        tasks = ViewTasks(own(QWidget()), scope)
        ended = weakref.ref(tasks.start(fail(), name="show"))
        await turns()
        assert "presenters/test_view_tasks.py:" in failures.pop().__notes__[0]
        gc.collect()
        assert ended() is None


async def test_nothing_is_started_for_a_pane_whose_scope_is_closed(own: Own) -> None:
    scope = TaskScope("pane")
    tasks = ViewTasks(own(QWidget()), scope)
    await scope.close(1)
    with pytest.raises(ScopeClosed):
        tasks.start(forever(), name="show")
