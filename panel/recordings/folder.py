"""The folder of recordings: one file for each answer, which nobody else may read, the newest ones only.

Owns the files. Everything here may hang or fail as a disk does: it is called on threads, and raises OSError.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..reports.private_file import open_private

MOST_FILES = 20
SUFFIX = ".txt"
"""So that it opens wherever it is clicked, and may be attached to a ticket."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A file that was written. `size` in bytes."""

    path: Path
    size: int


def write_recording(folder: Path, name: str, content: bytes) -> Recorded:
    """A new file, whole or not at all; the oldest ones make room for it."""
    taken = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
    path = folder / f"{taken}-{re.sub(r'[^A-Za-z0-9_-]+', '-', name)[:60]}{SUFFIX}"
    _write(path, content)
    for old in sorted(folder.glob(f"*{SUFFIX}"))[:-MOST_FILES]:
        old.unlink(missing_ok=True)
    return Recorded(path, len(content))


def empty_file(path: Path) -> None:
    """A file of the user's choice, private and with nothing in it."""
    descriptor = open_private(path)
    try:
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def append_recording(path: Path, content: bytes) -> Recorded:
    """To the end of a file of the user's choice."""
    _write(path, content)
    return Recorded(path, path.stat().st_size)


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(open_private(path), "ab") as file:
        before = file.tell()
        try:
            file.write(content)
            file.flush()
        except OSError:
            file.truncate(before)
            raise
