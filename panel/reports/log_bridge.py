"""From Python's logging into the journal: what `providers/` has to say becomes reports.

Owns one handler on our own logger, and that logger's level. In a host logging is shared: the root logger, its handlers
and `basicConfig` are not touched, and everything is as before after `detach`.
"""

from __future__ import annotations

import logging
import threading
from typing import Protocol

from .capture import TEXT, text_of
from .report import Severity

LOGGER = "nuke_ai_panel"
REPORTS_LOGGER = f"{LOGGER}.reports"
"""Where the log's own sink writes. What is said there was a report already."""

FROM_LOG = "logger"
"""In the context of a report that came from the log: the name of its logger."""


class TakeReport(Protocol):
    """`Reports.report`: from any thread, never raises."""

    def __call__(self, error: BaseException | str, /, *, severity: Severity, context: dict[str, str]) -> object: ...


class LogBridge(logging.Handler):
    """Turns records of WARNING and above into reports. `attach` and `detach` may be called in any state."""

    def __init__(self, report: TakeReport) -> None:
        super().__init__(logging.WARNING)
        self._report = report
        self._logger = logging.getLogger(LOGGER)
        self._level_before: int | None = None
        self._level_set = logging.NOTSET
        self._thread = threading.local()

    def attach(self) -> None:
        self._logger.addHandler(self)

    def detach(self) -> None:
        """The logger has its level back, unless somebody else has changed it since."""
        self._logger.removeHandler(self)
        if self._level_before is not None and self._logger.level == self._level_set:
            self._logger.setLevel(self._level_before)
        self._level_before = None

    def set_level(self, level: str) -> None:
        """The setting `LOG_LEVEL`, "debug" to "error": what our loggers say at all, so also what comes here."""
        if self._level_before is None:
            self._level_before = self._logger.level
        self._logger.setLevel(level.upper())
        self._level_set = self._logger.level

    def handle(self, record: logging.LogRecord) -> bool:
        """Without the lock of handlers: `report` has its own, and whoever holds that may log."""
        if not self._is_news(record) or not self.filter(record):
            return False
        self._thread.inside = True
        try:
            self.emit(record)
        finally:
            self._thread.inside = False
        return True

    def emit(self, record: logging.LogRecord) -> None:
        severity: Severity = "error" if record.levelno >= logging.ERROR else "warning"
        message, context = _message(record), {FROM_LOG: record.name}
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            self._report(message, severity=severity, context=context)
        else:
            self._report(error, severity=severity, context=context | {"log": message})

    def _is_news(self, record: logging.LogRecord) -> bool:
        """Not what is a report already, nor what the journal says while it takes one."""
        ours = record.name == REPORTS_LOGGER or record.name.startswith(f"{REPORTS_LOGGER}.")
        return not ours and not getattr(self._thread, "inside", False)


def _message(record: logging.LogRecord) -> str:
    """A record whose words do not fit its arguments, or whose arguments cannot be printed, is still worth its words."""
    try:
        return record.getMessage()
    except BaseException:  # whatever an argument raises, it is not the trouble of who logs
        return text_of(record.msg, TEXT)
