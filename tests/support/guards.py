"""What a test may not leave behind: threads, sockets, sessions, timers, windows, and errors that nobody saw.

Owns the comparison before and after; `conftest.py` decides when it is made.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LOGGERS = ("asyncio", "qasync", "concurrent.futures")
"""Where asyncio and qasync put the errors that had nobody to go to."""

HARMLESS_QT = ("This plugin does not support",)  # the offscreen platform says so of windows' masks and opacity

PATIENCE = 1.0
"""Seconds that a thread gets to end by itself after the test."""


@dataclass(frozen=True)
class Census:
    """Everything alive that a test must give back: kind to {identity: how to call it in a message}."""

    threads: dict[int, threading.Thread]
    sockets: dict[str, str]
    sessions: dict[int, str]
    timers: dict[int, str]
    windows: dict[int, str]

    @classmethod
    def take(cls) -> Census:
        objects = gc.get_objects()  # without what gc.freeze() set aside at the start of the run
        return cls(
            threads={id(thread): thread for thread in threading.enumerate()},
            sockets=dict(_sockets()),
            sessions=dict(_open_sessions(objects)),
            timers=dict(_timers(objects)),
            windows=dict(_windows()),
        )

    def left_since(self, before: Census) -> list[str]:
        """One line for each thing that is here now and was not before."""
        kinds = ("sockets", "sessions", "timers", "windows")
        return [
            f"{kind[:-1]} left: {name}"
            for kind in kinds
            for identity, name in getattr(self, kind).items()
            if identity not in getattr(before, kind)
        ]


def _sockets() -> Iterator[tuple[str, str]]:
    if not os.path.isdir("/proc/self/fd"):
        return
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError:  # the descriptor of the listing itself
            continue
        if target.startswith("socket:"):
            yield target, f"fd {descriptor} {target}"


def _open_sessions(objects: list[Any]) -> Iterator[tuple[int, str]]:
    # A thread may have been given up in the middle of its import.
    if session := getattr(sys.modules.get("aiohttp"), "ClientSession", None):
        for thing in objects:
            if type(thing) is session and not thing.closed:
                yield id(thing), repr(thing)


def _timers(objects: list[Any]) -> Iterator[tuple[int, str]]:
    """QTimer, singleShot and startTimer alike, of this thread."""
    if "PySide6.QtCore" not in sys.modules:
        return
    from PySide6.QtCore import QAbstractEventDispatcher, QObject, QThread
    from shiboken6 import isValid

    dispatcher, here = QAbstractEventDispatcher.instance(), QThread.currentThread()
    for thing in objects if dispatcher else ():
        if issubclass(type(thing), QObject) and isValid(thing) and thing.thread() == here:
            if dispatcher.registeredTimers(thing):
                yield id(thing), repr(thing)


def _windows() -> Iterator[tuple[int, str]]:
    if widgets := sys.modules.get("PySide6.QtWidgets"):
        if widgets.QApplication.instance():
            for widget in widgets.QApplication.topLevelWidgets():
                yield id(widget), repr(widget)


class UnseenErrors(logging.Handler):
    """Collects what would have scrolled by: log records, exceptions in slots, Qt's warnings.

    A test that provokes one on purpose takes it with `expect`.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = logging.Formatter().format(record)
        self.lines.append(f"{record.name}: {text}")

    def excepthook(self, kind: type[BaseException], error: BaseException, trace: Any) -> None:
        """PySide hands exceptions in slots to `sys.excepthook` and goes on."""
        self.lines.append(f"exception in a slot: {error!r}")

    def qt_message(self, kind: Any, context: Any, text: str) -> None:
        if kind.name in ("QtDebugMsg", "QtInfoMsg") or text.startswith(HARMLESS_QT):
            return
        self.lines.append(f"Qt: {text}")

    def expect(self, part: str) -> str:
        """Takes the first line that holds `part` and returns it; fails when there is none."""
        found = next((line for line in self.lines if part in line), None)
        assert found is not None, f"nothing said {part!r}: {self.lines}"
        self.lines.remove(found)
        return found

    def install(self) -> None:
        for name in LOGGERS:
            logging.getLogger(name).addHandler(self)
        self._excepthook, sys.excepthook = sys.excepthook, self.excepthook
        self._qt_installed = "PySide6.QtCore" in sys.modules
        if self._qt_installed:
            from PySide6.QtCore import qInstallMessageHandler

            self._qt_handler = qInstallMessageHandler(self.qt_message)

    def uninstall(self) -> None:
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(self)
        sys.excepthook = self._excepthook
        if self._qt_installed:
            from PySide6.QtCore import qInstallMessageHandler

            qInstallMessageHandler(self._qt_handler)


def threads_left(before: Census) -> list[threading.Thread]:
    """Those that were not there before and did not end within `PATIENCE` seconds."""
    new = [thread for thread in threading.enumerate() if id(thread) not in before.threads]
    for thread in new:
        if thread is not threading.current_thread() and not isinstance(thread, threading._DummyThread):
            thread.join(PATIENCE)
    return [thread for thread in new if thread.is_alive()]


def settle() -> None:
    """Ends what was let go but not yet destroyed: reference cycles, and widgets by `deleteLater`."""
    gc.collect()
    if "PySide6.QtCore" in sys.modules:
        from PySide6.QtCore import QCoreApplication, QEvent

        if QCoreApplication.instance():
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
