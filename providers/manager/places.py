"""How many questions one provider answers at a time, and who is next.

Owns the line. It knows neither what is asked nor of whom.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager


class Places:
    """So many at once; the others wait in the order in which they came."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._used = 0
        self._line: deque[Place] = deque()

    def resize(self, size: int) -> None:
        """Those who have a place keep it."""
        self._size = size
        self._let_in()

    @contextmanager
    def taken(self) -> Generator[Place]:
        """A place in the line, to be waited for inside. However it is left, the next one gets it."""
        place = Place(self._line)
        self._line.append(place)
        self._let_in()
        try:
            yield place
        finally:
            if place.free:
                self._used -= 1
            else:
                self._line.remove(place)
            self._let_in()

    def _let_in(self) -> None:
        while self._line and self._used < self._size:
            self._used += 1
            self._line.popleft().open()


class Place:
    """One place, waited for or had."""

    def __init__(self, line: deque[Place]) -> None:
        self._line = line
        self._opened = asyncio.Event()

    @property
    def free(self) -> bool:
        return self._opened.is_set()

    @property
    def before(self) -> int:
        """How many have to be let in first."""
        return 0 if self.free else self._line.index(self)

    async def wait(self) -> None:
        await self._opened.wait()

    def open(self) -> None:
        self._opened.set()
