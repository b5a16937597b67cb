"""How long and how much: the bounds of everything that comes from outside. All of them can be set."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

EVENT_LIMIT = 16 * 2**20
"""Bytes of one event. Images and signatures make single lines of several MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times in seconds, sizes in bytes or characters.

    `first_event` and `idle` count complete events (and comments, by which a server says that it is alive), not bytes:
    a server that drips bytes is as silent as one that sends none. Local servers load models first, hence the others.
    """

    connect: float = 10.0
    first_event: float = 120.0
    first_event_local: float = 600.0
    idle: float = 60.0
    idle_local: float = 300.0
    total: float = 1800.0
    test: float = 15.0
    event_bytes: int = EVENT_LIMIT
    error_bytes: int = 64 * 2**10
    list_bytes: int = 16 * 2**20
    answer_characters: int = 8 * 2**20

    def until_first_event(self, local: bool) -> float:
        return self.first_event_local if local else self.first_event

    def between_events(self, local: bool) -> float:
        return self.idle_local if local else self.idle

    def of_a_download(self) -> Limits:
        """It may take a night; and while a server checks what it has fetched, it says nothing for minutes."""
        return replace(self, total=math.inf, idle=self.first_event_local, idle_local=self.first_event_local)
