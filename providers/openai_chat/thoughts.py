"""Reasoning that a server leaves in the text, between `<think>` and `</think>` at its beginning.

Owns the two marks, also where they are cut. Anywhere else in an answer they are text like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum, auto

from ..messages import ReasoningDelta, StreamEvent, TextDelta

_OPEN = "<think>"
_CLOSE = "</think>"
_BLANKS = 64
"""So many blanks may stand in front of the first mark."""


class _At(Enum):
    BEGINNING = auto()
    THOUGHT = auto()
    GAP = auto()
    TEXT = auto()


class Thoughts:
    """Takes the text of one answer in pieces and tells it as reasoning and text. Blanks around the marks go."""

    def __init__(self) -> None:
        self._at = _At.BEGINNING
        self._held = ""
        self._thinking = False

    def all_is_text(self) -> None:
        """Reasoning came in a field of its own, so that marks mean nothing."""
        if self._at is _At.BEGINNING and not self._held:
            self._at = _At.TEXT

    def feed(self, piece: str) -> Iterable[StreamEvent]:
        return (TextDelta(piece),) if self._at is _At.TEXT else self._split(piece)

    def finish(self) -> Iterator[StreamEvent]:
        """What was held back for the rest of a mark that did not come."""
        if held := self._take(len(self._held)):
            yield ReasoningDelta(held) if self._at is _At.THOUGHT else TextDelta(held)

    def _split(self, piece: str) -> Iterator[StreamEvent]:
        self._held += piece
        if self._at is _At.BEGINNING:
            self._begin()
        if self._at is _At.THOUGHT:
            yield from self._think()
        if self._at is _At.GAP:
            self._held = self._held.lstrip()
            self._at = _At.TEXT if self._held else _At.GAP
        if self._at is _At.TEXT and self._held:
            yield TextDelta(self._take(len(self._held)))

    def _begin(self) -> None:
        text = self._held.lstrip()
        if text.startswith(_OPEN):
            self._held = text.removeprefix(_OPEN)
            self._at = _At.THOUGHT
        elif not _OPEN.startswith(text) or len(self._held) > _BLANKS:
            self._at = _At.TEXT

    def _think(self) -> Iterator[StreamEvent]:
        if not self._thinking:
            self._held = self._held.lstrip()
            self._thinking = not _CLOSE.startswith(self._held)
        end = self._held.find(_CLOSE)
        thought = self._take(end if end >= 0 else len(self._held) - _begun(_CLOSE, self._held))
        if thought:
            yield ReasoningDelta(thought)
        if end >= 0:
            self._held = self._held.removeprefix(_CLOSE)
            self._at = _At.GAP

    def _take(self, length: int) -> str:
        taken, self._held = self._held[:length], self._held[length:]
        return taken


def _begun(mark: str, text: str) -> int:
    """How many characters at the end of the text may be the beginning of the mark."""
    return next(length for length in range(len(mark) - 1, -1, -1) if text.endswith(mark[:length]))
