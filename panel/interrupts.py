"""SIGINT and SIGTERM in a program of ours: the first asks it to end in order, the second ends it at once.

Owns both handlers from the first step of a loop to its last. A host has its own: there none of this is used. The
handlers are Python's and not the loop's: the second signal is for a loop that stands, and calls nothing any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Generator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """The signals of one run. `received` is the one that ends it."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: Callable[[], object] | None = None
        self._instead: Callable[[], object] | None = None
        self._unheard = False

    @property
    def exit_code(self) -> int:
        """130 after SIGINT, 143 after SIGTERM; 0 when none came."""
        return 0 if self.received is None else 128 + self.received

    @contextlib.contextmanager
    def watched(self, end: Callable[[], object]) -> Generator[None]:
        """While inside, on the running loop: `end` is called when the first signal comes.

        What comes after that is Python's own end, in which everything is closed already: signals are ignored then, or
        a second one would make it look like a crash.
        """
        self._loop, self._end = asyncio.get_running_loop(), end
        for number in SIGNALS:
            with contextlib.suppress(NotImplementedError):  # Windows' loops have none
                self._loop.add_signal_handler(number, _nothing)  # Qt waits outside of Python: this wakes it
            signal.signal(number, self._on_signal)
        try:
            yield
        finally:
            for number in SIGNALS:
                with contextlib.suppress(NotImplementedError):
                    self._loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_IGN)

    @contextlib.contextmanager
    def instead(self, stop: Callable[[], object]) -> Generator[None]:
        """While inside, the first SIGINT only calls `stop`: a chat stops its answer and goes on."""
        self._instead = stop
        try:
            yield
        finally:
            self._instead = None

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self._unheard:
            os._exit(128 + number)
        if self._instead and number == signal.SIGINT:
            self._ask(self._instead)
            self._instead = None
        elif self.received is None:
            self.received = signal.Signals(number)
            self._ask(self._end)
        else:
            os._exit(128 + number)

    def _ask(self, what: Callable[[], object] | None) -> None:
        """On the loop, in its turn; until then it may stand."""
        if self._loop and what:
            self._unheard = True
            self._loop.call_soon_threadsafe(self._hear, what)

    def _hear(self, what: Callable[[], object]) -> None:
        self._unheard = False
        what()


def _nothing() -> None:
    """Needed only so that the loop gives signals a descriptor."""
