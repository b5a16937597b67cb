"""A diagnosis in the values of the diagnostics dialog. No widget, nothing measured here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ...providers.manager import ConnectionStats
from ...ui.diagnostics.values import (
    Fact,
    FactSection,
    FactState,
    LastSession,
    LoopFigures,
    RecordingFigures,
    ReportRow,
    ScopeRow,
    TaskRow,
)
from ...ui.diagnostics.words import at, counted, lasting
from .. import diagnosis
from ..local_servers import LocalServer, ServerState
from ..loop_stats import LoopStats
from ..recordings import RecordingState
from ..reports import PastSession, Report, ReportCounts
from ..reports.sink import SinkStats
from ..settings import InForce
from ..surroundings import Folder, Surroundings
from ..tasks.stats import ScopeStats
from ..threads import ThreadStats
from .bundle import origin_words, without_home

_SERVERS: dict[ServerState, tuple[str, FactState]] = {
    "answers": ("answers", "ok"),
    "silent": ("does not answer", "bad"),
    "closed": ("nothing there", "none"),
    "elsewhere": ("not asked", "none"),
}
_WAYS = {"window": "In a window", "nuke": "In Nuke", "terminal": "In a terminal"}


class ReportRows:
    """Rows are made once for each report: 500 come twice a second, and hardly one of them is another."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Report, ReportRow]] = {}

    def rows(self, reports: Sequence[Report]) -> tuple[ReportRow, ...]:
        before, self._known = self._known, {}
        rows: list[ReportRow] = []
        for report in reports:
            known = before.get(report.id)
            row = known[1] if known and known[0] is report else report_row(report)
            self._known[report.id] = (report, row)
            rows.append(row)
        return tuple(rows)


def report_row(report: Report) -> ReportRow:
    """What can be copied there goes into tickets, so it is without the home folder."""
    texts = "\0".join((report.message, report.origin, *report.context.values(), *report.trace))
    message, origin, *rest = without_home(texts).split("\0")
    entries = len(report.context)
    return ReportRow(
        id=report.id,
        severity=report.severity,
        kind=report.kind,
        message=message,
        origin=origin,
        first=report.first,
        last=report.last,
        count=report.count,
        context=dict(zip(report.context, rest[:entries], strict=True)),
        trace=tuple(rest[entries:]),
    )


def scope_rows(scopes: Sequence[ScopeStats]) -> tuple[ScopeRow, ...]:
    return tuple(row for scope in scopes for row in _scope_rows(scope, "", 0))


def _scope_rows(scope: ScopeStats, around: str, depth: int) -> Iterator[ScopeRow]:
    yield ScopeRow(
        path=scope.name,
        name=scope.name.removeprefix(f"{around}/"),
        depth=depth,
        tasks=tuple(
            TaskRow(task.name.removeprefix(f"{scope.name}/"), task.origin, task.seconds) for task in scope.tasks
        ),
        running=scope.running,
        waiting=scope.waiting,
        done=scope.done,
        failed=scope.failed,
        cancelled=scope.cancelled,
        dropped=scope.dropped,
    )
    for child in scope.children:
        yield from _scope_rows(child, scope.name, depth + 1)


def loop_figures(stats: LoopStats | None) -> LoopFigures | None:
    if stats is None:
        return None
    return LoopFigures(
        lags=stats.lags,
        median=stats.lag_p50,
        p95=stats.lag_p95,
        p99=stats.lag_p99,
        worst=stats.lag_worst,
        longest_batch=stats.longest_batch,
        callbacks=stats.callbacks,
        batches=stats.batches,
        timers=stats.timers,
        descriptors=stats.descriptors,
    )


def connection_sections(figures: diagnosis.Figures, label: Callable[[str], str]) -> tuple[FactSection, ...]:
    """The first section has a fact for each provider. `label`: its id to what it is called."""
    opened = tuple(_connection(stats, label) for stats in figures.connections)
    return (
        FactSection("Open now", opened, "No session is open."),
        FactSection("Calls on threads", _threads(figures.threads), "None was made."),
    )


def _connection(stats: ConnectionStats, label: Callable[[str], str]) -> Fact:
    held = f"{counted(stats.sessions, 'session')}, {counted(stats.sockets, 'socket')}"
    return Fact(
        label(stats.name),
        held if stats.sessions else "no session needed",
        counted(stats.streams, "stream") if stats.streams else "",
    )


def _threads(threads: ThreadStats | None) -> tuple[Fact, ...]:
    if threads is None:
        return ()
    late = counted(threads.late, "late answer") if threads.late else ""
    given_up = (Fact("Given up", name, "still hanging", "bad") for name in threads.abandoned)
    return Fact("Threads", f"{threads.running} running, {threads.idle} idle", late), *given_up


def recording_figures(state: RecordingState, folder: Path, choices: Sequence[tuple[str, str]]) -> RecordingFigures:
    """`choices`: the connections that may be recorded, each with its name."""
    answers = counted(state.answers, "answer")
    files = [Fact("Folder", without_home(str(folder)))]
    if state.last is not None:
        files.append(Fact("Newest", state.last.path.name, f"{max(1, round(state.last.size / 1000)):,} kB"))
    if state.provider:
        name = dict(choices).get(state.provider, state.provider)
        words = f"Recording {name}, {answers} so far. It ends by itself in {lasting(state.seconds_left)}."
    else:
        words = f"The recording has ended. {state.trouble}" if state.trouble else f"Recorded {answers}."
    begun = bool(state.provider or state.answers or state.trouble)
    return RecordingFigures(
        tuple(choices), state.provider, words if begun else "", bool(state.trouble), tuple(files) if begun else ()
    )


def sink_section(sinks: Sequence[SinkStats], counts: ReportCounts) -> FactSection:
    """The journal first: everything else gets its reports from there."""
    unwritten = f"{counts.unwritten:,} unwritten" if counts.unwritten else ""
    written = ", ".join(filter(None, (f"{counts.written:,} written", unwritten)))
    how: tuple[str, FactState] = ("could not be written", "bad") if unwritten else ("keeps everything", "ok")
    trouble = " ".join(stats.trouble for stats in sinks if stats.hurt)
    return FactSection("Sinks", (Fact("Journal", how[0], written, how[1]), *map(_sink, sinks)), note=trouble)


def _sink(stats: SinkStats) -> Fact:
    counts = {"sent": stats.sent, "waiting": stats.waiting, "dropped": stats.dropped}
    note = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count or word == "sent")
    state: FactState = "bad" if stats.hurt else "none" if stats.state == "off" else "ok"
    place = "" if stats.hurt else stats.place  # the sentence about its trouble names it
    return Fact(stats.name, ", ".join(filter(None, (stats.state, place))), note, state)


def system_sections(around: Surroundings) -> tuple[FactSection, ...]:
    keyring = Fact(around.keyring.name, "answers", "locked" if around.keyring.locked else "", "ok")
    if around.keyring.trouble:
        keyring = Fact("Keyring", "cannot be used", "", "bad")
    damaged = (Fact("Settings", "not all in order", "", "bad"),) if around.warnings else ()
    settings = (*damaged, *map(_setting, around.settings))
    return (
        FactSection("Versions", tuple(Fact(name, version) for name, version in around.versions.items())),
        FactSection("Keyring", (keyring,), note=around.keyring.trouble),
        FactSection("Settings", settings, "All are as they come.", " ".join(around.warnings)),
        FactSection("Folders", tuple(map(_folder, around.folders))),
        FactSection("Local servers", tuple(map(_server, around.servers))),
    )


def system_words(around: Surroundings) -> str:
    """For the list of pages: what is wrong, else what is there."""
    wrong = {
        "keyring": around.keyring.trouble,
        "settings": around.warnings,
        "folders": any(folder.trouble or not folder.writable for folder in around.folders),
        "local servers": any(server.state == "silent" for server in around.servers),
    }
    if troubles := [name for name, is_wrong in wrong.items() if is_wrong]:
        return f"Trouble: {', '.join(troubles)}"
    found = sum(server.state == "answers" for server in around.servers)
    return f"Keyring answers, {counted(found, 'server')}"


def _setting(setting: InForce) -> Fact:
    return Fact(setting.id, setting.value or "empty", without_home(origin_words(setting)))


def _folder(folder: Folder) -> Fact:
    path = without_home(folder.path)
    if folder.trouble or not folder.writable:
        return Fact(folder.name, path, folder.trouble or "cannot be written", "bad")
    free = "" if folder.free is None else f"{folder.free / 1e9:,.0f} GB free"
    return Fact(folder.name, path, free if folder.exists else f"not made yet, {free}", "ok")


def _server(server: LocalServer) -> Fact:
    words, state = _SERVERS[server.state]
    return Fact(server.label, server.address, words, state)


def last_session(session: PastSession | None, text: str) -> LastSession | None:
    """`text`: all of it, without secrets."""
    if session is None:
        return None
    summary = _summary(session)
    if session.running:
        return LastSession("One is running", True, "Another session is running", summary, text)
    if session.ended is None:
        return LastSession("Did not end in order", False, "The last session did not end in order", summary, text)
    return LastSession("Ended in order", True, "The last session ended in order", summary, text)


def _summary(session: PastSession) -> str:
    ended = f", ended {at(session.ended)}" if session.ended is not None else ""
    left = [counted(len(names), kind.removesuffix("s")) for kind, names in session.left.items() if names]
    errors = [counted(len(session.reports), "report")] if session.reports else []
    words = f"{_WAYS.get(session.way_in, 'Somewhere')}, begun {at(session.started)}{ended}."
    return f"{words} It left {', '.join((*left, *errors))}." if left or errors else words
