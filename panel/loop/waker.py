"""How Qt wakes the loop: soon, when it has had its turn, or at a time.

Owns one signal and two timers. It decides nothing: what is run, and when, is the loop's.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

LONGEST = 2**31 - 1
"""Milliseconds that a Qt timer can be set to; what is due later is armed again then."""


class Waker(QObject):
    """Calls back from Qt. A timer is stopped before it does: Qt fires none that is on the stack, and a nested Qt loop
    needs them."""

    _soon = Signal()

    def __init__(
        self, *, on_soon: Callable[[], None], on_turn: Callable[[], None], on_time: Callable[[], None]
    ) -> None:
        super().__init__()
        self._on_soon, self._on_turn, self._on_time = on_soon, on_turn, on_time
        queued = Qt.ConnectionType.QueuedConnection
        self._soon.connect(self._be_soon, queued)  # pyright: ignore[reportArgumentType] - the stubs of 6.5
        # Two QTimers, since starting one costs half of what QObject.startTimer does.
        self._turns, self._turning = QTimer(self), False
        self._turns.timeout.connect(self._be_turned)
        self._alarm = QTimer(self)
        self._alarm.setSingleShot(True)
        self._alarm.setTimerType(Qt.TimerType.PreciseTimer)
        self._alarm.timeout.connect(self._be_on_time)

    def soon(self) -> None:
        """One posted event. From any thread."""
        self._soon.emit()

    def keep_turning(self) -> None:
        """Back whenever Qt has had its turn, until `stop_turning`."""
        if not self._turning:
            self._turning = True
            self._turns.start(0)

    def stop_turning(self) -> None:
        if self._turning:
            self._turning = False
            self._turns.stop()

    def at(self, seconds: float) -> None:
        """Back in `seconds`, not earlier; instead of the time asked for before."""
        self._alarm.start(math.ceil(min(max(seconds, 0.0) * 1000, LONGEST)))

    def fall_silent(self) -> None:
        """Never calls back again."""
        self.stop_turning()
        self._alarm.stop()
        self._on_soon = self._on_turn = self._on_time = _nothing  # or the loop and this would hold each other

    def close(self) -> None:
        self.fall_silent()
        self._soon.disconnect(self._be_soon)
        self.deleteLater()

    def _be_soon(self) -> None:
        self._on_soon()

    def _be_turned(self) -> None:
        self.stop_turning()
        self._on_turn()

    def _be_on_time(self) -> None:
        self._on_time()


def _nothing() -> None:
    pass
