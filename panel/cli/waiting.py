"""What is waited for, on standard error: counted down on one line of a terminal, told once anywhere else."""

from __future__ import annotations

import sys

from ...providers.messages import Waiting, waiting_text
from .output import tell


class WaitingLine:
    """One wait after the other; `end` before anything else is written."""

    def __init__(self) -> None:
        self._told = ("", 0)
        self._shown = 0

    def show(self, event: Waiting) -> None:
        text = waiting_text(event)
        if _is_terminal():
            tell(text.ljust(self._shown), end="\r")
            self._shown = len(text)
        elif (event.reason, event.attempt) != self._told:
            tell(text)
        self._told = (event.reason, event.attempt)

    def end(self) -> None:
        """Leaves an empty line where the countdown was."""
        if self._shown:
            tell(" " * self._shown, end="\r")
        self._shown = 0
        self._told = ("", 0)


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()  # pyright: ignore[reportUnnecessaryComparison] - pythonw
