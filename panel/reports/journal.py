"""The journal of one process: a file of JSON lines, held by a lock, and the folder that it is in.

Owns descriptors, rotation and the removal of old sessions. What a line says is `lines`; who may write now is the
`writer`: nothing here is safe against two threads at once.

    20261120-093000-4711-9f3a1c.jsonl      the first part: the session line and the first reports; its lock is held
    20261120-093000-4711-9f3a1c.2.jsonl    later parts, of which the last ones are kept
    20261120-093000-4711-9f3a1c.crash      what faulthandler wrote
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from ..folders import own_folder
from .lines import read_line
from .locks import is_held, take_lock
from .private_file import PrivateFile

PART_BYTES = 2_000_000
LATER_PARTS = 2
"""So that one session has at most three parts: how the trouble began, and how it ended."""
SESSIONS = 10
FOLDER_BYTES = 20_000_000

_HEAD_BYTES = 4_000

_NAME = re.compile(r"(\d{8}-\d{6}-\d+-[0-9a-f]+)(?:\.(\d+))?\.(jsonl|crash)")


def journal_folder() -> Path:
    """Where journals are unless somebody says otherwise. Relative where there is no home folder: nothing is written."""
    return own_folder("log") / "journal"


def session_name(started: float, pid: int) -> str:
    """A name that no other session has: by its time, its process, and chance for a clock that was set back."""
    return f"{_stamp(started)}-{pid}-{os.urandom(3).hex()}"


def _stamp(when: float) -> str:
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(when))


class Journal:
    """Appends lines. Every method but `close` raises OSError, and the next call tries again from where that left it."""

    def __init__(self, first: Path, head: Callable[[], bytes], *, part_bytes: int = PART_BYTES) -> None:
        """`head` makes the session line, which stands at the top of each part."""
        self.path = first
        self._head = head
        self._part_bytes = part_bytes
        self._headed = False
        self._part = self._begun = 1
        self._file: PrivateFile | None = None
        self._lock: PrivateFile | None = None
        self._size = 0
        self._torn = False

    def renew_head(self) -> None:
        """The session line has changed: it is written again before the next line."""
        self._headed = False

    def make_ready(self) -> int:
        """Opens what has to be opened. Returns a number that is another one for each file that was begun."""
        self._check_still_there()
        if self._file is None:
            self._open()
            self._check_still_there()  # somebody may have removed it, as an old one, before it was locked
        if self._file is None:
            self._open()
        elif self._size > self._part_bytes:
            self._rotate()
        if not self._headed:
            self.append(self._head())
            self._headed = True
        return self._begun

    def write(self, line: bytes) -> None:
        """One line, in one write: another process, or `kill -9`, never sees half of it."""
        self.make_ready()
        self.append(line)

    def sync(self) -> None:
        if self._file is not None:
            os.fsync(self._file.descriptor)

    def close(self) -> None:
        """Ends the lock too. A later write opens the file again."""
        for file in {self._file, self._lock}:
            if file is not None:
                file.close()
        self._file = self._lock = None

    def append(self, line: bytes) -> None:
        """As `write`, right after `make_ready`."""
        assert self._file is not None
        # After half a line, of a disk that was full, the next one begins on its own.
        data = b"\n" + line if self._torn else line
        written = os.write(self._file.descriptor, data)
        self._size += written
        self._torn = written < len(data)
        if self._torn:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))

    def _open(self) -> None:
        self._use(PrivateFile(self._current()))
        if self._lock is None:
            self._lock = self._file if self._part == 1 else PrivateFile(self.path)
            if self._lock is not None:
                take_lock(self._lock.descriptor)
        if self._begun == 1 and self._size == 0:
            remove_old_sessions(self.path.parent)

    def _rotate(self) -> None:
        following, before = PrivateFile(self.path.with_suffix(f".{self._part + 1}.jsonl")), self._file
        if before is not None:
            with contextlib.suppress(OSError):
                os.fsync(before.descriptor)  # `sync` does not come back to it
            if before is not self._lock:
                before.close()
        self._part += 1
        self._begun += 1
        self._headed = False
        self._use(following)
        if (gone := self._part - LATER_PARTS) > 1:
            with contextlib.suppress(OSError):
                self.path.with_suffix(f".{gone}.jsonl").unlink()

    def _use(self, file: PrivateFile) -> None:
        self._file = file
        self._size = file.size
        self._torn = self._size > 0

    def _current(self) -> Path:
        return self.path if self._part == 1 else self.path.with_suffix(f".{self._part}.jsonl")

    def _check_still_there(self) -> None:
        """Somebody may have removed the folder, and what is written to a removed file, nobody reads."""
        if self._file is not None and not self._file.is_there:
            self.close()
            self._begun += 1
            self._part, self._headed = 1, False


def sessions_in(folder: Path) -> dict[str, list[Path]]:
    """The files of each session by its name, newest session first, parts in order. Empty without the folder.

    Those of the future come last: a clock was wrong, and they would be the newest ones for years.
    """
    files: dict[str, list[tuple[int, str]]] = defaultdict(list)
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if found := _NAME.fullmatch(name):
                files[found[1]].append((int(found[2] or 1) if found[3] == "jsonl" else 0, name))
    tomorrow = _stamp(time.time() + 86_400)
    names = sorted(files, key=lambda session: (session < tomorrow, session), reverse=True)
    return {session: [folder / name for _, name in sorted(files[session])] for session in names}


def is_running(first: Path) -> bool:
    """Whether somebody holds the lock of a journal."""
    try:
        descriptor = os.open(first, os.O_RDONLY)
    except OSError:
        return False
    try:
        return is_held(descriptor)
    finally:
        os.close(descriptor)


def remove_old_sessions(folder: Path, *, sessions: int = SESSIONS, total: int = FOLDER_BYTES) -> None:
    """Keeps the newest ones within both bounds, those that were begun first, and the running ones in any case."""
    room = total - (1 + LATER_PARTS) * PART_BYTES  # what the newest may still write
    found = sessions_in(folder)
    newest = next(iter(found), "")
    by_worth = sorted(found, key=lambda name: not _was_begun(folder / f"{name}.jsonl"))
    for kept, name in enumerate(by_worth):
        room -= sum(_size(file) for file in found[name])
        # The newest one may be just being opened, by us or beside us, and have no lock yet.
        if (kept < sessions and room >= 0) or name == newest or is_running(folder / f"{name}.jsonl"):
            continue
        for file in found[name]:
            with contextlib.suppress(OSError):
                file.unlink()


def _was_begun(first: Path) -> bool:
    """Whether it is a session's, and not that of a command which had something to report."""
    with contextlib.suppress(OSError), open(first, "rb") as opened:
        said = read_line(opened.readline(_HEAD_BYTES))
        return said is not None and bool(said[1].get("way_in"))
    return False


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
