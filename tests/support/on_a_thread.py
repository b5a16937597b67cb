"""What is served on a loop of a thread of its own, for tests whose own thread runs something else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def on_a_thread(served: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """What `served` gives, alive until the block is left."""
    begun: list[T | BaseException] = []
    ready, done = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with served as value:
            begun.append(value)
            ready.set()
            await done.wait()

    def run() -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(serve())
        except BaseException as error:
            begun.append(error)
            ready.set()

    thread = threading.Thread(target=run, name="server")
    thread.start()
    assert ready.wait(10)
    try:
        if isinstance(begun[0], BaseException):
            raise begun[0]
        yield begun[0]
    finally:
        if thread.is_alive():
            loops[0].call_soon_threadsafe(done.set)
        thread.join(10)
