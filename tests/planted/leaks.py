"""Tests that leave something behind, on purpose. Each must fail; `tests/test_guards.py` runs them and counts.

Not collected by itself: its name does not begin with `test_`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import warnings
from pathlib import Path

import pytest

kept: list[object] = []


async def test_leaves_a_task():
    kept.append(asyncio.get_running_loop().create_task(asyncio.sleep(60)))


async def test_loses_an_exception():
    async def fail() -> None:
        raise ValueError("lost")

    asyncio.get_running_loop().create_task(fail())  # noqa: RUF006
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_fails_in_a_callback():
    def fail() -> None:
        raise ValueError("in a callback")

    asyncio.get_running_loop().call_soon(fail)
    await asyncio.sleep(0)


async def test_forgets_to_await():
    asyncio.sleep(0)  # noqa


@pytest.mark.bound(0.1)
async def test_hangs():
    await asyncio.get_running_loop().create_future()


async def test_leaves_a_session():
    import aiohttp

    kept.append(aiohttp.ClientSession())


async def test_drops_a_session():
    import aiohttp

    aiohttp.ClientSession()


async def test_leaves_a_server():
    kept.append(await asyncio.start_server(print, "127.0.0.1", 0))


def test_leaves_an_event_loop():
    kept.append(asyncio.new_event_loop())


def test_drops_an_event_loop():
    asyncio.new_event_loop()


def test_leaves_a_thread():
    release = threading.Event()
    kept.append(release)
    threading.Thread(target=release.wait, daemon=True).start()


def test_fails_in_a_thread():
    def fail() -> None:
        raise ValueError("in a thread")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


async def test_leaves_a_blocking_call():
    from nuke_ai_panel.panel.threads import run_blocking

    release = threading.Event()
    kept.append(release)
    with pytest.raises(TimeoutError):
        await run_blocking(release.wait, deadline=0.01)


def test_leaves_a_socket():
    kept.append(socket.socket())


def test_drops_a_socket():
    socket.socket()


def test_drops_a_file(tmp_path: Path):
    (tmp_path / "file").open("w")


def test_fails_in_a_destructor():
    class Thing:
        def __del__(self) -> None:
            raise ValueError("in a destructor")

    Thing()


def test_warns():
    warnings.warn("old", DeprecationWarning, stacklevel=1)


def test_logs_an_error_of_asyncio():
    logging.getLogger("asyncio").error("Task was destroyed but it is pending!")


def test_leaves_a_timer(qapp):
    from PySide6.QtCore import QTimer

    timer = QTimer()
    timer.start(60_000)
    kept.append(timer)


def test_leaves_a_bare_timer(qapp):
    from PySide6.QtCore import QObject

    thing = QObject()
    thing.startTimer(60_000)
    kept.append(thing)


def test_leaves_a_window(qapp):
    from PySide6.QtWidgets import QLabel

    label = QLabel("left")
    label.show()
    kept.append(label)


def test_leaves_a_widget_that_a_lambda_keeps(qapp):
    from PySide6.QtWidgets import QLineEdit, QWidget

    class Form(QWidget):
        def __init__(self) -> None:
            super().__init__()
            self.line = QLineEdit(self)
            self.line.textChanged.connect(lambda text: self.setWindowTitle(text))

    Form()


def test_fails_in_a_slot(qapp):
    from PySide6.QtCore import QObject, Signal

    class Sender(QObject):
        sent = Signal()

    def fail() -> None:
        raise ValueError("in a slot")

    sender = Sender()
    sender.sent.connect(fail)
    sender.sent.emit()


def test_makes_qt_complain(qapp):
    from PySide6.QtCore import QObject

    QObject().killTimer(12345)


async def test_good_takes_an_error_that_was_meant(unseen_errors):
    test_logs_an_error_of_asyncio()
    unseen_errors.expect("Task was destroyed")


@pytest.mark.abandons(1)
async def test_good_names_the_call_it_hangs():
    await test_leaves_a_blocking_call()


def test_good_owns_its_widget(own):
    from PySide6.QtWidgets import QLabel

    own(QLabel("closed at the end")).show()


def test_good_lives_in_a_clean_environment():
    names = {name for name in os.environ if name.upper().endswith(("_API_KEY", "_PROXY", "_TOKEN"))}
    assert not names and "NUKE_AI_PANEL_PLANTED" not in os.environ
    assert Path.home() != Path(os.environ["PLANTED_HOME"]) and not list(Path.home().iterdir())
