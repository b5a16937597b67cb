"""Cancels some work at one of the points where it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any


class CancelledAt:
    """Awaits `work` and cancels the task when it waits for the `number`th time. `reached` says whether it got there."""

    def __init__(self, work: Coroutine[Any, Any, object], number: int) -> None:
        self.reached = False
        self._work = work
        self._number = number

    def __await__(self) -> Generator[Any, Any, None]:
        task = asyncio.current_task()
        assert task
        step, value = self._work.send, None
        count = 0
        while True:
            try:
                awaited = step(value)
            except StopIteration:
                return
            count += 1
            if count == self._number:
                self.reached = True
                asyncio.get_running_loop().call_soon(task.cancel)
            try:
                step, value = self._work.send, (yield awaited)
            except BaseException as error:
                step, value = self._work.throw, error
