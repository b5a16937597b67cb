"""Reports that wait, within bounds: the oldest give way and are counted. Knows no thread and no loop."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from .report import Report

REPORTS = 1_000
CHARACTERS = 1_000_000
"""Of all texts together. One report alone may have more; it then waits by itself."""


class ReportBuffer:
    """First in, first out. A report that grew, same id, takes the place of what it was."""

    def __init__(self, reports: int = REPORTS, characters: int = CHARACTERS) -> None:
        self.dropped = 0
        self._reports: OrderedDict[str, Report] = OrderedDict()
        self._characters = 0
        self._bounds = reports, characters

    def __len__(self) -> int:
        return len(self._reports)

    def put(self, report: Report) -> None:
        if old := self._reports.get(report.id):
            self._characters -= _characters(old)
        self._reports[report.id] = report
        self._characters += _characters(report)
        self._keep_to_the_bounds()

    def take(self, most: int | None = None) -> list[Report]:
        """The oldest ones, all without `most`. They are the caller's now, to send or to give back."""
        count = len(self._reports) if most is None else min(most, len(self._reports))
        return [self._pop() for _ in range(count)]

    def give_back(self, reports: Sequence[Report]) -> None:
        """Puts what was taken to the front again; what has grown since stays as it is now."""
        for report in reversed(reports):
            if report.id not in self._reports:
                self._reports[report.id] = report
                self._characters += _characters(report)
            self._reports.move_to_end(report.id, last=False)
        self._keep_to_the_bounds()

    def drop(self, reports: Sequence[Report]) -> None:
        """Counts these, which were taken, as lost."""
        self.dropped += len(reports)

    def _pop(self) -> Report:
        _, report = self._reports.popitem(last=False)
        self._characters -= _characters(report)
        return report

    def _keep_to_the_bounds(self) -> None:
        reports, characters = self._bounds
        while len(self._reports) > reports or (self._characters > characters and len(self._reports) > 1):
            self._pop()
            self.dropped += 1


def _characters(report: Report) -> int:
    texts = (report.message, report.origin, *report.trace, *report.context.values())
    return sum(map(len, texts))
