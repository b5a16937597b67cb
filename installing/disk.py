"""Steps on the disk that are done whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .menu_block import SITE
from .trouble import Trouble

TRIES = 20 if sys.platform == "win32" else 1
"""Windows refuses to move what a virus scanner is still reading, and it reads whatever was just written."""


def temporary(path: Path) -> Path:
    """Where the next state of a path is prepared, beside it."""
    return path.with_name(f".{path.name}.{SITE}")


def patiently(step: Callable[[], object]) -> None:
    for left in reversed(range(TRIES)):
        try:
            step()
            return
        except PermissionError:
            if not left:
                raise
            time.sleep(0.1)


def replace_file(path: Path, data: bytes) -> None:
    """Whole or not at all, with the mode, the attributes and, where allowed, the owner that it had."""
    prepared = temporary(path)
    prepared.unlink(missing_ok=True)
    try:
        with open(prepared, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            _liken(prepared, path)
        else:
            let_read(prepared, path.parent)
        patiently(lambda: os.replace(prepared, path))
    finally:
        with contextlib.suppress(OSError):
            prepared.unlink(missing_ok=True)


def _liken(path: Path, model: Path) -> None:
    now, was = path.stat(), model.stat()
    if sys.platform != "win32" and (now.st_uid, now.st_gid) != (was.st_uid, was.st_gid):
        with contextlib.suppress(PermissionError):
            os.chown(path, was.st_uid, was.st_gid)
    shutil.copystat(model, path)
    os.utime(path)


def let_read(path: Path, folder: Path) -> None:
    """Whoever may read `folder` may read `path`, and what is in it: the umask of one would shut out a whole studio."""
    if sys.platform == "win32":
        return
    rights = folder.stat().st_mode & 0o055
    for place in [path, *path.rglob("*")] if path.is_dir() else [path]:
        mode = place.stat().st_mode
        wanted = mode | (rights if place.is_dir() else rights & 0o044)
        if wanted != mode:
            os.chmod(place, wanted & 0o7777)


def discard(path: Path) -> bool:
    """Out of the way in one step: a release that is in use (Windows holds its files) stays whole, and False is told."""
    if not path.name.startswith("."):
        aside = path.with_name(f".old-{path.name}")
        shutil.rmtree(aside, ignore_errors=True)
        try:
            os.rename(path, aside)
        except OSError:
            return False
        path = aside
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    return not os.path.lexists(path)


def check_writable(path: Path) -> None:
    """The mode counts even for root: whoever took the right away meant it. Windows marks folders otherwise."""
    marks = os.name == "nt" and path.is_dir() or path.stat().st_mode & 0o222
    if not marks or not os.access(path, os.W_OK):
        raise Trouble(f"{path} is read-only. Nothing was changed.")
