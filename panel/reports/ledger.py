"""The books of this session: what was reported, how often, and what of it is on disk yet.

Owns the folding of equal errors, the counts, and the retrying while the journal cannot be written. It is used by one
thread at a time (`writer` sees to that), but `known`, `recent` and `counts` may be read by any.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

from .capture import Captured
from .journal import Journal
from .lines import again_line, line, report_line
from .rendering import Renderer
from .report import Report, ReportCounts

KEEP = 500
"""Different reports in memory; of one that was pushed out, the next is a new report."""
KINDS = 100
"""Kinds that are counted by name."""
EXHAUSTED = (MemoryError, RecursionError)
"""The thread's, not the report's: another one, or the same one later, can."""
FAILURES = (OSError, *EXHAUSTED)
"""Of writing: what could not be written is tried again."""
UNREADABLE = "unreadable"
NOT_TAKEN = "(could not be taken)"


class Tally:
    """A count that threads, and signal handlers in the middle of them, may raise at any moment."""

    __slots__ = ("_count", "add")

    def __init__(self) -> None:
        self._count = itertools.count()
        self.add = self._count.__next__

    @property
    def value(self) -> int:
        return int(repr(self._count)[6:-1])  # "count(7)"; to ask by next() would count


class Fold:
    """All calls that reported the same thing. Callers make it; from `captured` on it is the ledger's."""

    __slots__ = ("calls", "captured", "file", "id", "key", "last", "pending", "report", "told")

    def __init__(self, key: int, report_id: str, captured: Captured) -> None:
        self.key = key
        self.id = report_id
        self.captured: Captured | None = captured
        self.last = captured.at
        self.report: Report | None = None
        self.calls = 0
        self.pending = 0
        """Those of its calls that no line tells of yet."""
        self.file = 0
        """Where its full line is, by the journal's number; 0 before it was written."""
        self.told = 0
        """The count that listeners were last given."""


class Ledger:
    def __init__(self, journal: Journal, renderer: Renderer, known: dict[int, Fold]) -> None:
        self.journal = journal
        self.known = known
        self.failing = False
        """The last write failed; what is pending is tried again."""
        self.unsynced = False
        self._renderer = renderer
        self._folds: OrderedDict[str, Fold] = OrderedDict()
        self._grown: dict[str, Fold] = {}
        self._to_tell: dict[str, Fold] = {}
        self.not_taken = Tally()
        """Calls that failed before anything was known of them."""
        self._dropped = {NOT_TAKEN: self.not_taken}
        self._written = self._folded = self._unwritten = 0
        self._dropped_told = self._unwritten_told = 0
        self._file: int = 0
        self._by_kind: dict[str, int] = {}

    def drop(self, kind: str, calls: int = 1) -> None:
        """Any thread's: calls that are only counted."""
        kind = kind if kind in self._dropped or len(self._dropped) < KINDS else "other"
        tally = self._dropped.setdefault(kind, Tally())
        for _ in range(calls):
            tally.add()

    def count_only(self, fold: Fold, calls: int) -> bool:
        """Drops the calls of one that nothing was made of yet. False for another, which costs next to nothing."""
        captured = fold.captured
        if captured is None:
            return False
        self.drop(captured.glance.kind, calls)
        return True

    def prepare(self, fold: Fold) -> None:
        """Makes the report. It takes longest and needs no lock: done twice, it is the same. Raises EXHAUSTED."""
        captured = fold.captured
        if captured is None or fold.report is not None:
            return
        try:
            fold.report = self._renderer.report(captured, fold.id)
        except EXHAUSTED:
            raise
        except BaseException as trouble:  # what cannot be cleaned is not written; that there was something is
            said = f"This report could not be made: {type(trouble).__name__}."
            fold.report = Report(fold.id, "error", UNREADABLE, said, "", captured.at, captured.at)
        fold.captured = None  # and with it whatever secrets it had

    def record(self, fold: Fold, calls: int, *, at_once: bool = False) -> None:
        """Counts some calls; writes a line for them if it is the first, or `at_once`.

        Does not raise when the journal cannot be written: they are tried again by `flush`.
        """
        self.prepare(fold)
        report = fold.report
        if report is None:
            return
        # What may fail comes before the counting: a call that raised was not counted.
        grown = replace(report, count=fold.calls + calls, last=max(report.last, fold.last))
        self._count_kind(report.kind, calls)
        fold.report = grown
        fold.calls += calls
        fold.pending += calls
        self._folds[fold.id] = fold
        self._folds.move_to_end(fold.id)
        if fold.file and not at_once:
            self._grown[fold.id] = fold
        else:
            self._write(fold)
            if fold.told:  # at the pace of the others: a listener may have caused it
                self._to_tell[fold.id] = fold
        while len(self._folds) > KEEP:
            self._forget(self._folds.popitem(last=False)[1])

    def begin(self) -> None:
        """Writes the session line, also where one stands already."""
        try:
            self.journal.renew_head()
            self.journal.make_ready()
        except FAILURES:
            self.failing = True

    def end(self, data: bytes) -> None:
        self.flush()
        self.write(data)

    def flush(self) -> None:
        """Writes what is pending, if the journal can be written."""
        self._to_tell |= self._grown
        if all(self._write(fold) for fold in list(self._grown.values())):
            self._tell_dropped()
            self._tell_unwritten()

    def take_grown(self) -> list[Fold]:
        """What has grown since this was asked last, for the listeners."""
        grown, self._to_tell = self._to_tell, {}
        return list(grown.values())

    @property
    def has_pending(self) -> bool:
        dropped = sum(_values(self._dropped).values())
        return (
            bool(self._grown or self._to_tell)
            or self._unwritten != self._unwritten_told
            or dropped != self._dropped_told
        )

    def write(self, data: bytes) -> bool:
        """One line of another kind."""
        try:
            self.journal.write(data)
        except FAILURES:
            self.failing = True
            return False
        self.failing, self.unsynced = False, True
        return True

    def give_up(self) -> None:
        """Counts what is pending as unwritten: nobody will try again."""
        for fold in list(self._grown.values()):
            self._unwritten += fold.pending
            fold.pending = 0
        self._grown.clear()

    def lose(self, calls: int) -> None:
        """Counts calls that could not even be recorded, as without memory."""
        self._unwritten += calls

    def recent(self) -> tuple[Report, ...]:
        while True:
            try:
                folds = list(self._folds.values())
            except RuntimeError:  # changed meanwhile
                continue
            # The newest one may be there already, and the one that it pushes out still.
            return tuple(fold.report for fold in reversed(folds[-KEEP:]) if fold.report)

    def counts(self, taken: int) -> ReportCounts:
        dropped = _values(self._dropped)
        by_kind = dict(self._by_kind)
        for kind, calls in dropped.items():
            by_kind[kind] = by_kind.get(kind, 0) + calls
        done = self._written + self._folded + self._unwritten + sum(dropped.values())
        return ReportCounts(
            taken=taken,
            written=self._written,
            folded=self._folded,
            dropped=sum(dropped.values()),
            unwritten=self._unwritten,
            waiting=max(taken - done, 0),
            by_kind=by_kind,
        )

    def _write(self, fold: Fold) -> bool:
        report, calls = fold.report, fold.pending
        if report is not None and calls:
            try:
                file = self.journal.make_ready()
                if file != self._file:
                    self._file, self._dropped_told, self._unwritten_told = file, 0, 0
                # An older file may be gone: each has the full line of whatever it counts, and the sums.
                whole = fold.file != file
                data = report_line(report, calls) if whole else again_line(report, calls)
                self.journal.append(data)
            except FAILURES:
                self.failing = True
                self._grown[fold.id] = fold
                return False
            self.failing, self.unsynced = False, True
            self._written += not fold.file
            self._folded += calls - (not fold.file)
            fold.file, fold.pending = file, 0
        self._grown.pop(fold.id, None)
        return True

    def _forget(self, fold: Fold) -> None:
        if not self._write(fold):
            self._unwritten += fold.pending
            fold.pending = 0
            self._grown.pop(fold.id, None)
        if self.known.get(fold.key) is fold:
            del self.known[fold.key]

    def _count_kind(self, kind: str, calls: int) -> None:
        kind = kind if kind in self._by_kind or len(self._by_kind) < KINDS else "other"
        self._by_kind[kind] = self._by_kind.get(kind, 0) + calls

    def _tell_dropped(self) -> None:
        dropped = _values(self._dropped)
        calls = sum(dropped.values())
        if calls == self._dropped_told:
            return
        names = self._renderer.clean(list(dropped))
        if self.write(line(dropped={"calls": calls, "kinds": dict(zip(names, dropped.values(), strict=True))})):
            self._dropped_told = calls

    def _tell_unwritten(self) -> None:
        calls = self._unwritten
        if calls != self._unwritten_told and self.write(line(unwritten={"calls": calls})):
            self._unwritten_told = calls


def _values(tallies: Mapping[str, Tally]) -> dict[str, int]:
    values = {kind: tally.value for kind, tally in list(tallies.items())}
    return {kind: value for kind, value in values.items() if value}
