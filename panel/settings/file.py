"""A settings file on disk: read as it is, and replaced in one step. What the values mean is not known here."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import sys
import tomllib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, cast

import tomli_w

from ..files import replace_file

MOST = 4 * 2**20
"""Bytes; a settings file has a few thousand."""
NO_TOML = (ValueError, RecursionError)
"""What reading raises for other content: tomllib's own errors, other characters, numbers of 5000 digits."""

Table = dict[str, Any]


def read_table(path: Path) -> Table:
    """Its content; empty for a file that is not there. Raises OSError and `NO_TOML`."""
    try:
        with open(path, "rb") as file:
            content = file.read(MOST + 1)
    except FileNotFoundError:
        return {}
    if len(content) > MOST:
        raise ValueError("too large")
    return tomllib.loads(content.decode("utf-8-sig"))  # Windows' editors begin with a mark of their own


def table_of(values: object, name: str) -> Table:
    """The table of this name, empty if there is none or something else stands there."""
    table = cast(Table, values).get(name) if isinstance(values, dict) else None
    return cast(Table, table) if isinstance(table, dict) else {}


def change_file(path: Path, change: Callable[[Table], None]) -> None:
    """Reads what is in the file now, changes that, and replaces the file in one step.

    A crash leaves the old or the new one. What cannot be read is set aside. Raises OSError.
    """
    if not path.is_absolute():  # nothing of ours is left where a program happens to run
        raise FileNotFoundError(errno.ENOENT, "there is no home folder", str(path))
    path = Path(os.path.realpath(path))  # a link to the file stays one
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path.parent):
        try:
            values = read_table(path)
        except NO_TOML:
            set_aside(path)
            values = {}
        change(values)
        replace_file(path, tomli_w.dumps(values).encode("utf-8", "replace"))


def set_aside(path: Path) -> Path:
    """Keeps a damaged file under another name, and gives that; one that was kept before stays. Raises OSError."""
    names = itertools.chain([".bad"], (f".bad{number}" for number in itertools.count(2)))
    kept = next(place for name in names if not os.path.lexists(place := path.with_suffix(path.suffix + name)))
    os.replace(path, kept)
    return kept


@contextlib.contextmanager
def _alone(folder: Path) -> Generator[None]:
    """No other panel saves meanwhile, where the system can lock a folder; elsewhere the moment is short."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network drives cannot
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
