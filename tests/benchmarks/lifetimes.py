"""How the panel begins and ends: `uv run --group bench python tests/benchmarks/lifetimes.py [--json] [--rounds N]`.

Every life is a process of its own, in a home of its own, against a server in another process. Where two are compared
they take turns, 7 rounds. Takes about seven minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import loop_server
from measuring import ROUNDS, Row, interleaved, plain_row, show

HERE = Path(__file__).parent
FLOOD = HERE.parent / "support" / "report_flood.py"

Lives = dict[str, list[dict[str, Any]]]


class Bench:
    """Runs lives against one server."""

    def __init__(self, url: str, rounds: int) -> None:
        self._url = url
        self._rounds = rounds

    def live(self, *works: str, rounds: int | None = None, program: str = "lifetime_work.py") -> Lives:
        found: Lives = {work: [] for work in works}

        def once(work: str) -> float:
            began = str(time.monotonic())
            found[work].append(run([str(HERE / program), work, self._url, began]))
            return 0.0

        interleaved({work: partial(once, work) for work in works}, rounds or self._rounds)
        return found


def run(command: list[str]) -> dict[str, Any]:
    """The figures that a process prints last. Its home is empty."""
    with tempfile.TemporaryDirectory() as home:
        places = {f"XDG_{name}_HOME": f"{home}/{name.lower()}" for name in ("CONFIG", "DATA", "CACHE", "STATE")}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DBUS_")}
        environ = kept | places | {"HOME": home, "QT_LOGGING_RULES": "*=false"}
        done = subprocess.run([sys.executable, *command], capture_output=True, text=True, env=environ)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def rows(bench: Bench) -> Iterator[Row]:
    yield from starting(bench)
    yield from docking(bench)
    yield from living(bench)
    yield from quitting(bench)
    yield from reporting(bench)
    yield from cycling(bench)


def starting(bench: Bench) -> Iterator[Row]:
    lives = bench.live("window", "bare_window")
    bare, paint = ([life["paint_ms"] for life in lives[work]] for work in ("bare_window", "window"))
    allowed = [1.25 * one + 40 for one in bare]
    yield _within("start to first paint", paint, allowed, "a bare window of these widgets", bare)
    ready = [life["ready_ms"] for life in lives["window"]]
    yield plain_row("start to ready to be asked", ready, "ms", at_most=900)


def docking(bench: Bench) -> Iterator[Row]:
    lives = bench.live("open_pane", "open_text_box")
    box, paint = ([life["paint_ms"] for life in lives[work]] for work in ("open_text_box", "open_pane"))
    allowed = [1.25 * one + 30 for one in box]
    yield _within("pane opened in a host: first paint", paint, allowed, "an empty text box", box)
    gaps = [life["gap_ms"] for life in lives["open_pane"]]
    theirs = [life["gap_ms"] for life in lives["open_text_box"]]
    words = "pane opened in a host, until ready: longest hold of the UI"
    yield plain_row(words, gaps, "ms", at_most=50, against="an empty text box", theirs=theirs)
    yield plain_row("pane opened in a host: ready", [life["ready_ms"] for life in lives["open_pane"]], "ms")
    imported = [float(len(life["imported"])) for life in lives["open_pane"]]
    yield plain_row("aiohttp, keyring, sqlite3 imported before its paint", imported, "", at_most=0)


def living(bench: Bench) -> Iterator[Row]:
    """In the harness, whose own share of the CPU is taken off."""
    works = [f"{how}_{rate}" for rate in (100, 1000) for how in ("stream", "hidden")]
    lives = bench.live(*works, rounds=3, program="docked_work.py")
    for rate, core in ((100, 3), (1000, 30)):
        found, words = lives[f"stream_{rate}"], f"{rate:,} pieces/s into a docked pane: "
        yield plain_row(f"{words}a 16 ms timer, 99 of 100", [life["p99_ms"] for life in found], "ms", at_most=25)
        yield plain_row(f"{words}its longest gap", [life["longest_ms"] for life in found], "ms", at_most=50)
        yield plain_row(f"{words}of a core", [life["core"] for life in found], "%", at_most=core)
        hidden = [life["core"] for life in lives[f"hidden_{rate}"]]
        yield plain_row(f"{words}of a core, behind another tab", hidden, "%")
    idle = bench.live("idle", rounds=1, program="docked_work.py")["idle"][0]
    yield plain_row("docked with nothing to do: wake-ups of Qt", [idle["wakeups"]], "1/s", at_most=0)
    yield plain_row("docked with nothing to do: batches", [float(idle["batches"])], "", at_most=0)


def quitting(bench: Bench) -> Iterator[Row]:
    lives = bench.live("quit_with_everything_hung", rounds=3)["quit_with_everything_hung"]
    words = f"quit: {lives[0]['running']:,} tasks, {lives[0]['streams']} open streams, everything hung"
    yield plain_row(words, [life["ms"] for life in lives], "ms", at_most=1000)
    left = sorted({name for life in lives for name in life["left"]})
    others = float(len([name for name in left if not name.endswith("stubborn")]))
    yield plain_row(f"  tasks left but for the stubborn one, named {', '.join(left)}", [others], "", at_most=0)
    yield plain_row("  sessions left", [float(life["sessions"]) for life in lives], "", at_most=0)
    lives = bench.live("quit_in_mid_stream", rounds=3, program="docked_work.py")["quit_in_mid_stream"]
    yield plain_row("quit in the middle of three answers", [life["ms"] for life in lives], "ms", at_most=200)
    yield plain_row("  tasks and sessions left", [float(life["left"]) for life in lives], "", at_most=0)


def reporting(bench: Bench) -> Iterator[Row]:
    theirs = [life["cpu_us"] for life in bench.live("queue_handler", rounds=3)["queue_handler"]]
    for kind in ("equal", "different"):
        with tempfile.TemporaryDirectory() as folder:
            lives = [run([str(FLOOD), f"{folder}/{number}", kind]) for number in range(3)]
        words = f"100,000 {kind} reports from 50 threads: "
        cpu = [life["cpu_us"] for life in lives]
        yield plain_row(f"{words}CPU of a call", cpu, "us", at_most=20, against="QueueHandler", theirs=theirs)
        yield plain_row(f"{words}lost", [float(life["lost"]) for life in lives], "", at_most=0)
        yield plain_row(f"{words}memory", [life["rss_mb"] for life in lives], "MB", at_most=20)


def cycling(bench: Bench) -> Iterator[Row]:
    life = bench.live("cycles", rounds=1)["cycles"][0]
    for name in ("tasks", "sessions", "sockets", "threads", "fds"):
        yield plain_row(f"500 x open, ask, close: {name}", [life[name]], "", at_most=0)
    yield plain_row("500 x open, ask, close: memory", [life["rss_mb"]], "MB", at_most=5)


def _within(name: str, ours: list[float], allowed: list[float], against: str, theirs: list[float]) -> Row:
    """Met if in some round we were within what the other one's time allows; the bar shown is that of the medians."""
    row = plain_row(name, ours, "ms", at_most=sorted(allowed)[len(allowed) // 2], against=against, theirs=theirs)
    return row | {"ok": any(mine <= bar for mine, bar in zip(ours, allowed, strict=True))}


def main() -> int:
    rounds = int(sys.argv[sys.argv.index("--rounds") + 1]) if "--rounds" in sys.argv else ROUNDS
    with loop_server.running() as (url, _):
        show(rows(Bench(url, rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
