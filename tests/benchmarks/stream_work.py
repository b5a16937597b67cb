"""Many streams on the shared loop, in a process of its own: `python stream_work.py at_once|cancels URL`.

Prints its figures as one line of JSON. URL: of `loop_server.py`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from nuke_ai_panel.panel.loop import PanelLoop
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.messages import TextDelta
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication
from stream import ASKED, manager

STREAMS, RATE, SECONDS = 100, 100, 5
CANCELS = 500
TICK = 5
"""Milliseconds of the timer whose ticks are watched."""

Figures = dict[str, float]


class Ticks:
    """The times between two ticks of a precise timer of Qt."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self._last = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK)

    def stop(self) -> Figures:
        self._timer.stop()
        return {"p99_ms": _of(self.gaps, 0.99), "longest_ms": max(self.gaps)}

    def _tick(self) -> None:
        now = time.perf_counter()
        if self._last:
            self.gaps.append((now - self._last) * 1e3)
        self._last = now


async def at_once(url: str) -> Figures:
    """All are open at the same time: the bound on questions at once is the artist's, and not what is measured."""
    async with manager("compatible", f"{url}/paced/{RATE}/{RATE * SECONDS}") as providers:
        await providers.prepare()
        ticks, cpu = Ticks(), time.process_time()
        async with asyncio.TaskGroup() as group:
            answers = [group.create_task(_pieces(providers)) for _ in range(STREAMS)]
        busy = (time.process_time() - cpu) / SECONDS * 100
        found = sum(answer.result() for answer in answers)
        if found != STREAMS * RATE * SECONDS:
            raise RuntimeError(f"{found} pieces came")
        return {**ticks.stop(), "core": busy, **_left(providers)}


async def _pieces(providers: ProviderManager) -> int:
    async with providers.stream("compatible", ASKED) as answer:
        return sum([1 async for event in answer if isinstance(event, TextDelta)])


async def cancels(url: str) -> Figures:
    """From the press of Stop until its task has ended, in the middle of an answer."""
    took: list[float] = []
    async with manager("compatible", f"{url}/endless") as providers:
        for _ in range(CANCELS):
            begun = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                task = group.create_task(_until_stopped(providers, begun))
                await begun.wait()
                began = time.perf_counter()
                task.cancel()
            took.append((time.perf_counter() - began) * 1e3)
        return {"p50_ms": _of(took, 0.5), "p99_ms": _of(took, 0.99), **_left(providers)}


async def _until_stopped(providers: ProviderManager, begun: asyncio.Event) -> None:
    async with providers.stream("compatible", ASKED) as answer:
        async for event in answer:
            if isinstance(event, TextDelta):
                begun.set()


def _left(providers: ProviderManager) -> Figures:
    """Streams, and tasks beside the one that asks."""
    return {"left": float(providers.open_streams + len(asyncio.all_tasks()) - 1)}


def _of(figures: list[float], part: float) -> float:
    return sorted(figures)[int(len(figures) * part)]


WORKS: dict[str, Callable[[str], Awaitable[Figures]]] = {"at_once": at_once, "cancels": cancels}


def main(work: str, url: str) -> None:
    loop = PanelLoop(QApplication([]))
    gc.freeze()
    with loop:
        print(json.dumps(loop.run_until_complete(WORKS[work](url))))


if __name__ == "__main__":
    main(*sys.argv[1:])
