"""A lock on an open file that ends with its process, however that ends."""

from __future__ import annotations

import errno
import importlib
import os
import time
from typing import Any

_system: Any = importlib.import_module("msvcrt" if os.name == "nt" else "fcntl")
"""Imported now: the first report may come when the interpreter ends, and nothing can be imported any more."""

_WINDOWS_BYTE = 0x7FFF_0000
"""Windows forbids others to read what is locked, so a byte far behind the text stands for the file."""


def try_lock(descriptor: int) -> bool:
    """Takes the lock without waiting. False when another descriptor has it, in this process or elsewhere.

    It ends when the descriptor is closed. Where a file system knows no locks, everybody gets one.
    """
    return _try("LOCK_EX", descriptor)


def is_held(descriptor: int) -> bool:
    """Whether another descriptor has the lock. Several may ask at once."""
    # A shared one: an exclusive one is refused over NFS to who may only read, whether or not it is held.
    return not _try("LOCK_SH", descriptor)


def take_lock(descriptor: int) -> bool:
    """As `try_lock`, past those who only look whether it is held."""
    return any(try_lock(descriptor) or time.sleep(0.001) for _ in range(50))


def _try(how: str, descriptor: int) -> bool:
    try:
        if _system.__name__ == "msvcrt":  # which has one kind
            os.lseek(descriptor, _WINDOWS_BYTE, os.SEEK_SET)
            _system.locking(descriptor, _system.LK_NBLCK, 1)
        else:
            # Not lockf: that one is given up when any descriptor of the file is closed, as readers do.
            _system.flock(descriptor, getattr(_system, how) | _system.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True
