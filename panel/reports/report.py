"""What a report is, and how many there were. Owns values; nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning", "notice"]


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that went wrong, as often as it did. Every text in it is without secrets.

    `kind` is the class of the error, or the id of a `ProviderError`, or "message". `origin` is the task
    (`application/pane/turn`) or the thread. `trace` is `file:line in function`, outermost first, never with values;
    after it come the errors behind this one, each as `caused by KeyError: ... (file:line in function)`.
    `first` and `last` are seconds since 1970.
    """

    id: str
    severity: Severity
    kind: str
    message: str
    origin: str
    first: float
    last: float
    count: int = 1
    context: Mapping[str, str] = field(default_factory=dict[str, str])
    trace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportCounts:
    """Calls of `Reports.report`, by what became of them. Nothing is lost when

        taken == written + folded + dropped + unwritten + waiting

    `written` have a line of their own in the journal, `folded` are counted in another's, `dropped` came when too many
    were waiting, `unwritten` were given up because the journal could not be written. `by_kind` counts them all but
    the waiting ones.
    """

    taken: int = 0
    written: int = 0
    folded: int = 0
    dropped: int = 0
    unwritten: int = 0
    waiting: int = 0
    by_kind: Mapping[str, int] = field(default_factory=dict[str, int])
