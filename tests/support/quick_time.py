"""Time that passes only when somebody waits for it, and then at once."""

from __future__ import annotations

import asyncio

from nuke_ai_panel.providers.manager.retrying import Timing


class QuickTime:
    """`slept` are the seconds of each wait; `leap`: how much longer each one takes than was asked for."""

    def __init__(self, *, chance: float = 0.0, leap: float = 0.0) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self._leap = leap
        self.timing = Timing(self.clock, self.sleep, lambda: chance)

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds + self._leap
        await asyncio.sleep(0)
