"""What the tests of task scopes share: coroutines that end in each way, and ears for failures."""

from __future__ import annotations

import asyncio
from typing import NoReturn


class Failures(list[tuple[str, str]]):
    """A listener for a scope."""

    def __call__(self, name: str, error: BaseException) -> None:
        self.append((name, str(error)))


async def forever() -> NoReturn:
    await asyncio.get_running_loop().create_future()
    raise AssertionError


async def fail() -> NoReturn:
    raise ValueError("no")


async def swallow_cancels(release: asyncio.Event, log: list[str]) -> None:
    while not release.is_set():
        try:
            await release.wait()
        except asyncio.CancelledError:
            log.append("swallowed")


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)
