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
    place = ""
    outdated = False

    def __init__(self, deadline: float = DEADLINE) -> None:
        self._deadline = deadline
        self._logger = logging.getLogger(REPORTS_LOGGER)
        self._batch: _Batch | None = None

    async def send(self, reports: Sequence[Report]) -> None:
        """Raises SinkTrouble. While a handler hangs no second thread is sent after the first."""
        if self._batch and self._batch.running:
            raise SinkTrouble("Python's log still does not answer: one of its handlers hangs.")
        batch = self._batch = _Batch(self._logger, reports)
        try:
            await run_blocking(batch.write, deadline=self._deadline)
        except TimeoutError:
            sentence = f"Python's log did not answer within {self._deadline:g} s: one of its handlers hangs."
            raise SinkTrouble(sentence, taken=batch.give_up()) from None
        except RuntimeError:
            if batch.taken:
                raise  # a handler's own
            raise SinkTrouble("Python's log cannot be written: there is no thread for it.") from None
        finally:
            batch.give_up()

    async def close(self) -> None:
        """Holds nothing: handlers belong to who added them."""


class _Batch:
    """Reports on their way through the handlers, on a thread."""

    def __init__(self, logger: logging.Logger, reports: Sequence[Report]) -> None:
        self.taken = 0
        self.running = False
        self._logger = logger
        self._reports = reports
        self._wanted = True
        self._taking = threading.Lock()

    def give_up(self) -> int:
        """How many are with the handlers, or were. No other will come to them."""
        with self._taking:
            self._wanted = False
            return self.taken

    def write(self) -> None:
        self.running = True
        try:
            for report in self._reports:
                if not self._take():
                    return
                if FROM_LOG not in report.context:
                    self._logger.log(LEVELS[report.severity], "%s", _text(report), extra={"report": report})
        finally:
            self.running = False

    def _take(self) -> bool:
        """Before it is written: what a handler hangs with is with the handler."""
        with self._taking:
            self.taken += self._wanted
            return self._wanted


def _text(report: Report) -> str:
    again = f" ({report.count} times)" if report.count > 1 else ""
    kind = "" if report.kind == "message" else f"{report.kind}: "
    head = f"{report.origin}: {kind}{report.message}{again}"
    return "\n    ".join((head, *report.trace)) if report.count == 1 else head
