"""What earlier runs, and those beside us, left in the folder of journals. Reads; marks what was offered.

A journal may end in half a line, hold garbage, or be just being written: what is a line counts, the rest is counted.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .journal import PART_BYTES, is_running, sessions_in
from .lines import items, line, members, number, read_line, report_of, seconds, sift, text, texts
from .locks import take_lock
from .report import Report

READ = PART_BYTES + 500_000
"""Bytes read of one file at either end: none of ours is longer than that. How it ended, its last lines say."""
CRASH_TEXT = 64_000
_END, _ADOPTED = b'\n{"end":', b'\n{"adopted":'
"""How these lines begin. (The first line of a file is another.)"""


@dataclass(frozen=True, slots=True)
class PastSession:
    """One process's journal, read back. Times are seconds since 1970.

    `running`: its lock is held. `reports` are newest first. `damaged` counts what was not a line of ours. `crash` is
    what faulthandler wrote.
    """

    path: Path
    way_in: str = ""
    pid: int = 0
    started: float = 0.0
    ended: float | None = None
    running: bool = False
    adopted: bool = False
    left: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    figures: Mapping[str, object] = field(default_factory=dict[str, object])
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    reports: tuple[Report, ...] = ()
    dropped: int = 0
    unwritten: int = 0
    damaged: int = 0
    crash: str = ""

    @property
    def crashed(self) -> bool:
        """It was begun, is not running, and did not end in order."""
        return bool(self.way_in) and not self.running and self.ended is None


def past_sessions(folder: Path) -> Iterator[PastSession]:
    """All sessions of a folder, newest first, with the running ones. Never raises. Each may be some MB: on a thread."""
    for name, files in sessions_in(folder).items():
        yield _read_session(folder / f"{name}.jsonl", files)


def crashed_sessions(folder: Path) -> Iterator[PastSession]:
    """Those that crashed and were not adopted yet, newest first. The others are not even parsed."""
    for name, files in sessions_in(folder).items():
        if any(mark in raw for raw in map(_read, files) for mark in (_END, _ADOPTED)):
            continue
        session = _read_session(folder / f"{name}.jsonl", files)
        if session.crashed:
            yield session


def adopt(session: PastSession) -> bool:
    """Marks a crashed session as offered, so that it is offered once.

    False when another process was faster, when it runs after all, or when it cannot be marked.
    """
    try:
        descriptor = os.open(session.path, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0))
    except OSError:
        return False
    try:
        if not take_lock(descriptor) or _ADOPTED in _read(session.path):
            return False
        data = b"\n" + line(adopted={"at": time.time(), "pid": os.getpid()})
        return os.write(descriptor, data) == len(data)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _read_session(first: Path, files: list[Path]) -> PastSession:
    reading = _Reading(PastSession(first, running=is_running(first)))
    for file in files:
        raw = _read(file)
        if file.suffix == ".crash":
            crash = raw[:CRASH_TEXT].decode("utf-8", "backslashreplace").strip()
            reading.session = replace(reading.session, crash=crash)
            continue
        ours, others = sift(raw)
        reading.damaged += others
        for entry in ours:
            reading.take(entry)
    newest_first = sorted(reading.reports.values(), key=lambda report: report.last, reverse=True)
    return replace(reading.session, reports=tuple(newest_first), damaged=reading.damaged)


def _read(file: Path) -> bytes:
    """Without the middle of one that is too long, in whose place there is a line that is not ours."""
    with contextlib.suppress(OSError), open(file, "rb") as opened:
        beginning = opened.read(READ)
        rest = opened.seek(0, os.SEEK_END) - len(beginning)
        if rest <= READ:
            opened.seek(len(beginning))
            return beginning + opened.read(READ)
        opened.seek(-READ, os.SEEK_END)
        return beginning[: beginning.rfind(b"\n") + 1] + b"...\n" + opened.read(READ).partition(b"\n")[2]
    return b""


class _Reading:
    """One session, as far as its lines were read."""

    def __init__(self, session: PastSession) -> None:
        self.session: PastSession = session
        self.reports: dict[str, Report] = {}
        self.damaged = 0

    def take(self, raw: bytes) -> None:
        found = read_line(raw)
        if found is None or not self._take(*found):
            self.damaged += 1

    def _take(self, kind: str, fields: Mapping[str, Any]) -> bool:
        """Whether it was a line of ours."""
        session = self.session
        match kind:
            case "report":
                return self._add(report_of(fields))
            case "again":
                return self._add(_again(fields))
            case "session":
                self.session = replace(
                    session,
                    way_in=text(fields.get("way_in")) or session.way_in,
                    pid=number(fields.get("pid")),
                    started=seconds(fields.get("started")),
                    versions=texts(fields.get("versions")),
                )
            case "end":
                left = {name: tuple(text(entry) for entry in items(some)) for name, some in _pairs(fields, "left")}
                figures = dict(_pairs(fields, "figures"))
                self.session = replace(session, ended=seconds(fields.get("at")), left=left, figures=figures)
            case "dropped":
                self.session = replace(session, dropped=max(session.dropped, number(fields.get("calls"))))
            case "unwritten":
                self.session = replace(session, unwritten=max(session.unwritten, number(fields.get("calls"))))
            case "adopted":
                self.session = replace(session, adopted=True)
            case _:
                return False
        return True

    def _add(self, report: Report | None) -> bool:
        """More of a report. Which line has its texts does not matter: a part may be gone."""
        if report is None:
            return False
        known = self.reports.get(report.id)
        if known is not None:
            told = known if known.kind else report
            count = known.count + report.count
            first = min(known.first, report.first) if known.kind else report.first
            report = replace(told, count=count, first=first, last=max(known.last, report.last))
        self.reports[report.id] = report
        return True


def _again(fields: Mapping[str, Any]) -> Report | None:
    last = seconds(fields.get("last"))
    return report_of({"id": fields.get("id"), "count": fields.get("more"), "first": last, "last": last})


def _pairs(fields: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
    return list(members(fields.get(name)).items())
