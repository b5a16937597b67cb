"""What a report is, and how it stands in the journal. Owns values; nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning", "notice"]


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that went wrong, as often as it did. Every text in it is without secrets.

    `kind` is the class of the error, or the id of a `ProviderError`, or "message". `origin` is the task
    (`application/pane/turn`) or the thread. `trace` is `file:line in function`, outermost first, never with values.
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
