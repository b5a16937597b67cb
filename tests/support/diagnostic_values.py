"""Figures for tests of the diagnostics dialog."""

from __future__ import annotations

from typing import Any

from nuke_ai_panel.ui.diagnostics.values import Figures, LoopFigures, ReportRow, ScopeRow, TaskRow

NOON = 1_700_000_000.0


def report(number: int, **changes: Any) -> ReportRow:
    """The report of this number, as old as it is low."""
    given: dict[str, Any] = {
        "id": f"r{number}",
        "severity": "error",
        "kind": "key_wrong",
        "message": f"Message {number}",
        "origin": "application/pane/turn",
        "first": NOON + number,
        "last": NOON + number,
    }
    return ReportRow(**given | changes)


def reports(count: int) -> tuple[ReportRow, ...]:
    """Newest first."""
    return tuple(report(number) for number in range(count, 0, -1))


def scope(path: str, tasks: int = 0, *, depth: int = 0, **counts: int) -> ScopeRow:
    rows = tuple(TaskRow(f"task {number}", "panel/turn.py:12", float(tasks - number)) for number in range(tasks))
    return ScopeRow(path, path.rpartition("/")[2], depth, rows, running=tasks, **counts)


LOOP = LoopFigures(
    lags=(0.0002,) * 99 + (0.030,),
    median=0.0002,
    p95=0.0011,
    p99=0.0084,
    worst=0.030,
    longest_batch=0.041,
    callbacks=182_334,
    batches=40_210,
    timers=12,
    descriptors=7,
)


def crowd(reports_of: int = 500, tasks: int = 1000) -> Figures:
    """As many as the dialog has to bear."""
    return Figures(
        reports=reports(reports_of),
        scopes=(scope("application", tasks // 2), scope("application/pane", tasks // 2, depth=1)),
        loop=LOOP,
    )
