"""A lock on an open file that ends with its process, however that ends."""

from __future__ import annotations

import importlib
import os
import time
from typing import Any

_WINDOWS_BYTE = 0x7FFF_0000
"""Windows forbids others to read what is locked, so a byte far behind the text stands for the file."""


def try_lock(descriptor: int) -> bool:
    """Takes the lock without waiting. False when another descriptor has it, in this process or elsewhere.

    It ends when the descriptor is closed. Where a file system knows no locks, nobody gets any.
    """
    try:
        if os.name == "nt":
            _lock_windows(descriptor)
        else:
            _lock_posix(descriptor)
    except OSError:
        return False
    return True


def take_lock(descriptor: int) -> bool:
    """As `try_lock`, past those who only look whether it is held."""
    return any(try_lock(descriptor) or time.sleep(0.001) for _ in range(50))


def _lock_posix(descriptor: int) -> None:
    # flock and not lockf: that one is given up when any descriptor of the file is closed, as readers do.
    fcntl: Any = importlib.import_module("fcntl")
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _lock_windows(descriptor: int) -> None:
    msvcrt: Any = importlib.import_module("msvcrt")
    os.lseek(descriptor, _WINDOWS_BYTE, os.SEEK_SET)
    msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
