"""A diagnosis as text to paste into a ticket, and as JSON: without secrets, the home folder as ~. No Qt, no widget.

Sections stand in a fixed order, and one that has nothing to say says so. Whatever the parts have redacted already, all
of it goes through the redactor once more here, on its way out.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, cast

from ...providers.manager import ConnectionStats
from ...providers.redact import Redactor
from ..diagnosis import Diagnosis, Figures
from ..local_servers import LocalServer
from ..loop_stats import LoopStats
from ..reports import PastSession, Report
from ..reports.lines import items
from ..reports.sink import SinkStats
from ..settings import InForce
from ..surroundings import Folder
from ..tasks.stats import ScopeStats

MOST_TASKS = 50
MOST_REPORTS = 30
"""Of each, in the text; the JSON has them all."""
_SEPARATOR = r"[\\/]"
_LOCKED = {True: ", is locked", False: ""}
_SERVER_WORDS = {
    "answers": "answers",
    "silent": "takes connections but does not answer",
    "closed": "nothing is listening",
    "elsewhere": "not on this computer, not asked",
}


def as_json(diagnosis: Diagnosis, redactor: Redactor) -> dict[str, object]:
    """All of it, as JSON's own types."""
    return cast("dict[str, object]", _plain(diagnosis, redactor))


def session_as_json(session: PastSession | None, redactor: Redactor) -> dict[str, object]:
    """`{"last_session": null}` where there is none."""
    known = None if session is None else cast("dict[str, object]", _plain(session, redactor))
    return {"last_session": known and known | {"ending": ending(session), "by_kind": _by_kind(session)}}


def as_text(diagnosis: Diagnosis, redactor: Redactor) -> str:
    figures, around = diagnosis.figures, diagnosis.surroundings
    sections = {
        "Versions": [f"{name:<14} {version}" for name, version in around.versions.items()],
        "Loop": _loop(figures.loop),
        "Tasks": _tasks(figures.scopes),
        "Connections": [_connection(each) for each in figures.connections] or ["none open"],
        "Threads": _threads(figures),
        "Reports": _reports(figures),
        "Sinks": [_sink(each) for each in figures.sinks] or ["none"],
        "Keyring": [around.keyring.trouble or f"{around.keyring.name}, answers{_LOCKED[around.keyring.locked]}"],
        "Settings": [*(around.warnings or ["in order"]), *map(setting_line, around.settings)],
        "Folders": [_folder(each) for each in around.folders],
        "Local servers": [_server(each) for each in around.servers],
        "Last session": _ended(around.last_session),
    }
    lines = [f"Nuke AI Panel, {_at(diagnosis.taken)}"]
    for title, inside in sections.items():
        lines += ["", title, *(f"  {line}" for line in inside)]
    return _clean("\n".join(lines), redactor)


def session_as_text(session: PastSession | None, redactor: Redactor) -> str:
    """How a session ended, what it left open, its errors by kind, its loop, what the interpreter said last, reports."""
    return _clean("\n".join([*_ended(session), *(_told(session) if session else ())]), redactor)


def setting_line(setting: InForce) -> str:
    """ "network.proxy = None: locked by the studio, /mnt/studio.toml"."""
    return f"{setting.id} = {setting.value or 'empty'}: {origin_words(setting)}"


def origin_words(setting: InForce) -> str:
    """Which layer a value is of, for people."""
    if setting.layer == "studio":
        return f"{'locked' if setting.locked else 'set'} by the studio, {setting.place}"
    return f"from {setting.place}" if setting.layer == "environment" else "set by the user"


def ending(session: PastSession | None) -> str:
    """ "running", "crashed" or "in order"; "" for no session."""
    if session is None:
        return ""
    return "running" if session.running else "crashed" if session.ended is None else "in order"


def _loop(stats: LoopStats | None) -> list[str]:
    if stats is None:
        return ["not measured in a terminal"]
    lag = (stats.lag_p50, stats.lag_p95, stats.lag_p99, stats.lag_worst)
    median, p95, p99, worst = (f"{seconds * 1000:.2f} ms" for seconds in lag)
    return [
        f"lag: median {median}, 95 of 100 below {p95}, 99 of 100 below {p99}, worst {worst}",
        f"longest batch {stats.longest_batch * 1000:.1f} ms",
        f"{stats.callbacks} callbacks in {stats.batches} batches",
        f"{stats.timers} timers, {stats.descriptors} descriptors",
    ]


def _tasks(scopes: Sequence[ScopeStats]) -> list[str]:
    lines = [
        f"{scope.name}: {scope.running} running, {scope.waiting} waiting, {scope.done} done, {scope.failed} failed, "
        f"{scope.cancelled} cancelled, {scope.dropped} dropped"
        for scope in scopes
    ]
    live = sorted((task for scope in scopes for task in scope.live()), key=lambda task: -task.seconds)
    lines += [f"{task.seconds:>8.1f} s  {task.name}  {task.origin}" for task in live[:MOST_TASKS]]
    return lines + ([f"and {len(live) - MOST_TASKS} more"] if len(live) > MOST_TASKS else [])


def _connection(stats: ConnectionStats) -> str:
    return f"{stats.name}: {stats.sessions} sessions, {stats.sockets} sockets, {stats.streams} streams"


def _threads(figures: Figures) -> list[str]:
    threads = figures.threads
    if threads is None:
        return ["none"]
    counts = f"{threads.running} running, {threads.idle} idle, {threads.late} answers came too late"
    return [counts, *(f"given up, still hanging: {name}" for name in threads.abandoned)]


def _reports(figures: Figures) -> list[str]:
    counts = figures.counts
    lines = [
        f"{counts.taken} taken: {counts.written} written, {counts.folded} folded, {counts.waiting} waiting, "
        f"{counts.dropped} dropped, {counts.unwritten} unwritten"
    ]
    lines += _kinds(counts.by_kind)
    for report in figures.reports[:MOST_REPORTS]:
        lines += _report(report)
    return lines


def _kinds(by_kind: Mapping[str, int]) -> list[str]:
    return [f"{count:>6} x {kind}" for kind, count in sorted(by_kind.items(), key=lambda item: (-item[1], item[0]))]


def _report(report: Report) -> list[str]:
    often = f", {report.count} times since {_at(report.first)}" if report.count > 1 else ""
    head = f"{_at(report.last)} {report.severity} {report.kind} in {report.origin}{often}"
    context = [f"{name}: {value}" for name, value in report.context.items()]
    return [head, *(f"    {line}" for line in (*report.message.splitlines(), *context, *report.trace))]


def _sink(stats: SinkStats) -> str:
    numbers = f"{stats.sent} sent, {stats.waiting} waiting, {stats.dropped} dropped"
    said = ", ".join(filter(None, (stats.state, stats.place and f"to {stats.place}", numbers)))
    return f"{stats.name}: {said}" + (f"; last trouble: {stats.trouble}" if stats.trouble else "")


def _folder(folder: Folder) -> str:
    if folder.trouble:
        return f"{folder.name:<9} {folder.path}: {folder.trouble}"
    there = "there" if folder.exists else "not made yet"
    writable = "writable" if folder.writable else "cannot be written"
    free = "" if folder.free is None else f", {folder.free / 1e9:.1f} GB free"
    return f"{folder.name:<9} {folder.path}: {there}, {writable}{free}"


def _server(server: LocalServer) -> str:
    return f"{server.label:<17} {server.address}: {_SERVER_WORDS[server.state]}"


def _ended(session: PastSession | None) -> list[str]:
    """What a doctor asks first: how it ended, what it left, its errors by kind, its loop."""
    if session is None:
        return ["No earlier session could be read."]
    lines = [_how(session), f"{session.way_in or 'unknown'}, process {session.pid}, began {_at(session.started)}"]
    left = [f"left open, {kind}: {', '.join(names)}" for kind, names in session.left.items() if names]
    lines += left or (["left nothing open"] if session.ended is not None else [])
    lines += _kinds(_by_kind(session)) or ["no reports"]
    if session.dropped or session.unwritten or session.damaged:
        lines += [f"dropped {session.dropped}, unwritten {session.unwritten}, unreadable lines {session.damaged}"]
    return lines + [f"loop, {line}" for line in _loop_then(session.figures)]


def _told(session: PastSession) -> list[str]:
    """The rest: with what it ran, its last words, its reports."""
    lines = [f"{name}: {version}" for name, version in session.versions.items()]
    lines += ["", *session.crash.splitlines(), ""] if session.crash else []
    for report in session.reports[:MOST_REPORTS]:
        lines += _report(report)
    return lines


def _how(session: PastSession) -> str:
    if session.running:
        return "It is still running."
    return f"It ended in order, {_at(session.ended)}." if session.ended is not None else "It did not end in order."


def _by_kind(session: PastSession | None) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for report in session.reports if session else ():
        counts[report.kind] += report.count
    return dict(counts)


def _loop_then(figures: Mapping[str, object]) -> list[str]:
    """What a session wrote of its loop at its end, in the words of a running one; nothing of a damaged journal."""
    numbers = {field.name: figures.get(field.name) for field in fields(LoopStats)}
    known = {name: value for name, value in numbers.items() if isinstance(value, int | float) and abs(value) < 1e15}
    hung = [name for name in items(figures.get("hung_calls")) if isinstance(name, str)]
    try:
        lines = _loop(LoopStats(**cast("dict[str, Any]", known)))
    except TypeError:
        return []
    return lines + ([f"calls that still hung: {', '.join(hung)}"] if hung else [])


def _at(when: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(when))


def _plain(value: object, redactor: Redactor) -> object:
    """Data classes, mappings and tuples as JSON has them; every text cleaned."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name), redactor) for field in fields(value)}
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        return {_clean(str(name), redactor): _named(str(name), each, redactor) for name, each in pairs}
    if isinstance(value, (tuple, list)):
        return [_plain(each, redactor) for each in cast("Sequence[object]", value)]
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return _clean(str(value), redactor)


def _named(name: str, value: object, redactor: Redactor) -> object:
    """A value that only its name gives away, such as that of `password`, is taken out with it."""
    if not isinstance(value, str):
        return _plain(value, redactor)
    return _clean(f"{name.replace(':', ' ')}: {value}", redactor).partition(": ")[2]


def _clean(text: str, redactor: Redactor) -> str:
    return without_home(redactor.clean(text))


def without_home(text: str) -> str:
    """The home folder, which names its owner, as ~: however its separators are written."""
    home = os.path.expanduser("~")
    parts = [re.escape(part) for part in re.split(_SEPARATOR, home) if part]
    if not parts or home == "~":  # this computer knows of none
        return text
    # Else there is a drive's letter, and Windows does not tell A from a.
    first = _SEPARATOR if home[0] in "\\/" else "(?i)"
    return re.sub(first + f"{_SEPARATOR}+".join(parts) + r"(?![\w-])", "~", text)
