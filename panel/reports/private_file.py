"""Files that only their owner may read, and one such file held open, known again. What is written is not theirs."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def open_private(path: Path) -> int:
    """A descriptor that appends to a file nobody else may read; file and folder are made if need be. Raises OSError."""
    if not path.is_absolute():  # nothing of ours is left where a program happens to run
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    os.makedirs(path.parent, mode=0o700, exist_ok=True)
    return os.open(path, _FLAGS, 0o600)


class PrivateFile:
    """Open until `close`, or until something in this process closes descriptors that it does not know.

    The number may be another file's then: whoever writes asks `is_there` before.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self.descriptor = open_private(path)
        state = os.fstat(self.descriptor)
        self._identity = state.st_dev, state.st_ino

    @property
    def size(self) -> int:
        return os.fstat(self.descriptor).st_size

    @property
    def is_there(self) -> bool:
        """Whether somebody can read what is written here: it is this file still, and nobody has removed it."""
        state = self._state()
        return state is not None and state.st_nlink > 0

    def close(self) -> None:
        """Ends its lock too."""
        if self._state() is not None:
            with contextlib.suppress(OSError):
                os.close(self.descriptor)

    def _state(self) -> os.stat_result | None:
        """None when it is not our file any more."""
        try:
            state = os.fstat(self.descriptor)
        except OSError:
            return None
        return state if (state.st_dev, state.st_ino) == self._identity else None
