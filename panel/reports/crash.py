"""What is written when the interpreter itself dies: Python's `faulthandler`, into a file beside the journal.

For processes of our own only: `faulthandler` is one for the whole process, and inside a host it is the host's.
"""

from __future__ import annotations

import contextlib
import faulthandler
from pathlib import Path

from .private_file import PrivateFile


class CrashLog:
    """From `start` on the stacks of all threads are written to `path` when the process is killed by its own fault.

    Both methods touch the disk: they are jobs of the writer's thread.
    """

    def __init__(self, journal: Path) -> None:
        """`journal`: `Reports.journal_path`. The file has its name, so that it is found with it."""
        self.path = journal.with_suffix(".crash")
        self._file: PrivateFile | None = None

    def start(self) -> None:
        """Nothing where somebody has turned `faulthandler` on already, or where the file cannot be made."""
        if self._file is not None or faulthandler.is_enabled():
            return
        with contextlib.suppress(OSError):  # the journal beside it cannot be written either, and tells so
            self._file = PrivateFile(self.path)
            faulthandler.enable(self._file.descriptor, all_threads=True)

    def stop(self) -> None:
        """The process ends in order: an empty file is removed."""
        file, self._file = self._file, None
        if file is None:
            return
        faulthandler.disable()
        file.close()
        with contextlib.suppress(OSError):
            if self.path.stat().st_size == 0:
                self.path.unlink()
