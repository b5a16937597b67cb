"""Standalone, SIGINT and SIGTERM end the program: the first in order, the second at once. In child processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="loops on Windows have no signal handlers")

PROGRAM = """
import asyncio, signal, sys
from PySide6.QtWidgets import QApplication
from nuke_ai_panel.panel.loop import PanelLoop

received = []

async def main():
    loop, quit = asyncio.get_running_loop(), asyncio.Event()

    def on_signal(number):
        if received:
            raise SystemExit(128 + number)
        received.append(number)
        print("closing", flush=True)
        quit.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    print("ready", flush=True)
    await quit.wait()
    if "hang" in sys.argv:
        await loop.create_future()
    return 128 + received[0]

app = QApplication([])
with PanelLoop(app) as loop:
    code = loop.run_until_complete(main())
sys.exit(code)
"""


@pytest.fixture
def program(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "-X", "dev", "-W", "error", "-c", PROGRAM, *getattr(request, "param", [])]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, stdout=pipe, stderr=pipe, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_in_order(program: subprocess.Popen[str], number: signal.Signals):
    program.send_signal(number)
    output, errors = program.communicate(timeout=20)
    assert (output, errors, program.returncode) == ("closing\n", "", 128 + number)


@pytest.mark.parametrize("program", [["hang"]], indirect=True)
def test_a_second_signal_ends_it_at_once(program: subprocess.Popen[str]):
    assert program.stdout is not None
    program.send_signal(signal.SIGINT)
    assert program.stdout.readline() == "closing\n"
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=20)
    assert program.returncode == 130
