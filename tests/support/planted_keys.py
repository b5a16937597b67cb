"""Keys that are planted to be looked for: their forms, and the places where one could come to light.

found = leaks(KEY, ears.heard + told_by(error) + files_below(home) + command_lines())
assert found == []
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import logging
import types
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from urllib.parse import quote

KEY = "odd-SENTINEL7f/3+9~qwertzuiop&asdf=%ghjkl-0123"
"""Of no known shape, and with characters that a URL writes otherwise."""

_SHOWN = 300
"""Characters of a place that are told when a key is in it."""


def forms(key: str) -> list[str]:
    """The key as a request, a URL or a header of Basic could carry it; base64 at each alignment."""
    coded = [base64.b64encode(b"user:"[before:] + key.encode()).decode() for before in range(3)]
    return [key, quote(key, safe=""), *coded, *(text.replace("/", "_") for text in coded)]


@cache
def _pieces(key: str) -> tuple[str, ...]:
    """The last four characters of a key may be told."""
    return tuple({form[at : at + 12] for form in forms(key) for at in range(8, len(form) - 16)})


def gives_away(text: str, key: str = KEY) -> list[str]:
    """The pieces of the key that this text holds, in any of its forms."""
    return [piece for piece in _pieces(key) if piece in text]


def leaks(places: Iterable[str], key: str = KEY) -> list[str]:
    """The beginnings of those places that hold a piece of the key."""
    places = list(places)
    if not gives_away("\0".join(places), key):  # all at once is many times faster
        return []
    return [place[:_SHOWN] for place in places if gives_away(place, key)]


class Ears(logging.Handler):
    """Hears every record of every logger, at DEBUG, the way a report would write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(f"{record.name} {self.format(record)} {record.args!r} {record.__dict__!r}")


@contextlib.contextmanager
def listening() -> Iterator[Ears]:
    """To the root logger, with the levels of those that are usually quieter at DEBUG."""
    root, ears = logging.getLogger(), Ears()
    loggers = [root, *map(logging.getLogger, ("aiohttp.client", "aiohttp.internal", "asyncio", "qasync"))]
    before = [logger.level for logger in loggers]
    root.addHandler(ears)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    try:
        yield ears
    finally:
        root.removeHandler(ears)
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def told_by(error: BaseException | None) -> list[str]:
    """An exception and everything that hangs on it."""
    said: list[str] = []
    while error is not None:
        said += [str(error), repr(error), repr(error.args), repr(getattr(error, "__notes__", ""))]
        said.append(repr(getattr(error, "problem", "")))
        assert not type(error).__module__.startswith(("aiohttp", "ssl")), f"a foreign error hangs on: {error!r}"
        error = error.__cause__ or error.__context__
    return said


def state_of(start: object) -> list[str]:
    """The tasks, and how every object of ours prints that can be reached from there and is no bare container.

    A task's own repr is no part of it: for one turn it shows the error that a transport of aiohttp's has just put into
    the future which the task waits for. Nothing of ours prints it, not even the loop's debug mode.
    """
    tasks = [f"{task.get_name()} {task.get_coro()!r} {task.get_stack()!r}" for task in asyncio.all_tasks()]
    return [*tasks, *(repr(thing) for thing in _reachable(start))]


_FOREIGN = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, asyncio.AbstractEventLoop)
_BARE = (str, bytes, bytearray, int, float, dict, list, tuple, set, frozenset, types.CellType, types.MethodType)


def _reachable(start: object) -> Iterator[object]:
    seen, waiting = {id(start)}, [start]
    while waiting:
        thing = waiting.pop()
        if type(thing).__module__.startswith("nuke_ai_panel"):
            yield thing
        for inner in gc.get_referents(thing):
            ours = isinstance(inner, _BARE) or type(inner).__module__.startswith(("nuke_ai_panel", "aiohttp"))
            if id(inner) not in seen and ours and not isinstance(inner, _FOREIGN):
                seen.add(id(inner))
                waiting.append(inner)


def files_below(folder: Path) -> list[str]:
    """Every file with its name; what is no text is read as if it were Latin."""
    return [f"{path} {path.read_bytes().decode('latin-1')}" for path in folder.rglob("*") if path.is_file()]


def command_lines() -> list[str]:
    """Of every process on this computer, as `ps` shows them."""
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has just ended
            found.append(f"{path} {path.read_bytes().decode('latin-1')}")
    return found
