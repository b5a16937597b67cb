"""Hands on what arrives at the pace of a screen: at once when it was quiet, then 30 times a second.

A service may send a thousand pieces a second or eight megabytes at once; either way the thread that draws is kept
at most half busy, and nothing is drawn for a view that is hidden.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from time import perf_counter
from typing import Literal

from PySide6.QtCore import QObject, Qt, QTimer, Signal

INTERVAL_MS = 33
BUDGET_S = 0.008
SLICE = 500


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of a text: neighbours of one kind are joined, long ones are handed on in slices."""

    kind: Literal["text", "reasoning"]
    text: str


class Trickle(QTimer):
    """`add` steps; each comes out as `ready(step)`, in order; `Words` joined and cut as it suits."""

    ready = Signal(object)
    flushed = Signal()
    """After a row of steps."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setTimerType(Qt.TimerType.PreciseTimer)
        self.setSingleShot(True)
        self.timeout.connect(self._flush)
        self._waiting: deque[object] = deque()
        self._pieces: list[str] = []
        self._held = False
        self._flushing = False

    @property
    def empty(self) -> bool:
        return not self._waiting

    def add(self, step: object) -> None:
        last = self._waiting[-1] if self._waiting else None
        if isinstance(step, Words) and isinstance(last, _Pieces) and last.kind == step.kind:
            last.pieces.append(step.text)
        else:
            self._waiting.append(_Pieces(step.kind, [step.text]) if isinstance(step, Words) else step)
        if not self.isActive() and not self._held and not self._flushing:
            self._flush()

    def hold(self, held: bool) -> None:
        """While held, steps are only kept; letting go hands them on at once."""
        self._held = held
        if held:
            self.stop()
        elif self._waiting and not self.isActive() and not self._flushing:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        started, self._flushing = perf_counter(), True
        while self._waiting and perf_counter() - started < BUDGET_S:
            self.ready.emit(self._next())
        self.flushed.emit()
        self._flushing = False
        spent_ms = (perf_counter() - started) * 1000
        if not self._held:
            # What is handed on must be drawn as well, which costs about as much again.
            self.start(max(INTERVAL_MS, round(2 * spent_ms)))

    def _next(self) -> object:
        step = self._waiting[0]
        if not isinstance(step, _Pieces):
            return self._waiting.popleft()
        taken, count = list[str](), 0
        while step.at < len(step.pieces) and count < SLICE:
            piece = step.pieces[step.at]
            part = piece[step.offset : step.offset + SLICE - count]
            taken.append(part)
            count += len(part)
            step.offset += len(part)
            if step.offset >= len(piece):
                step.at, step.offset = step.at + 1, 0
        if step.at >= len(step.pieces):
            self._waiting.popleft()
        return Words(step.kind, "".join(taken))


@dataclass
class _Pieces:
    kind: Literal["text", "reasoning"]
    pieces: list[str]
    at: int = 0
    offset: int = 0
