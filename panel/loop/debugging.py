"""What asyncio's debug mode tells of a callback: who asked for it, and which one was slow."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from typing import cast

from .base import Callback


def name_of(handle: Callback) -> str:
    """What ran, and who asked for it. Never values, as asyncio's own words have them: an argument, or the future that a
    task waits for, may hold the error of a transport, and that a key."""
    callback: object = handle._callback
    task: object = getattr(callback, "__self__", None)
    if isinstance(task, asyncio.Task):
        name = f"A step of {task.get_name()}"
    else:
        name = getattr(callback, "__qualname__", type(callback).__qualname__)
    trace = handle._source_traceback
    return f"{name}, asked for at {trace[-1].filename}:{trace[-1].lineno}," if trace else name


def drop_own_line(handle: asyncio.Handle) -> None:
    """The line that asyncio notes as the one who asked is the loop's own: the one before it is meant."""
    if trace := cast(Callback, handle)._source_traceback:
        del trace[-1]
