"""What the caller takes from an error, cheaply and safely, before the writer's thread sees it.

Owns the reading of foreign objects: whatever an error's `__str__` does, a text comes out. It keeps texts and code
objects, never the error, its frames or a task: a widget in a local variable must not die on the writer's thread.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import get_ident
from types import CodeType, TracebackType
from typing import NamedTuple, TypeVar, cast

from ...providers.errors import ProviderError

MESSAGE = "message"
"""The kind of a report that was a text."""

TEXT = 4_000
"""Characters kept of a message."""
SHORT = 500
"""Characters kept of a context's value, and of each error behind the error."""
ENTRIES = 20
LINKS = 8
OUTER, INNER = 10, 40
"""Frames kept at both ends of a trace: one of a recursion has a thousand."""

Frame = tuple[CodeType, int]
T = TypeVar("T")

_reading: set[tuple[int, int]] = set()
"""(thread, error) whose text is being taken: an error that reports itself in `__str__` is not asked again."""

_members_of: Callable[[BaseException], tuple[BaseException, ...]] = vars(BaseExceptionGroup)["exceptions"].__get__
_cause_of: Callable[[BaseException], BaseException | None] = vars(BaseException)["__cause__"].__get__
_context_of: Callable[[BaseException], BaseException | None] = vars(BaseException)["__context__"].__get__
_suppresses: Callable[[BaseException], bool] = vars(BaseException)["__suppress_context__"].__get__
_attributes_of: Callable[[BaseException], dict[str, object]] = vars(BaseException)["__dict__"].__get__
_trace_of: Callable[[BaseException], TracebackType | None] = vars(BaseException)["__traceback__"].__get__
# Taken from the base class: a subclass may have made properties of them.


class Glance(NamedTuple):
    """What tells two errors apart. `place` is the file and line where it was raised."""

    kind: str
    message: str
    place: tuple[str, int] | None

    def key(self, severity: str) -> int:
        """Equal for equal errors. A number, so that no text with a secret in it is kept to compare with."""
        return hash((severity, self.kind, self.message, self.place))


class Link(NamedTuple):
    """An error behind the error, and how it came to be there."""

    how: str
    glance: Glance
    frame: Frame | None


class Captured(NamedTuple):
    """One error as it was taken, with secrets still in it. `skipped` frames stood between the outer and the inner."""

    glance: Glance
    severity: str
    origin: str
    at: float
    context: tuple[tuple[str, str], ...]
    frames: Sequence[Frame | str]
    skipped: int
    links: tuple[Link, ...]

    @property
    def weight(self) -> int:
        """Characters that it keeps in memory, about."""
        texts = sum(len(name) + len(value) for name, value in self.context)
        return len(self.glance.message) + texts + SHORT * len(self.links) + 10 * len(self.frames)


def glance(error: BaseException | str, limit: int = TEXT) -> Glance:
    """The cheap look that every call takes, also at an error that was seen before."""
    if isinstance(error, BaseException):
        innermost = _innermost(error)
        place = (innermost[0].co_filename, innermost[1]) if innermost else None
        return Glance(_kind(error), text_of(error, limit), place)
    return Glance(MESSAGE, text_of(error, limit), None)


def capture(
    error: BaseException | str,
    seen: Glance,
    *,
    severity: str,
    origin: str,
    context: Mapping[str, str] | None,
    trace: Sequence[str],
    at: float,
) -> Captured:
    """The rest, for an error that is new. `trace` is that of a text."""
    entries = _entries(context) if context else ()
    if not isinstance(error, BaseException):
        frames, skipped = _both_ends([text_of(place, SHORT) for place in trace])
        return Captured(seen, severity, origin or origin_here(), at, entries, frames, skipped, ())
    frames, skipped = _frames(error)
    entries += _of_a_service(error) + _notes(error)
    return Captured(seen, severity, origin or origin_here(), at, entries, frames, skipped, tuple(_links(error)))


def text_of(thing: object, limit: int) -> str:
    """`str(thing)`, whatever it does; cut at a space, since half a key would not be recognised as one."""
    text = thing if type(thing) is str else _asked(thing)
    return text if len(text) <= limit else _cut(text, limit)


def _asked(thing: object) -> str:
    """What it says of itself. (A text is not asked: two signal handlers, one in the other, may report the same.)"""
    mark = (get_ident(), id(thing))
    if mark in _reading:
        return "(it reported itself)"
    try:
        _reading.add(mark)
        return str.__str__(str(thing))  # an exact str, also of a subclass
    except BaseException as trouble:
        return f"(no text: its str() raised {type(trouble).__name__})"
    finally:
        _reading.discard(mark)


def origin_here() -> str:
    """The current task's name, else the thread's. A thread that Python did not start is not made known to it."""
    if name := _task_name():
        return name
    here = get_ident()
    active: dict[int, threading.Thread] = vars(threading)["_active"]
    thread = active.get(here)
    return thread.name if thread else f"thread {here}"


def _task_name() -> str:
    # Not imported, which takes as long as all the rest here: whoever is in a task has done that.
    if (asyncio := sys.modules.get("asyncio")) is None:
        return ""
    loop = asyncio._get_running_loop()
    task = None if loop is None else asyncio.current_task(loop)
    return task.get_name() if task else ""


def _cut(text: str, limit: int) -> str:
    head = text[:limit]
    words = head.rsplit(None, 1)
    kept = words[0] if len(words) == 2 else ""
    return f"{kept} ... ({len(text)} characters)"


def _kind(error: BaseException) -> str:
    if isinstance(error, ProviderError):
        return str(error.problem.kind)
    return type(error).__name__


def _entries(context: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    try:
        pairs = list(context.items())[:ENTRIES]
    except BaseException as trouble:
        return (("context", f"(could not be read: {type(trouble).__name__})"),)
    return tuple((text_of(name, SHORT), text_of(value, SHORT)) for name, value in pairs)


def _of_a_service(error: BaseException) -> tuple[tuple[str, str], ...]:
    """What a service said besides the title."""
    if not isinstance(error, ProviderError):
        return ()
    problem = error.problem
    said = {"provider": problem.provider, "status": problem.status, "request_id": problem.request_id}
    said |= {"why": problem.why, "detail": problem.detail}
    return tuple((name, text_of(value, TEXT)) for name, value in said.items() if value)


def _notes(error: BaseException) -> tuple[tuple[str, str], ...]:
    """What was added to it on its way, such as where its task was started."""
    notes = _attributes_of(error).get("__notes__")
    if not isinstance(notes, list):
        return ()
    texts = (text_of(note, SHORT) for note in cast("list[object]", notes)[:LINKS])
    return (("notes", "; ".join(texts)),)


def _innermost(error: BaseException) -> Frame | None:
    step = _trace_of(error)
    if step is None:
        return None
    while inner := step.tb_next:
        step = inner
    return step.tb_frame.f_code, step.tb_lineno


def _frames(error: BaseException) -> tuple[list[Frame], int]:
    steps: list[TracebackType] = []
    step = _trace_of(error)
    while step is not None:
        steps.append(step)
        step = step.tb_next
    kept, skipped = _both_ends(steps)
    return [(step.tb_frame.f_code, step.tb_lineno) for step in kept], skipped


def _both_ends(steps: list[T]) -> tuple[list[T], int]:
    """Without those in the middle, and how many they are."""
    skipped = max(len(steps) - OUTER - INNER, 0)
    return (steps[:OUTER] + steps[-INNER:] if skipped else steps), skipped


def _links(error: BaseException) -> Iterator[Link]:
    """The errors behind this one, nearest first: what caused it, what was being handled, what a group holds."""
    seen, waiting = {id(error)}, _behind(error)
    count = 0
    while waiting and count < LINKS:
        how, other = waiting.pop(0)
        if id(other) in seen:
            continue
        seen.add(id(other))
        count += 1
        yield Link(how, glance(other, SHORT), _innermost(other))
        waiting += _behind(other)


def _behind(error: BaseException) -> list[tuple[str, BaseException]]:
    members = _members_of(error) if issubclass(type(error), BaseExceptionGroup) else ()
    behind = [("with", member) for member in members[:LINKS]]
    if cause := _cause_of(error):
        behind.append(("caused by", cause))
    elif (context := _context_of(error)) and not _suppresses(error):
        behind.append(("while handling", context))
    return behind
