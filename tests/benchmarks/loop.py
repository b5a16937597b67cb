"""How the shared loop turns: `uv run --group bench python tests/benchmarks/loop.py [--json] [--rounds N]`.

Against plain asyncio, which has no Qt to serve, and stock qasync, which it replaces. Every measurement is a process of
its own; the loops take turns, 7 rounds; a ratio is the median of the ratios of the rounds. Takes about six minutes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import loop_server
from measuring import ROUNDS, Row, interleaved, plain_row, ratio_row, show

HERE = Path(__file__).parent
LOOPS = ("PanelLoop", "asyncio", "qasync")
WITH_QT = ("PanelLoop", "qasync")
CPYTHON_TESTS = 101

Measured = dict[str, dict[str, list[float]]]
"""For each loop, for each figure, its values."""


class Bench:
    """Runs the pieces of work against one server."""

    def __init__(self, url: str, echo: int, rounds: int) -> None:
        self._place = (url, str(echo))
        self._rounds = rounds

    def measure(self, work: str, loops: tuple[str, ...], rounds: int | None = None) -> Measured:
        found: Measured = {name: {} for name in loops}

        def once(name: str) -> float:
            for figure, value in self._run(name, work).items():
                found[name].setdefault(figure, []).append(value)
            return 0.0

        interleaved({name: partial(once, name) for name in loops}, rounds or self._rounds)
        return found

    def _run(self, loop: str, work: str) -> dict[str, float]:
        command = [sys.executable, str(HERE / "loop_work.py"), loop, work, *self._place]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def rows(bench: Bench) -> Iterator[Row]:
    yield from speeds(bench)
    yield from costs(bench)
    yield from latencies(bench)
    yield from times(bench)
    yield from counts(bench)
    yield from conformance()


def speeds(bench: Bench) -> Iterator[Row]:
    for work, name, bar in (
        ("chained", "call_soon, chained", 5.0),
        ("burst", "call_soon, a burst of 10,000", 6.0),
        ("tasks", "5,000 tasks, create_task and gather", 3.0),
    ):
        found = {loop: figures["per_second"] for loop, figures in bench.measure(work, LOOPS).items()}
        yield ratio_row(name, found["PanelLoop"], found["qasync"], "stock qasync", "1/s", at_least=bar)
        yield ratio_row(name, found["PanelLoop"], found["asyncio"], "asyncio", "1/s")


def costs(bench: Bench) -> Iterator[Row]:
    for work, name, bar in (
        ("events_1000", "CPU of an event, 1,000/s", 0.85),
        ("events_5000", "CPU of an event, 5,000/s", 0.75),
        ("echo", "CPU of a TCP round trip", 1.0),
    ):
        found = {loop: figures["cpu_us"] for loop, figures in bench.measure(work, LOOPS).items()}
        yield ratio_row(name, found["PanelLoop"], found["qasync"], "stock qasync", "us", at_most=bar)
        yield ratio_row(name, found["PanelLoop"], found["asyncio"], "asyncio", "us")


def latencies(bench: Bench) -> Iterator[Row]:
    found = bench.measure("spinning", WITH_QT)
    ours, theirs = found["PanelLoop"], found["qasync"]
    peer = "stock qasync"
    name = "three tasks spin: "
    yield plain_row(
        f"{name}callbacks", ours["per_second"], "1/s", at_least=600_000, against=peer, theirs=theirs["per_second"]
    )
    yield plain_row(
        f"{name}a posted signal, p99 of its wait",
        ours["p99_ms"],
        "ms",
        at_most=3,
        against=peer,
        theirs=theirs["p99_ms"],
    )
    for work, words, bar in (
        ("gaps_paced", "5,000 chunks/s", 25.0),
        ("gaps_unpaced", "60,000 chunks at once", 30.0),
    ):
        gaps = {loop: figures["longest_gap_ms"] for loop, figures in bench.measure(work, WITH_QT).items()}
        words = f"{words}: longest gap of a 16 ms timer"
        yield plain_row(words, gaps["PanelLoop"], "ms", at_most=bar, against=peer, theirs=gaps["qasync"])


def times(bench: Bench) -> Iterator[Row]:
    found, peer = bench.measure("long_sleeps", WITH_QT, 3), "stock qasync"
    ours, theirs = found["PanelLoop"], found["qasync"]
    words = "60 sleeps of 2 to 4.2 s: "
    yield plain_row(
        f"{words}earliest", ours["earliest_ms"], "ms", at_least=0, against=peer, theirs=theirs["earliest_ms"]
    )
    yield plain_row(f"{words}latest", ours["latest_ms"], "ms", at_most=6, against=peer, theirs=theirs["latest_ms"])
    found = bench.measure("short_sleeps", WITH_QT)
    ours, theirs = found["PanelLoop"], found["qasync"]
    words = "sleeps of 1 to 20 ms: "
    yield plain_row(
        f"{words}earliest", ours["earliest_ms"], "ms", at_least=0, against=peer, theirs=theirs["earliest_ms"]
    )
    yield plain_row(f"{words}median", ours["median_ms"], "ms", at_most=1, against=peer, theirs=theirs["median_ms"])


def counts(bench: Bench) -> Iterator[Row]:
    found = bench.measure("timeouts", WITH_QT, 1)
    ours, theirs = found["PanelLoop"]["timers"], found["qasync"]["timers"]
    words = "live timers after 16,000 chunks with sock_read=60"
    yield plain_row(words, ours, "", at_most=50, against="stock qasync", theirs=theirs)
    idle = bench.measure("idle", ("PanelLoop",), 1)["PanelLoop"]["wakeups"]
    yield plain_row("attached with nothing to do: wake-ups", idle, "1/s", at_most=0)


def conformance() -> Iterator[Row]:
    """CPython's own tests of event loops."""
    passed = {loop: _passed(loop) for loop in WITH_QT}
    words = f"CPython's loop tests passed, of {CPYTHON_TESTS}"
    theirs = [passed["qasync"]]
    yield plain_row(words, [passed["PanelLoop"]], "", at_least=CPYTHON_TESTS, against="stock qasync", theirs=theirs)


def _passed(loop: str) -> float:
    command = [sys.executable, str(HERE / "loop_conformance.py"), loop]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1])["passed"])


def main() -> int:
    rounds = int(sys.argv[sys.argv.index("--rounds") + 1]) if "--rounds" in sys.argv else ROUNDS
    with loop_server.running() as (url, echo):
        show(rows(Bench(url, echo, rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
