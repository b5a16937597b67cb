"""How fast the shared loop turns: `python tests/benchmarks/loop.py [--json]`.

Against plain asyncio, which has no Qt to serve, and stock qasync, which it replaces. Each value is the median of 7
runs, the three taking turns; a ratio is the median of the ratios of the turns.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from nuke_ai_panel.panel.loop import PanelLoop
from nuke_ai_panel.panel.loop.base import load_qasync
from PySide6 import __version__ as pyside_version
from PySide6.QtWidgets import QApplication

ROUNDS = 7
CHAIN, BURST, TASKS = 30_000, 10_000, 5_000

Work = Callable[[], Awaitable[int]]
"""Does its work once, on the running loop, and says how many operations it was."""


async def chained() -> int:
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

    loop.call_soon(step)
    await done
    return CHAIN


async def burst() -> int:
    """All callbacks are asked for at once."""
    loop = asyncio.get_running_loop()
    done, left = loop.create_future(), BURST

    def step() -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set_result(None)

    for _ in range(BURST):
        loop.call_soon(step)
    await done
    return BURST


async def tasks() -> int:
    async def nothing() -> None: ...

    await asyncio.gather(*(asyncio.create_task(nothing()) for _ in range(TASKS)))  # noqa: TID251
    return TASKS


def main() -> int:
    app = QApplication([])
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
        "PanelLoop": lambda: PanelLoop(app),
        "asyncio": asyncio.SelectorEventLoop,
        "qasync": lambda: load_qasync().QEventLoop(app),
    }
    rows: list[dict[str, Any]] = []
    for name, work, bar in (
        ("call_soon, chained", chained, 5.0),
        (f"call_soon, a burst of {BURST}", burst, 6.0),
        (f"{TASKS} tasks, create_task and gather", tasks, 3.0),
    ):
        speeds = _measure(loops, work)
        rows += [_row(name, speeds, "qasync", bar), _row(name, speeds, "asyncio", None)]
    _print(rows)
    return 0


def _measure(loops: dict[str, Callable[[], asyncio.AbstractEventLoop]], work: Work) -> dict[str, list[float]]:
    """Operations a second, for each loop in each round."""
    speeds: dict[str, list[float]] = {name: [] for name in loops}
    for round_number in range(ROUNDS + 1):
        for name, make in loops.items():
            loop = make()
            speed = loop.run_until_complete(_speed(work))
            loop.close()
            if round_number:  # the first one warms up
                speeds[name].append(speed)
    return speeds


async def _speed(work: Work) -> float:
    begin = time.perf_counter()
    count = await work()
    return count / (time.perf_counter() - begin)


def _row(name: str, speeds: dict[str, list[float]], peer: str, bar: float | None) -> dict[str, Any]:
    """A bar is met if the interval of the ratios touches it."""
    ratios = sorted(ours / theirs for ours, theirs in zip(speeds["PanelLoop"], speeds[peer], strict=True))
    return {
        "name": name,
        "value": statistics.median(speeds["PanelLoop"]),
        "unit": "1/s",
        "bar": bar,
        "ok": bar is None or ratios[-2] >= bar,
        "against": peer,
        "ratio": statistics.median(ratios),
        "interval": [ratios[1], ratios[-2]],
    }


def _print(rows: list[dict[str, Any]]) -> None:
    if "--json" in sys.argv:
        machine = {
            "python": platform.python_version(),
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "pyside": pyside_version,
        }
        print(json.dumps({"machine": machine, "rows": rows}))
        return
    for row in rows:
        low, high = row["interval"]
        bar = "" if row["bar"] is None else f", bar {row['bar']:g}: {'ok' if row['ok'] else 'missed'}"
        ratio = f"{row['ratio']:.2f} x {row['against']} ({low:.2f} to {high:.2f})"
        print(f"{row['name']:38} {row['value'] / 1000:6.0f} k/s  {ratio}{bar}")


if __name__ == "__main__":
    sys.exit(main())
