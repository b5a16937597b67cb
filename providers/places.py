"""How many questions one provider answers at a time, and who is next.

Owns the line. It knows neither what is asked nor of whom; whoever takes a place leaves it again, whatever happens.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Places:
    """So many at once; the others wait in the order in which they came."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = 0
        self._line: deque[Place] = deque()

    def resize(self, size: int) -> None:
        """Those who have a place keep it."""
        self._size = size
        self._let_in()

    def take(self) -> Place:
        """A place, to be used once it is `free`, and to be left in any case. To be called on the loop."""
        place = Place(self)
        self._line.append(place)
        self._let_in()
        return place

    def before(self, place: Place) -> int:
        """How many stand before this one in the line."""
        return self._line.index(place) if place in self._line else 0

    def give_back(self, place: Place) -> None:
        """For places that are left."""
        if place in self._line:
            self._line.remove(place)
        else:
            self._taken -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self._line and self._taken < self._size:
            self._taken += 1
            self._line.popleft().open()


class Place:
    """One place, waited for or had."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._opened = asyncio.Event()
        self._left = False

    @property
    def free(self) -> bool:
        return self._opened.is_set()

    @property
    def before(self) -> int:
        """How many have to be let in first."""
        return self._places.before(self)

    async def wait(self) -> None:
        await self._opened.wait()

    def open(self) -> None:
        self._opened.set()

    def leave(self) -> None:
        """May be called twice."""
        if not self._left:
            self._left = True
            self._places.give_back(self)
