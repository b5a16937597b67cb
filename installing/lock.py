"""One installer at a time in a folder, on whatever machine: a home is often mounted on several."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Generator
from pathlib import Path

from .trouble import Trouble


@contextlib.contextmanager
def alone(lock: Path, folder: Path) -> Generator[None]:
    """By a lock file, for work in a folder. It ends with its process; where a share knows no locks, there is none.

    Trouble if another one is at work.
    """
    held = _taken(lock)
    if held is None:
        raise Trouble(f"Another install or uninstall is at work in {folder}. Try again when it has ended.")
    try:
        yield
    finally:
        try:
            if sys.platform != "win32":
                with contextlib.suppress(OSError):
                    lock.unlink()  # before it is let go: after that it may be another's
        finally:
            os.close(held)


if sys.platform == "win32":

    def _taken(lock: Path) -> int | None:
        """Windows itself removes the file when this process closes it or ends."""
        try:
            return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_TEMPORARY)
        except (FileExistsError, FileNotFoundError, PermissionError):
            return None

else:
    import fcntl

    def _taken(lock: Path) -> int | None:
        while True:
            try:
                held = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
            except FileNotFoundError:
                return None  # another one has just taken the folder away
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(held)
                return None
            except OSError:
                return held
            if _is_at(lock, held):
                return held
            os.close(held)  # of one who has just ended, and has removed it

    def _is_at(path: Path, descriptor: int) -> bool:
        try:
            return os.path.samestat(path.stat(), os.fstat(descriptor))
        except FileNotFoundError:
            return False
