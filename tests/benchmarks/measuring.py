"""What the benchmarks share: interleaved rounds, ratios of medians, how rows are printed."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from typing import Any

ROUNDS = 7

Row = dict[str, Any]
"""`name`, `value`, `unit`, `bar`, `ok`, `against`, `ratio`, and where there are rounds `interval`."""


def interleaved(peers: Mapping[str, Callable[[], float]], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Each peer's figure in each round; they take turns, so that a busy moment of the machine hits all of them."""
    figures: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(rounds):
        for name, measure in peers.items():
            figures[name].append(measure())
    return figures


def ratio_row(
    name: str,
    ours: list[float],
    theirs: list[float],
    against: str,
    unit: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Row:
    """Ours divided by theirs, round by round. A bar is met if the interval of the ratios touches it."""
    ratios = sorted(a / b for a, b in zip(ours, theirs, strict=True))
    low, high = (ratios[1], ratios[-2]) if len(ratios) > 4 else (ratios[0], ratios[-1])
    met = (at_least is None or high >= at_least) and (at_most is None or low <= at_most)
    bar = at_least if at_most is None else at_most
    return {
        "name": name,
        "value": statistics.median(ours),
        "unit": unit,
        "bar": bar,
        "ok": met,
        "against": against,
        "ratio": statistics.median(ratios),
        "interval": [low, high],
    }


def plain_row(
    name: str,
    figures: list[float],
    unit: str,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    against: str = "",
    theirs: list[float] | None = None,
) -> Row:
    """A figure with a bar of its own; what `theirs` is only stands beside it, as it may be 0 or negative."""
    low, high = min(figures), max(figures)
    peer = statistics.median(theirs) if theirs else None
    return {
        "name": name,
        "value": statistics.median(figures),
        "unit": unit,
        "bar": at_least if at_most is None else at_most,
        "ok": (at_most is None or low <= at_most) and (at_least is None or high >= at_least),
        "against": against if peer is None else f"{against}: {peer:.4g} {unit}".strip(),
        "ratio": None,
        "interval": [low, high],
    }


def show(rows: Iterable[Row]) -> None:
    """Prints the rows, with `--json` as one object."""
    if "--json" in sys.argv:
        print(json.dumps({"machine": _machine(), "rows": list(rows)}))
        return
    for row in rows:
        low, high = row["interval"]
        bar = "" if row["bar"] is None else f", bar {row['bar']:g}: {'ok' if row['ok'] else 'MISSED'}"
        value = f"{row['value']:,.6g}" if row["value"] < 1000 else f"{row['value']:,.0f}"
        print(f"{row['name']:62} {value:>10} {row['unit']:5}{_peer(row)} ({low:.4g} to {high:.4g}){bar}", flush=True)


def _peer(row: Row) -> str:
    if not row["ratio"]:
        return f"  {row['against']}" if row["against"] else ""
    return f"  {row['ratio']:.2f} x {row['against']}"


def _machine() -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        **{name: metadata.version(name) for name in ("PySide6-Essentials", "qasync", "aiohttp")},
    }
