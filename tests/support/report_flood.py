"""100,000 reports from 50 threads, in a process of their own: prints what it cost as one JSON object.

    python report_flood.py FOLDER equal|different [CALLS] [THREADS]

`cpu_us` is the CPU time of the whole process by call, with the writing; `rss_mb` how far its memory grew at most.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from pathlib import Path

from nuke_ai_panel.panel.reports import Reports, past_sessions
from nuke_ai_panel.providers.redact import Redactor, Secret


def fail(number: int, different: bool) -> None:
    name = f"Merge{number}" if different else "Merge1"
    raise ValueError(f"The node {name} has no knob 'mixx'; there are 42 others, and the closest is 'mix'.")


def flood(reports: Reports, thread: int, calls: int, different: bool, ready: threading.Barrier) -> None:
    ready.wait()
    for number in range(thread * calls, (thread + 1) * calls):
        try:
            fail(number, different)
        except ValueError as error:
            reports.report(error, origin="application/pane/turn")


def raising(thread: int, calls: int, different: bool, ready: threading.Barrier) -> None:
    """The same without reporting, which is not ours to pay for."""
    ready.wait()
    for number in range(thread * calls, (thread + 1) * calls):
        try:
            fail(number, different)
        except ValueError:
            pass


def in_threads(count: int, target: object, *arguments: object) -> float:
    """CPU seconds."""
    ready = threading.Barrier(count + 1)
    threads = [threading.Thread(target=target, args=(*a, ready)) for a in _each(count, arguments)]  # type: ignore
    for thread in threads:
        thread.start()
    before = time.process_time()
    ready.wait()
    for thread in threads:
        thread.join()
    return time.process_time() - before


def _each(count: int, arguments: tuple[object, ...]) -> list[tuple[object, ...]]:
    return [tuple(number if argument is THREAD else argument for argument in arguments) for number in range(count)]


THREAD = object()


def main() -> None:
    folder, different = Path(sys.argv[1]), sys.argv[2] == "different"
    calls, threads = (int(argument) for argument in (*sys.argv[3:5], "100000", "50")[:2])
    redactor = Redactor()
    redactor.add(Secret("sk-proj-0123456789abcdef"))
    reports = Reports(redactor=redactor, folder=folder)
    alone = in_threads(threads, raising, THREAD, calls // threads, different)
    reports.begin("terminal")
    reports.report("the first one pays for what is made late", wait=True)
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall = time.perf_counter()
    cpu = in_threads(threads, flood, reports, THREAD, calls // threads, different)
    begun = time.process_time()
    reports.end({}, {})
    while reports.counts().waiting:
        reports.close()
    cpu += time.process_time() - begun
    wall = time.perf_counter() - wall
    after_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    counts = reports.counts()
    [session] = past_sessions(folder)
    figures = {
        "calls": calls,
        "cpu_us": (cpu - alone) / calls * 1e6,
        "raising_us": alone / calls * 1e6,
        "wall_s": wall,
        "rss_mb": after_mb - before_mb,
        "taken": counts.taken - 1,
        "written": counts.written,
        "folded": counts.folded,
        "dropped": counts.dropped,
        "unwritten": counts.unwritten,
        "dropped_by_journal": session.dropped,
        "lost": counts.taken - counts.written - counts.folded - counts.dropped - counts.unwritten,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
