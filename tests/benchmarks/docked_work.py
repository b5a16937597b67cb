"""What a docked pane costs while it lives, in a process of its own: `python docked_work.py WORK SERVER_URL BEGAN`.

Prints its figures as one line of JSON. The host is the test's harness, which does nothing itself meanwhile.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

from host_harness import NukeLike, ask, is_ready, is_running, load_fakes
from nuke_ai_panel.panel import dock
from nuke_ai_panel.panel import settings as options
from nuke_ai_panel.panel.settings import ProviderSettings, Settings, save, settings_path
from PySide6.QtCore import QAbstractEventDispatcher, QEventLoop, Qt, QTimer  # noqa: TID251 - the host waits
from PySide6.QtWidgets import QApplication

URL = sys.argv[2]
SECONDS = 8
IDLE_SECONDS = 3
LOOKS = 50
"""Milliseconds between two looks of the harness at its script: they are in what is measured."""

Figures = dict[str, Any]
Script = Iterator[Callable[[], object]]


def docked(path: str) -> NukeLike:
    """A program with our pane in its menu, whose answers come from this path of the server."""
    settings = Settings()
    settings.set(options.PROVIDER, "compatible")
    settings.set_provider("compatible", ProviderSettings(f"{URL}{path}", "tiny"))
    save(settings.changes, settings_path())
    program = NukeLike(QApplication([]), load_fakes())
    program.neighbour.stop()
    dock.register()
    return program


class Gaps:
    """Milliseconds between the ticks of a precise timer of 16 ms, as a viewer may have one."""

    def __init__(self) -> None:
        self.found: list[float] = []
        self._last = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self.found.clear()
        self._last = time.perf_counter()
        self._timer.start(16)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.found.append((now - self._last) * 1e3)
        self._last = now


def after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def stream(rate: int, *, hidden: bool = False) -> Figures:
    """So many pieces a second of a server in another process into the pane, on the screen or behind another tab."""
    program, gaps, figures = docked(f"/paced/{rate}/{rate * SECONDS}/v1"), Gaps(), dict[str, Any]()

    def script() -> Script:
        program.player.setInterval(LOOKS)
        pane = program.open_pane()
        yield lambda: is_ready(pane)
        yield after(IDLE_SECONDS)  # the imports in the background are over
        gaps.start()
        busy = time.process_time()
        yield after(IDLE_SECONDS)
        share = (time.process_time() - busy) / IDLE_SECONDS  # of the harness itself
        ask(pane, "hi")
        yield lambda: pane.chat.view.messages[-1].markdown
        if hidden:
            program.hide_behind(pane)
        gaps.start()
        began, busy = time.perf_counter(), time.process_time()
        yield lambda: not program.docking.panel.app.providers.open_streams
        seconds, busy = time.perf_counter() - began, time.process_time() - busy
        found = sorted(gaps.found)
        figures.update(p99_ms=found[int(len(found) * 0.99)], longest_ms=found[-1])
        figures.update(core=(busy / seconds - share) * 100, characters=len(pane.chat.view.messages[-1].markdown))

    program.play(script())
    return figures


def stream_100() -> Figures:
    return stream(100)


def stream_1000() -> Figures:
    return stream(1000)


def hidden_100() -> Figures:
    return stream(100, hidden=True)


def hidden_1000() -> Figures:
    return stream(1000, hidden=True)


def idle() -> Figures:
    """The wake-ups of Qt's thread with the whole panel docked, beside those of the same program without it."""
    program, figures = docked("/v1"), dict[str, Any]()

    def script() -> Script:
        alone = _wake_ups(program)
        program.player.start(1)
        pane = program.open_pane()
        yield lambda: is_ready(pane)
        ask(pane, "hi")
        yield lambda: not is_running(pane)
        yield after(IDLE_SECONDS)
        loop = program.docking.loop
        batches = loop.stats().batches
        figures["wakeups"] = (_wake_ups(program) - alone) / IDLE_SECONDS
        figures["batches"] = loop.stats().batches - batches

    program.play(script())
    return figures


def quit_in_mid_stream() -> Figures:
    """Three answers that do not end, and the host quits."""
    program, figures = docked("/endless/v1"), dict[str, Any]()

    def script() -> Script:
        pane = program.open_pane()
        yield lambda: is_ready(pane)
        docking = program.docking
        app, loop = docking.panel.app, docking.loop
        for number in range(3):
            loop.call_soon(partial(app.scope.start, app.chat().ask("hi"), name=f"answer {number}"))
        yield lambda: app.providers.open_streams == 3
        began = time.perf_counter()
        docking.quit()
        figures["ms"] = (time.perf_counter() - began) * 1e3
        figures["left"] = app.scope.stats().running + len(app.providers.open_sessions)

    program.play(script())
    return figures


def _wake_ups(program: NukeLike) -> int:
    woken, ending, dispatcher = list[bool](), QEventLoop(), QAbstractEventDispatcher.instance()
    program.player.stop()

    def wake_up() -> None:
        woken.append(True)

    dispatcher.awake.connect(wake_up)
    QTimer.singleShot(IDLE_SECONDS * 1000, ending.quit)
    ending.exec()
    dispatcher.awake.disconnect(wake_up)
    return len(woken)


WORKS: dict[str, Callable[[], Figures]] = {
    work.__name__: work for work in (stream_100, stream_1000, hidden_100, hidden_1000, idle, quit_in_mid_stream)
}

if __name__ == "__main__":
    print(json.dumps(WORKS[sys.argv[1]]()), flush=True)
    os._exit(0)
