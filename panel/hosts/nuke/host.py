"""The port to the running Nuke. Owns when it is read: anew at each call, once for a snapshot, or in pieces ahead of it.

All calls come from the main thread, which is the shared loop's; Nuke hangs or crashes on any other.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from ..base import HostBusy, Kind, KnobValue, NodeRow, Project
from ..stated import Blocks
from .reading import Reading

PIECE = 0.004
"""Seconds of reading until others get their turn."""
_UNTITLED = "Untitled"


class NukeHost:
    """Reads anew at each call; its `snapshot` reads once and is for one call."""

    kind: Kind = "script"
    is_live = True

    def __init__(self) -> None:
        self._blocks = Blocks()
        self._kept: Reading | None = None

    @property
    def title(self) -> str:
        path = self._now.path()
        return path.replace("\\", "/").rpartition("/")[2] if path else _UNTITLED

    @property
    def path(self) -> str | None:
        return self._now.path()

    def snapshot(self) -> NukeHost:
        if self._kept:
            return self
        host = NukeHost()
        host._kept = Reading(self._blocks)
        return host

    async def read_ahead(self) -> NukeHost:
        """What changes between two pieces may be told as it was. If a node goes meanwhile, nothing has been read."""
        host = self.snapshot()
        reading = host._now
        pause = time.perf_counter() + PIECE
        try:
            for _ in reading.steps():
                if time.perf_counter() > pause:
                    await asyncio.sleep(0)
                    pause = time.perf_counter() + PIECE
        except (RuntimeError, ValueError):  # whoever asks will be told
            return self.snapshot()
        return self.snapshot() if reading.is_torn else host

    def project(self) -> Project:
        with self._reading() as now:
            return now.project()

    def nodes(self) -> Sequence[NodeRow]:
        with self._reading() as now:
            return now.rows()

    def node(self, name: str) -> NodeRow | None:
        with self._reading() as now:
            return now.row(name)

    def knobs(self, name: str) -> tuple[KnobValue, ...]:
        with self._reading() as now:
            return now.knobs(name)

    def at_default(self, name: str, knob: str) -> KnobValue | None:
        with self._reading() as now:
            return now.at_default(name, knob)

    def selection(self) -> tuple[str, ...]:
        with self._reading() as now:
            return now.selection()

    @contextmanager
    def _reading(self) -> Generator[Reading]:
        now = self._now
        try:
            yield now
        except (RuntimeError, ValueError) as error:  # it renders, or Root itself has gone
            raise HostBusy(f"Nuke cannot be read just now: {error}") from error

    @property
    def _now(self) -> Reading:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("The running Nuke is read on its main thread only: Nuke hangs or crashes on another.")
        return self._kept or Reading(self._blocks)
