"""What the fake Nuke watches at each call: the thread, nodes that are gone, and whatever would compute.

Owns the counts. Breaking a rule raises `Misused`, which no `except Exception` catches, and is noted: a call on another
thread, or one whose exception was swallowed, fails the test as well.
"""

from __future__ import annotations

import functools
import threading
from collections import Counter
from collections.abc import Callable
from types import FunctionType
from typing import Any, NoReturn

COMPUTES = frozenset(
    "hasError treeHasError error metadata width height format bbox channels firstFrame lastFrame frameRange "
    "pixelAspect sample deepSample deepSampleCount dependencies dependent forceValidate upstreamFrameRange "
    "fileDependencies opHashes layers fps realFps evaluate getEvaluatedValue execute executeMultiple "
    "executePythonCallback executeBackgroundNuke render tcl expression expr runIn fork load value numvalue filename "
    "knob capture run".split()
)
"""Names that validate the tree, evaluate text or run code. What a class defines itself is its own affair."""

_CALLS = ("__getitem__", "__enter__", "__exit__")

misuses: list[str] = []
calls: Counter[str] = Counter()


class Misused(BaseException):
    """Nuke was used in a way that would hang, crash, compute or run code."""


def misuse(text: str) -> NoReturn:
    misuses.append(text)
    raise Misused(text)


def called(name: str) -> None:
    """At the beginning of every call."""
    if threading.current_thread() is not threading.main_thread():
        misuse(f"nuke: {name} was called on the thread {threading.current_thread().name}")
    calls[name] += 1


def refusing(name: str) -> Callable[..., NoReturn]:
    def refused(*_args: object, **_keywords: object) -> NoReturn:
        misuse(f"nuke: {name} computes or runs code")

    return refused


class Watched:
    """Every public method of a class below is a call of Nuke."""

    _attached = True

    def __init_subclass__(cls) -> None:
        for name, member in list(vars(cls).items()):
            if isinstance(member, FunctionType) and (not name.startswith("_") or name in _CALLS):
                setattr(cls, name, _watched(f"{cls.__name__}.{name}", member))

    def __getattr__(self, name: str) -> Any:
        if name in COMPUTES:
            return refusing(f"{type(self).__name__}.{name}")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def _watched(name: str, method: FunctionType) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: Watched, *args: Any, **keywords: Any) -> Any:
        called(name)
        if not self._attached:
            raise ValueError("A PythonObject is not attached to a node")
        return method(self, *args, **keywords)

    return call
