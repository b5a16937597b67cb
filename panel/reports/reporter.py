"""The way in for every error: `Reports.report`, from anywhere, at any time."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ...providers.redact import Redactor
from .report import Report, ReportCounts, Severity

Listener = Callable[[Report], None]


class Reports:
    """Takes errors from any thread, coroutine, signal handler or Qt slot. Makes nothing before the first one."""

    def __init__(
        self, *, redactor: Redactor, folder: Path | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """`folder`: where journals are, by default the user's log folder."""
        self._redactor = redactor
        self._folder = folder
        self._clock = clock
        self._numbers = itertools.count(1)

    def report(
        self,
        error: BaseException | str,
        *,
        severity: Severity = "error",
        context: Mapping[str, str] | None = None,
        origin: str = "",
        wait: bool = False,
    ) -> str:
        """Takes one error and returns its report's id. Never raises; blocks only with `wait`, for one write."""
        return f"report-{next(self._numbers)}"

    def begin(self, way_in: str) -> None:
        """Opens this process's journal. `way_in`: "window", "nuke" or "terminal"."""

    def end(self, left: Mapping[str, Sequence[str]], figures: Mapping[str, object]) -> None:
        """The session ended in order: what it left open, by kind, and its last figures."""

    def close(self) -> None:
        """Writes what waits and ends the writer's thread. Later reports are written at once by their caller."""

    def recent(self) -> tuple[Report, ...]:
        """The last 500 reports, newest first, from memory."""
        return ()

    def counts(self) -> ReportCounts:
        return ReportCounts()

    def follow(self, listener: Listener) -> Callable[[], None]:
        """`listener` gets each new report and each grown count, on the writer's thread. Returns how to end that."""

        def leave() -> None:
            pass

        return leave
