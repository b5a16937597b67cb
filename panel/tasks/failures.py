"""The way of a failure to its listener: told once, with where its task was started, and lost by no listener."""

from __future__ import annotations

import contextlib
import logging

from .terms import OnFailure

log = logging.getLogger("nuke_ai_panel")

MOST_NOTES = 8
"""One error may fail many tasks, all that wait for the same connection; the first ones say where they came from."""


def tell(listener: OnFailure, name: str, started_at: str, error: BaseException) -> None:
    """Raises what the listener raises, after the error itself went to the log."""
    with contextlib.suppress(TypeError, AttributeError):  # a frozen error takes no note
        _note(error, f"In {name}, started at {started_at}")
    heard = False
    try:
        listener(name, error)
        heard = True
    finally:
        if not heard:
            log_failure(name, error)


def log_failure(name: str, error: BaseException) -> None:
    log.error("%s failed", name, exc_info=error)


def _note(error: BaseException, note: str) -> None:
    notes: list[str] = getattr(error, "__notes__", [])
    if note not in notes and len(notes) < MOST_NOTES:
        error.add_note(note)
