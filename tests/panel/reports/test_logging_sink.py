"""Reports in Python's log: levels and words, a handler that hangs, and nothing twice."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from nuke_ai_panel.panel.reports.log_bridge import FROM_LOG
from nuke_ai_panel.panel.reports.logging_sink import LoggingSink
from nuke_ai_panel.panel.reports.report import Report, Severity
from nuke_ai_panel.panel.reports.sink import SinkTrouble


def report(message: str = "The drive is gone", *, severity: Severity = "error", **fields: object) -> Report:
    values = {"origin": "app/turn", "first": 1.0, "last": 2.0} | fields
    return Report(message, severity, "OSError", message, **values)


class HangingHandler(logging.Handler):
    """A host's log on a drive that does not answer, until `gate` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.gate, self.ended = threading.Event(), threading.Event(), threading.Event()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.entered.set()
        self.gate.wait()
        self.messages.append(record.getMessage())
        self.ended.set()


@contextmanager
def handled_by(handler: logging.Handler) -> Iterator[None]:
    logger = logging.getLogger("nuke_ai_panel.reports")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


async def test_severity_becomes_the_level_and_the_record_has_its_report(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "nuke_ai_panel.reports")
    reports = [report(severity=severity) for severity in ("error", "warning", "notice")]
    await LoggingSink().send(reports)
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING", "INFO"]
    assert [record.report for record in caplog.records] == reports
    assert caplog.messages[0] == "app/turn: OSError: The drive is gone"


async def test_a_report_says_where_once_and_how_often_later(caplog: pytest.LogCaptureFixture):
    trace = ("a.py:1 in f", "b.py:2 in g")
    await LoggingSink().send([report(trace=trace), report(trace=trace, count=5)])
    assert caplog.messages == [
        "app/turn: OSError: The drive is gone\n    a.py:1 in f\n    b.py:2 in g",
        "app/turn: OSError: The drive is gone (5 times)",
    ]


async def test_a_percent_sign_in_a_report_is_no_format(caplog: pytest.LogCaptureFixture):
    await LoggingSink().send([report("100 %s of %d")])
    assert caplog.messages == ["app/turn: OSError: 100 %s of %d"]


async def test_what_came_from_the_log_is_not_written_there_again(caplog: pytest.LogCaptureFixture):
    await LoggingSink().send([report(context={FROM_LOG: "nuke_ai_panel.providers.http"}), report("other")])
    assert caplog.messages == ["app/turn: OSError: other"]


async def test_a_thread_that_could_not_be_made_is_no_handler_that_hangs(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    sink = LoggingSink()
    with monkeypatch.context() as crowded:
        crowded.setattr(threading.Thread, "start", refuse)
        with pytest.raises(SinkTrouble, match="no thread"):
            await sink.send([report()])
    await sink.send([report()])
    assert caplog.messages == ["app/turn: OSError: The drive is gone"]


async def test_a_handler_that_hangs_costs_one_thread_and_takes_no_report_twice():
    handler, sink = HangingHandler(), LoggingSink(deadline=0.05)
    with handled_by(handler):
        with pytest.raises(SinkTrouble, match="one of its handlers hangs") as caught:
            await sink.send([report("first"), report("second")])
        assert handler.entered.is_set() and caught.value.taken == 1
        threads = threading.active_count()
        with pytest.raises(SinkTrouble, match="still does not answer") as caught:
            await sink.send([report("second")])
        assert threading.active_count() == threads and caught.value.taken == 0
        handler.gate.set()
        handler.ended.wait()
        while True:
            try:
                await sink.send([report("second")])
                break
            except SinkTrouble:  # the thread is on its way out
                continue
    assert handler.messages == ["app/turn: OSError: first", "app/turn: OSError: second"]
