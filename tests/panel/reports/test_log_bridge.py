"""From Python's logging to reports, in a process whose logging belongs to somebody else."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nuke_ai_panel.panel.reports.forwarder import Forwarder
from nuke_ai_panel.panel.reports.log_bridge import LogBridge
from nuke_ai_panel.panel.reports.logging_sink import LoggingSink
from nuke_ai_panel.panel.reports.reporter import Reports
from nuke_ai_panel.panel.tasks import TaskScope
from nuke_ai_panel.providers.redact import Redactor

OURS = logging.getLogger("nuke_ai_panel")
HTTP = logging.getLogger("nuke_ai_panel.providers.http")
REPORTS = logging.getLogger("nuke_ai_panel.reports")


class Reported(list[tuple[Any, str, dict[str, str]]]):
    """What was reported: the error or the words, the severity and the context."""

    def report(self, error: BaseException | str, /, *, severity: str, context: dict[str, str]) -> None:
        self.append((error, severity, context))


@pytest.fixture
def reported() -> Reported:
    return Reported()


@pytest.fixture
def bridge(reported: Reported) -> Iterator[LogBridge]:
    bridge = LogBridge(reported.report)
    bridge.attach()
    yield bridge
    bridge.detach()


def test_warnings_and_errors_of_our_loggers_become_reports(bridge: LogBridge, reported: Reported):
    bridge.set_level("info")
    HTTP.info("connected")
    HTTP.warning("slow: %d s", 3)
    HTTP.critical("gone")
    logging.getLogger("another.plug-in").error("not ours")
    context = {"logger": HTTP.name}
    assert reported == [("slow: 3 s", "warning", context), ("gone", "error", context)]


def test_an_exception_is_kept_as_the_error_with_the_words_beside_it(bridge: LogBridge, reported: Reported):
    error = OSError("disk full")
    HTTP.error("could not save %s", "it", exc_info=error)
    assert reported == [(error, "error", {"logger": HTTP.name, "log": "could not save it"})]


def test_what_reports_say_in_the_log_is_no_report(bridge: LogBridge, reported: Reported):
    REPORTS.error("a report")
    REPORTS.getChild("nats").error("a sink")
    logging.getLogger("nuke_ai_panel.reports_of_others").error("another")
    assert [words for words, *_ in reported] == ["another"]


def test_what_is_logged_while_a_report_is_taken_is_no_report():
    taken: list[Any] = []

    def report(error: BaseException | str, /, *, severity: str, context: dict[str, str]) -> None:
        taken.append(error)
        OURS.error("the journal is full")

    bridge = LogBridge(report)
    bridge.attach()
    try:
        OURS.error("first")
        OURS.error("second")
    finally:
        bridge.detach()
    assert taken == ["first", "second"]


@pytest.mark.parametrize("words, arguments", [("%d files", ("many",)), ("%s %s", ("one",)), ("%(name)s", ({"a": 1},))])
def test_words_that_do_not_fit_their_arguments_are_reported_as_they_are(
    bridge: LogBridge, reported: Reported, words: str, arguments: tuple[Any, ...], caplog: pytest.LogCaptureFixture
):
    OURS.propagate = False  # pytest's own handler would raise
    try:
        OURS.error(words, *arguments)
    finally:
        OURS.propagate = True
    assert reported[0][0] == words


@pytest.mark.parametrize("error", [RuntimeError("Internal C++ object already deleted"), ZeroDivisionError(), OSError()])
def test_an_argument_that_cannot_be_printed_raises_nothing(bridge: LogBridge, reported: Reported, error: Exception):
    class Deleted:
        def __str__(self) -> str:
            raise error

    OURS.propagate = False
    try:
        OURS.error("%s is gone", Deleted())
        OURS.error(Deleted())
    finally:
        OURS.propagate = True
    cannot = f"(no text: its str() raised {type(error).__name__})"
    assert [words for words, *_ in reported] == ["%s is gone", cannot]


def test_the_level_decides_what_our_loggers_say(bridge: LogBridge, reported: Reported):
    bridge.set_level("error")
    HTTP.warning("slow")
    bridge.set_level("debug")
    assert HTTP.isEnabledFor(logging.DEBUG)
    HTTP.warning("slow again")
    assert [words for words, *_ in reported] == ["slow again"]


def test_everything_is_as_before_after_detaching(reported: Reported):
    root = logging.getLogger()
    before = (OURS.level, list(OURS.handlers), root.level, list(root.handlers), OURS.propagate)
    bridge = LogBridge(reported.report)
    for _ in range(2):
        bridge.attach()
        bridge.attach()
        bridge.set_level("debug")
        bridge.set_level("info")
        assert root.level == before[2] and root.handlers == before[3]
        bridge.detach()
        bridge.detach()
        assert (OURS.level, OURS.handlers, root.level, root.handlers, OURS.propagate) == before
    OURS.error("after")
    assert not reported


async def test_the_log_and_the_journal_do_not_feed_each_other(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """A record becomes a report; a report becomes a record; each ends there."""
    reports = Reports(redactor=Redactor(), folder=tmp_path)
    bridge = LogBridge(reports.report)
    bridge.attach()
    async with TaskScope("reports") as scope:
        forwarder = Forwarder(scope, reports.follow, [LoggingSink()])
        HTTP.error("from the log")
        reports.report("from the panel", origin="pane")
        reports.close()  # all was written and told
        assert await forwarder.close() == ()
    bridge.detach()
    assert caplog.messages == ["from the log", "pane: from the panel"]
    assert [(each.message, each.count) for each in reversed(reports.recent())] == [
        ("from the log", 1),
        ("from the panel", 1),
    ]


def test_a_level_that_the_host_has_set_meanwhile_stays(bridge: LogBridge):
    before = OURS.level
    bridge.set_level("info")
    OURS.setLevel(logging.CRITICAL)
    bridge.detach()
    try:
        assert OURS.level == logging.CRITICAL
    finally:
        OURS.setLevel(before)
