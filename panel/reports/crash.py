"""What is written when the interpreter itself dies: Python's `faulthandler`, into a file beside the journal.

For processes of our own only: `faulthandler` is one for the whole process, and inside a host it is the host's.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
from pathlib import Path

from .journal import open_private


class CrashLog:
    """From `start` on the stacks of all threads are written to `path` when the process is killed by its own fault.

    Both methods touch the disk: they are jobs of the writer's thread.
    """

    def __init__(self, journal: Path) -> None:
        """`journal`: `Reports.journal_path`. The file has its name, so that it is found with it."""
        self.path = journal.with_suffix(".crash")
        self._descriptor: int | None = None

    def start(self) -> None:
        """Nothing where somebody has turned `faulthandler` on already, or where the file cannot be made."""
        if self._descriptor is not None or faulthandler.is_enabled():
            return
        with contextlib.suppress(OSError):  # the journal beside it cannot be written either, and tells so
            self._descriptor = open_private(self.path)
            faulthandler.enable(self._descriptor, all_threads=True)

    def stop(self) -> None:
        """The process ends in order: an empty file is removed."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        faulthandler.disable()
        with contextlib.suppress(OSError):
            empty = os.fstat(descriptor).st_size == 0
            os.close(descriptor)
            if empty:
                self.path.unlink()
