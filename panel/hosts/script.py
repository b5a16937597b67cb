"""Opens a `.nk` file without holding up anybody, and says in plain words why it cannot be opened."""

from __future__ import annotations

import gc
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ...providers.base import RunBlocking
from ..nk.document import MAX_BYTES, parse
from ..nk.errors import DamagedScript, EncryptedScript, NotAScript, TooLarge, UnreadableScript
from ..nk.wiring import build
from .parsed import ScriptHost

READ_DEADLINE = 20.0
"""Seconds for reading and understanding a file: a network drive may never answer."""


class ScriptError(Exception):
    """A script that cannot be opened, in the user's words.

    `kind` is `script_missing`, `script_unreadable`, `script_encrypted`, `script_too_large`, `script_damaged` or
    `not_a_script`; `in_content`: the file was read, what is in it is to blame. `line` counts from 1, None where no
    line is to blame.
    """

    def __init__(self, kind: str, title: str, why: str, next: str, line: int | None = None) -> None:
        super().__init__(f"{title}: {why} {next}")
        self.kind = kind
        self.in_content = kind not in ("script_missing", "script_unreadable")
        self.title = title
        self.why = why
        self.next = next
        self.line = line


async def open_script(path: str | Path, run_blocking: RunBlocking, deadline: float = READ_DEADLINE) -> ScriptHost:
    """Reads a script on a daemon thread within `deadline` seconds. Raises ScriptError and nothing else."""
    try:
        return await run_blocking(read_script, path, deadline=deadline)
    except TimeoutError as problem:
        why = f"The drive of {Path(path).name} did not answer within {deadline:.0f} seconds."
        raise ScriptError(
            "script_unreadable", "The file does not answer", why, "Is the network drive there? Then try again."
        ) from problem


def read_script(path: str | Path) -> ScriptHost:
    """Reads a script here and now; it may hang with its drive. Raises ScriptError."""
    file = Path(os.path.expanduser(path))  # pathlib raises where nobody has that name
    try:
        data = _read(file)
        with _collector_paused():
            host = ScriptHost(file, build(parse(data)))
            host.nodes()  # worked out once, here on the thread
        return host
    except OSError as problem:
        raise _not_readable(file, problem) from problem
    except ValueError as problem:  # a path that no system has, such as one with a zero byte
        raise ScriptError(
            "script_missing", "There is no such file", "That is not a path.", "Check the name and the folder."
        ) from problem
    except UnreadableScript as problem:
        raise _not_understood(file, problem) from problem


@contextmanager
def _collector_paused() -> Generator[None]:
    """A large script is hundreds of thousands of new objects and no garbage.

    Each full collection among them stops every thread, the window's too (200 ms, measured at 20,000 nodes). What was
    made is set aside afterwards, or the next collection would walk all of it again.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def _read(file: Path) -> bytes:
    mode = file.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise NotAScript("It is a device or a pipe.")  # opening one may wait for ever
    with file.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _not_readable(file: Path, problem: OSError) -> ScriptError:
    name = file.name or str(file)
    match problem:
        case FileNotFoundError() | NotADirectoryError():
            return ScriptError(
                "script_missing", "There is no such file", f"{file} does not exist.", "Check the name and the folder."
            )
        case IsADirectoryError():
            return ScriptError(
                "script_missing", "That is a folder", f"{name} is a folder.", "Choose a .nk file inside it."
            )
        case PermissionError():
            return ScriptError(
                "script_unreadable", "The file may not be read", f"You have no right to read {name}.", "Ask its owner."
            )
        case _:
            return ScriptError(
                "script_unreadable", "The file cannot be read", f"{name}: {problem.strerror}.", "Try a copy of it."
            )


def _not_understood(file: Path, problem: UnreadableScript) -> ScriptError:
    why = f"{file.name}: {problem.text}"
    match problem:
        case EncryptedScript():
            return ScriptError(
                "script_encrypted", "The script is encrypted", why, "Save it from a commercial Nuke as .nk."
            )
        case TooLarge():
            return ScriptError("script_too_large", "The script is too large", why, "Split it, or remove baked curves.")
        case DamagedScript():
            why = f"{file.name}, line {problem.line}: {problem.text}"
            return ScriptError(
                "script_damaged", "The script is damaged", why, "Try its autosave, or mend that line.", problem.line
            )
        case _:
            return ScriptError("not_a_script", "This is not a Nuke script", why, "Choose a .nk or .gizmo file.")
