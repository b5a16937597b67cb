"""What was to be seen of one conversation, for the views that come later.

Owns the joining of the small pieces in which text arrives, and the bound on what is kept. It is no history: models are
never sent any of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from ...providers.messages import ReasoningDelta, Started, TextDelta
from ..turn import ChatEvent, ToolEnded, ToolStarted, TurnEnded

LIMIT = 4_000_000
"""Characters that are kept; beyond, the oldest turns go. The newest turn always stays."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and who is going to answer. `again`: it stands in the transcript already."""

    prompt: str
    who: str
    when: datetime
    again: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    ended: TurnEnded
    when: datetime


SeenEvent = Asked | ChatEvent | Answered
"""One turn is `Asked`, then events of the chat, then `Answered`, always."""


@dataclass(slots=True)
class SeenTurn:
    """One turn as far as it has come. Turns are numbered from 1."""

    number: int
    _events: list[SeenEvent | _Pieces] = field(default_factory=list["SeenEvent | _Pieces"])
    size: int = 0

    def add(self, event: SeenEvent) -> None:
        last = self._events[-1] if self._events else None
        match event:
            case TextDelta(text) | ReasoningDelta(text):
                if not isinstance(last, _Pieces) or last.kind is not type(event):
                    last = _Pieces(type(event))
                    self._events.append(last)
                last.texts.append(text)
                self.size += len(text)
            case Answered(ended):
                self._events.append(replace(event, ended=replace(ended, text="", tools=())))  # told already
            case Asked() | Started() | ToolStarted() | ToolEnded():
                self._events.append(event)
                self.size += _size(event)
            case _:
                pass  # of the moment only: what is being waited for, how far it is

    def __iter__(self) -> Iterator[SeenEvent]:
        for event in self._events:
            yield event.joined() if isinstance(event, _Pieces) else event


@dataclass(slots=True)
class _Pieces:
    kind: type[TextDelta] | type[ReasoningDelta]
    texts: list[str] = field(default_factory=list[str])

    def joined(self) -> TextDelta | ReasoningDelta:
        self.texts[:] = ["".join(self.texts)]
        return self.kind(self.texts[0])


class Record:
    """The turns of one conversation, oldest first."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._size = 0
        self._turns: deque[SeenTurn] = deque()

    @property
    def empty(self) -> bool:
        return not self._turns

    def add(self, event: SeenEvent) -> None:
        if isinstance(event, Asked):
            number = self._turns[-1].number + 1 if self._turns else 1
            self._turns.append(SeenTurn(number))
        newest = self._turns[-1]
        self._size -= newest.size
        newest.add(event)
        self._size += newest.size
        while len(self._turns) > 1 and self._size > self._limit:
            self._size -= self._turns.popleft().size

    def after(self, number: int) -> SeenTurn | None:
        """The oldest turn with a higher number."""
        return next((turn for turn in self._turns if turn.number > number), None)

    def is_last(self, turn: SeenTurn) -> bool:
        return bool(self._turns) and self._turns[-1] is turn


def _size(event: SeenEvent) -> int:
    match event:
        case Asked(prompt):
            return len(prompt)
        case ToolEnded(_, outcome):
            return len(outcome.result.text)
        case _:
            return 0
