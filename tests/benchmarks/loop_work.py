"""One piece of work on one loop, in a process of its own: `python loop_work.py LOOP WORK [EVENTS_URL ECHO_PORT]`.

Prints its figures as one line of JSON. LOOP: PanelLoop, asyncio or qasync.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from nuke_ai_panel.panel.loop import PanelLoop
from nuke_ai_panel.panel.loop.base import load_qasync
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

CHAIN, BURST, TASKS, ECHOES = 30_000, 10_000, 5_000, 3_000

Figures = dict[str, float]
Work = Callable[[str, int], Awaitable[Figures]]
"""Gets the address of the events and the port of the echo."""


async def chained(*_: object) -> Figures:
    """Each callback asks for the next."""
    loop = asyncio.get_running_loop()
    done, left = loop.create_future(), CHAIN

    def step() -> None:
        nonlocal left
        left -= 1
        if left:
            loop.call_soon(step)
        else:
            done.set_result(None)

    begin = time.perf_counter()
    loop.call_soon(step)
    await done
    return {"per_second": CHAIN / (time.perf_counter() - begin)}


async def burst(*_: object) -> Figures:
    """All callbacks are asked for at once."""
    loop = asyncio.get_running_loop()
    done, left = loop.create_future(), BURST

    def step() -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set_result(None)

    begin = time.perf_counter()
    for _ in range(BURST):
        loop.call_soon(step)
    await done
    return {"per_second": BURST / (time.perf_counter() - begin)}


async def tasks(*_: object) -> Figures:
    async def nothing() -> None: ...

    begin = time.perf_counter()
    await asyncio.gather(*(asyncio.create_task(nothing()) for _ in range(TASKS)))  # noqa: TID251
    return {"per_second": TASKS / (time.perf_counter() - begin)}


async def echo(_: str, port: int) -> Figures:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begin = time.process_time()
    for _ in range(ECHOES):
        writer.write(b"x" * 64)
        await reader.readexactly(64)
    cpu = time.process_time() - begin
    writer.close()
    await writer.wait_closed()
    return {"cpu_us": cpu / ECHOES * 1e6}


async def _events(url: str, count: int, rate: int = 0, **options: object) -> None:
    import aiohttp

    async with aiohttp.ClientSession(**options) as session, session.get(f"{url}/?n={count}&rate={rate}") as reply:
        async for line in reply.content:
            line.startswith(b"data:")


async def _paced(url: str, rate: int) -> Figures:
    await _events(url, 50)
    count, begin = rate * 2, time.process_time()
    await _events(url, count, rate)
    return {"cpu_us": (time.process_time() - begin) / count * 1e6}


async def events_1000(url: str, _: int) -> Figures:
    return await _paced(url, 1_000)


async def events_5000(url: str, _: int) -> Figures:
    return await _paced(url, 5_000)


class Ticks:
    """A timer of Qt's every 16 ms, and the longest time between two ticks."""

    def __init__(self) -> None:
        self._gaps: list[float] = []
        self._last = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    async def during(self, work: Awaitable[None]) -> Figures:
        self._timer.start(16)
        await work
        self._timer.stop()
        return {"longest_gap_ms": max(self._gaps)}

    def _tick(self) -> None:
        now = time.perf_counter()
        if self._last:
            self._gaps.append((now - self._last) * 1e3)
        self._last = now


async def gaps_paced(url: str, _: int) -> Figures:
    await _events(url, 50)
    return await Ticks().during(_events(url, 15_000, 5_000))


async def gaps_unpaced(url: str, _: int) -> Figures:
    await _events(url, 50)
    return await Ticks().during(_events(url, 60_000))


class Posted(QObject):
    """A signal that a thread posts to this one."""

    post = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.late: list[float] = []
        self.post.connect(self._arrive, Qt.ConnectionType.QueuedConnection)

    def _arrive(self, posted: float) -> None:
        self.late.append((time.perf_counter() - posted) * 1e3)


async def spinning(*_: object) -> Figures:
    """Three tasks that only give way, and a thread that posts a signal every 10 ms."""
    posted, over, turns = Posted(), threading.Event(), 0

    def post() -> None:
        while not over.wait(0.01):
            posted.post.emit(time.perf_counter())

    async def spin() -> None:
        nonlocal turns
        while not over.is_set():
            turns += 1
            await asyncio.sleep(0)

    poster, begin = threading.Thread(target=post), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(spin())
        poster.start()
        await asyncio.sleep(2)
        seconds = time.perf_counter() - begin
        over.set()
    poster.join()
    late = sorted(posted.late)
    return {"per_second": turns / seconds, "p99_ms": late[int(len(late) * 0.99)]}


async def long_sleeps(*_: object) -> Figures:
    late: list[float] = []

    async def sleep(seconds: float) -> None:
        begin = time.monotonic()
        await asyncio.sleep(seconds)
        late.append((time.monotonic() - begin - seconds) * 1e3)

    async with asyncio.TaskGroup() as group:
        for number in range(60):
            group.create_task(sleep(2 + number * 0.037))
    return {"earliest_ms": min(late), "latest_ms": max(late)}


async def short_sleeps(*_: object) -> Figures:
    loop, late, chance = asyncio.get_running_loop(), list[float](), random.Random(1)
    for _ in range(150):
        seconds = chance.choice([0.001, 0.0025, 0.005, 0.01, 0.02])
        future, begin = loop.create_future(), time.monotonic()
        loop.call_later(seconds, future.set_result, None)
        await future
        late.append((time.monotonic() - begin - seconds) * 1e3)
    return {"earliest_ms": min(late), "median_ms": statistics.median(late)}


async def timeouts(url: str, _: int) -> Figures:
    """aiohttp sets its read timeout anew with every chunk."""
    import aiohttp

    await _events(url, 16_000, 4_000, timeout=aiohttp.ClientTimeout(total=None, sock_read=60))
    loop = asyncio.get_running_loop()
    if isinstance(loop, PanelLoop):
        return {"timers": len(loop._scheduled)}  # pyright: ignore[reportPrivateUsage]
    return {"timers": len(loop._timer._SimpleTimer__callbacks)}  # type: ignore[attr-defined]


def idle() -> Figures:
    """Attached to a host that runs Qt's loop and has nothing to do itself."""
    app = QApplication.instance()
    assert app
    loop, seconds = PanelLoop(app).attach(), 3
    before = 0

    def begin() -> None:
        nonlocal before
        before = loop.stats().batches
        QTimer.singleShot(seconds * 1000, app.quit)

    QTimer.singleShot(500, begin)
    app.exec()
    batches = loop.stats().batches - before
    loop.detach()
    return {"wakeups": batches / seconds}


WORKS: dict[str, Work] = {
    work.__name__: work
    for work in (
        chained,
        burst,
        tasks,
        echo,
        events_1000,
        events_5000,
        gaps_paced,
        gaps_unpaced,
        spinning,
        long_sleeps,
        short_sleeps,
        timeouts,
    )
}


def main() -> None:
    name, work, url, port = sys.argv[1:5]
    app = QApplication([])
    if work == "idle":
        figures = idle()
    else:
        loop = asyncio.SelectorEventLoop()
        if name != "asyncio":
            loop.close()
            loop = PanelLoop(app) if name == "PanelLoop" else load_qasync().QEventLoop(app)
        with suppress(RuntimeError):
            asyncio.set_event_loop(loop)  # stock qasync's futures ask for it
        figures = loop.run_until_complete(_warm(WORKS[work], url, int(port)))
    print(json.dumps(figures), flush=True)
    os._exit(0)  # stock qasync aborts when its threads are still there


async def _warm(work: Work, url: str, port: int) -> Figures:
    if work in (chained, burst, tasks):
        await work(url, port)
        gc.collect()  # or one of the two pays for what the other made
    return await work(url, port)


if __name__ == "__main__":
    main()
