"""What a sink of reports is, and how it says that it could not send. Owns no sink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from .report import Report

SinkState = Literal["idle", "sending", "waiting to retry", "off"]


class Sink(Protocol):
    """Where reports go besides the journal. All of it runs on the loop; what blocks is the sink's to put elsewhere."""

    @property
    def name(self) -> str:
        """In words of the user's: "NATS"."""
        ...

    @property
    def on(self) -> bool:
        """Whether there is anywhere to send to. While not, reports pass it by and are not counted as dropped."""
        ...

    @property
    def place(self) -> str:
        """The address it sends to, without secrets; "" if none. Raises SinkTrouble where the settings lead nowhere."""
        ...

    @property
    def outdated(self) -> bool:
        """Whether the settings are others than those of its last try."""
        ...

    async def send(self, reports: Sequence[Report]) -> None:
        """Returns when all have arrived. Raises SinkTrouble; may be cancelled at any time."""
        ...

    async def close(self) -> None:
        """Lets go of what it holds. A later `send` opens it again, with the settings of that moment."""
        ...


class SinkTrouble(Exception):
    """Why reports were not sent, in one sentence without secrets."""

    def __init__(self, sentence: str, *, retry: bool = True, taken: int = 0) -> None:
        """`retry=False`: only other settings can help. `taken`: so many, from the first, are not to be sent again."""
        super().__init__(sentence)
        self.retry = retry
        self.taken = taken


@dataclass(frozen=True, slots=True)
class SinkStats:
    """One sink, for Diagnostics and `doctor`. Numbers are reports; a fold counts as one.

    `trouble` is the last one, of whatever time: `state` says how it is now. `place`: its address.
    """

    name: str
    state: SinkState
    sent: int
    dropped: int
    waiting: int
    trouble: str = ""
    place: str = ""

    @property
    def hurt(self) -> bool:
        """It is in trouble now. (One that is off on purpose has none.)"""
        return bool(self.trouble) and self.state in ("waiting to retry", "off")
