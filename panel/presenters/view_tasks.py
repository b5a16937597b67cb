"""The tasks that show something in a pane: they end in the moment in which the pane is destroyed.

A task that wakes up after that would touch widgets that are gone. What has to go on without a pane (a turn, the saving
of a file) is started in the scope itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from PySide6.QtCore import QObject

from ..tasks import TaskScope, caller

T = TypeVar("T")


class ViewTasks:
    """Starts tasks in `scope` on behalf of `view`."""

    def __init__(self, view: QObject, scope: TaskScope) -> None:
        self._scope = scope
        self._running: set[asyncio.Task[object]] = set()
        view.destroyed.connect(self._leave)

    def start(self, coro: Coroutine[None, None, T], *, name: str) -> asyncio.Task[T]:
        """Raises ScopeClosed."""
        task = self._scope.start(coro, name=name, origin=caller())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def _leave(self) -> None:
        for task in tuple(self._running):
            task.cancel()
