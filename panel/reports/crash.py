"""What is written when the interpreter itself dies: Python's `faulthandler`, into a file beside the journal.

For the desktop only: `faulthandler` is one for the whole process, and inside a host it is the host's.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
from pathlib import Path


class CrashLog:
    """From `start` on the stacks of all threads are written to `path` when the process is killed by its own fault."""

    def __init__(self, journal: Path) -> None:
        """`journal`: `Reports.journal_path`. The file has its name, so that it is found with it."""
        self.path = journal.with_suffix(".crash")
        self._descriptor: int | None = None

    def start(self) -> None:
        """Raises OSError when the file cannot be made."""
        os.makedirs(self.path.parent, mode=0o700, exist_ok=True)
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        faulthandler.enable(self._descriptor, all_threads=True)

    def stop(self) -> None:
        """The process ends in order: an empty file is removed."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        faulthandler.disable()
        empty = os.fstat(descriptor).st_size == 0
        os.close(descriptor)
        if empty:
            with contextlib.suppress(OSError):
                self.path.unlink()
