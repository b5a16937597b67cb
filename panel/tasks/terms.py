"""The words that the parts of this package share: how a task ends, where it came from, who hears of its failure."""

from __future__ import annotations

import asyncio
import functools
import re
import sys
from collections.abc import Callable, Coroutine
from types import CodeType
from typing import Literal, Protocol, TypeVar

T = TypeVar("T")

OnClose = Literal["cancel", "finish"]
"""What closing does with a task: cancels it, or waits for it."""

AfterFailure = Literal["report", "close"]
"""What a task's failure does besides being told: nothing, or it closes the task's scope and so ends its siblings."""

Outcome = Literal["done", "failed", "cancelled"]

OnFailure = Callable[[str, BaseException], None]
"""Told of each failure once: the task's full name, `application/panel/turn`, and its error.

The error carries a note (`__notes__`) that says where the task was started.
"""

Origin = tuple[CodeType, int]
"""The line that started a task. Cheap to take; `place` makes it readable."""


class ScopeClosed(RuntimeError):
    """The scope takes no new tasks: it is closed, or closing."""


class Owner(Protocol):
    """A scope, as its parts know it."""

    def start(
        self,
        coro: Coroutine[None, None, T],
        *,
        name: str,
        on_close: OnClose = "cancel",
        on_failure: AfterFailure = "report",
        origin: Origin | None = None,
    ) -> asyncio.Task[T]: ...

    def ended(self, name: str, outcome: Outcome, origin: Origin, error: BaseException | None = None) -> None: ...


def caller() -> Origin:
    """The line that called the function that asks."""
    frame = sys._getframe(2)  # pyright: ignore[reportPrivateUsage]
    return frame.f_code, frame.f_lineno


def place(origin: Origin) -> str:
    """`presenters/pane.py:135`"""
    code, line = origin
    return f"{_folder_and_file(code.co_filename)}:{line}"


@functools.lru_cache(maxsize=256)
def _folder_and_file(path: str) -> str:
    return "/".join(re.split(r"[/\\]", path)[-2:])


def name_of(function: Callable[..., object]) -> str:
    """What a function is called in reports."""
    return getattr(function, "__qualname__", type(function).__qualname__)
