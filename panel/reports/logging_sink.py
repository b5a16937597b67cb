"""Reports to Python's logging, where a studio's own handlers take them. Never on the loop's thread.

Owns the logger's name, the level for each severity and the text of a record. What came from the log is not written
there a second time.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from ..threads import run_blocking
from .log_bridge import FROM_LOG, REPORTS_LOGGER
from .report import Report, Severity
from .sink import SinkTrouble

DEADLINE = 2.0
"""Seconds for a batch: a host's handler may write to a drive that does not answer."""

LEVELS: dict[Severity, int] = {"error": logging.ERROR, "warning": logging.WARNING, "notice": logging.INFO}


class LoggingSink:
    """Writes to the logger `nuke_ai_panel.reports`; each record has its `report`."""

    name = "Log"
    on = True

    def __init__(self, deadline: float = DEADLINE) -> None:
        self._deadline = deadline
        self._logger = logging.getLogger(REPORTS_LOGGER)
        self._batch: _Batch | None = None

    async def send(self, reports: Sequence[Report]) -> None:
        """Raises SinkTrouble. While a handler hangs no second thread is sent after the first."""
        if self._batch and not self._batch.ended.is_set():
            raise SinkTrouble("Python's log still does not answer: one of its handlers hangs.")
        batch = self._batch = _Batch(self._logger, reports)
        try:
            await run_blocking(batch.write, deadline=self._deadline)
        except TimeoutError:
            sentence = f"Python's log did not answer within {self._deadline:g} s: one of its handlers hangs."
            raise SinkTrouble(sentence, taken=batch.taken) from None
        finally:
            batch.wanted = False

    async def close(self) -> None:
        """Holds nothing: handlers belong to who added them."""


class _Batch:
    """Reports on their way through the handlers, on a thread."""

    def __init__(self, logger: logging.Logger, reports: Sequence[Report]) -> None:
        self.taken = 0
        self.wanted = True
        self.ended = threading.Event()
        self._logger = logger
        self._reports = reports

    def write(self) -> None:
        try:
            for report in self._reports:
                if not self.wanted:
                    return
                self.taken += 1  # before: what a handler hangs with is with the handler
                if FROM_LOG not in report.context:
                    self._logger.log(LEVELS[report.severity], "%s", _text(report), extra={"report": report})
        finally:
            self.ended.set()


def _text(report: Report) -> str:
    again = f" ({report.count} times)" if report.count > 1 else ""
    kind = "" if report.kind == "message" else f"{report.kind}: "
    head = f"{report.origin}: {kind}{report.message}{again}"
    return "\n    ".join((head, *report.trace)) if report.count == 1 else head
