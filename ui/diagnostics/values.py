"""What the diagnostics show, as plain values. Times are seconds since 1970, durations seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..settings.values import FieldSpec

Severity = Literal["error", "warning", "notice"]
FactState = Literal["", "ok", "bad", "none"]
"""In front of a fact: nothing, a tick, a cross, a dash (there is none, not asked)."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One thing that went wrong, `count` times. Its texts hold no secrets; `trace` is outermost first."""

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
class TaskRow:
    """One live task. `origin`: where it was started, "panel/turn.py:120"; `seconds`: how long ago."""

    name: str
    origin: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """A scope and its own tasks; the scopes inside of it follow, `depth` one greater. The counts are of all of them."""

    path: str
    name: str
    depth: int
    tasks: tuple[TaskRow, ...] = ()
    running: int = 0
    waiting: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class LoopFigures:
    """How late the loop was, in seconds; `lags` are the last wake-ups, oldest first."""

    lags: tuple[float, ...]
    median: float
    p95: float
    p99: float
    worst: float
    longest_batch: float
    callbacks: int
    batches: int
    timers: int
    descriptors: int


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: a name, a value, and at the right what gives way last."""

    name: str
    value: str
    note: str = ""
    state: FactState = ""


@dataclass(frozen=True, slots=True)
class FactSection:
    """Facts under a heading; `empty` is said where there are none, `note` below them: whole sentences."""

    title: str
    facts: tuple[Fact, ...] = ()
    empty: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class RecordingFigures:
    """What is recorded, and what may be. `choices`: (id, name) of each connection; `current`: what is recorded now.

    `words`: how it goes, or why it ended; `trouble`: that is bad. `files`: where they are.
    """

    choices: tuple[tuple[str, str], ...] = ()
    current: str = ""
    words: str = ""
    trouble: bool = False
    files: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """What may be another a moment later. `loop` None: nobody measures it. Reports are newest first."""

    reports: tuple[ReportRow, ...] = ()
    scopes: tuple[ScopeRow, ...] = ()
    loop: LoopFigures | None = None
    connections: tuple[FactSection, ...] = ()
    """Sessions and sockets by provider, calls on threads."""
    recording: RecordingFigures = RecordingFigures()
    sinks: FactSection = FactSection("Sinks")
    stuck: tuple[str, ...] = ()
    """Names of sinks in trouble, which may be tried again at once."""
    log_level: FieldSpec | None = None


@dataclass(frozen=True, slots=True)
class LastSession:
    """How the session before this one ended. `in_order` False makes a notice.

    `words` are for the list of pages ("Ended in order"), `title` and `summary` for whoever asks, `text` is all.
    """

    words: str
    in_order: bool
    title: str
    summary: str = ""
    text: str = ""
