"""What earlier runs, and those beside us, left in the folder of journals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .report import Report


@dataclass(frozen=True, slots=True)
class PastSession:
    """One process's journal, read back. `running`: its lock is held. Times are seconds since 1970."""

    path: Path
    way_in: str
    pid: int
    started: float
    ended: float | None
    running: bool
    adopted: bool
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
        """It was begun, is not running and did not end in order."""
        return bool(self.way_in) and not self.running and self.ended is None


def past_sessions(folder: Path) -> tuple[PastSession, ...]:
    """All sessions of a folder, newest first, with the running ones. Never raises."""
    return ()


def adopt(session: PastSession) -> bool:
    """Marks a crashed session as offered. False if another process was faster, or it cannot be marked."""
    return False
