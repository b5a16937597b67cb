"""The signals of a program of ours, in processes of their own: in order, at once, and not any more when all is over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals cannot be sent there")

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])

PROGRAM = """
import asyncio, atexit, sys, time
from nuke_ai_panel.panel.interrupts import Interrupts

def say(word):
    print(word, flush=True)

async def until_stopped(interrupts):
    stopped = asyncio.Event()
    with interrupts.instead(stopped.set):
        say("answering")
        await stopped.wait()
        say("stopped")
        if "goes on" in sys.argv:
            await asyncio.sleep(600)

def stand():
    say("standing")
    while True:
        time.sleep(0.01)

async def main(interrupts):
    with interrupts.watched(asyncio.current_task().cancel):
        say("ready")
        try:
            if "answers" in sys.argv:
                await until_stopped(interrupts)
                say("ready")
            await asyncio.sleep(600)
        finally:
            say("closing")
            if "stands" in sys.argv:
                stand()

def run():
    interrupts, loop = Interrupts(), asyncio.new_event_loop()
    try:
        loop.run_until_complete(main(interrupts))
    except asyncio.CancelledError:
        return interrupts.exit_code
    finally:
        loop.close()

if "python ends" in sys.argv:
    atexit.register(lambda: (say("python ends"), sys.stdin.readline()))
sys.exit(run())
"""


class Program:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def says(self, word: str) -> None:
        assert self._process.stdout
        assert self._process.stdout.readline() == f"{word}\n"

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """Its exit code, and all that it says until then."""
        out, err = self._process.communicate("go on\n", timeout=20)
        return self._process.returncode, out + err


@pytest.fixture
def program(request: pytest.FixtureRequest) -> Iterator[Program]:
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", PROGRAM, *getattr(request, "param", [])]
    pipe, environ = subprocess.PIPE, os.environ | {"PYTHONASYNCIODEBUG": ""}
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environ) as process:
        program = Program(process)
        program.says("ready")
        yield program
        process.kill()


@BOTH
def test_the_first_signal_ends_it_in_order(program: Program, number: signal.Signals) -> None:
    program.send(number)
    program.says("closing")
    assert program.end() == (128 + number, "")


@BOTH
@pytest.mark.parametrize("program", [["stands"]], indirect=True)
def test_the_second_signal_ends_it_at_once_though_its_loop_stands(program: Program, number: signal.Signals) -> None:
    program.send(signal.SIGTERM)
    program.says("closing")
    program.says("standing")
    program.send(number)
    assert program.end() == (128 + number, "")


@pytest.mark.parametrize("program", [["answers"]], indirect=True)
def test_ctrl_c_in_an_answer_stops_the_answer_and_the_next_one_ends_the_program(program: Program) -> None:
    program.says("answering")
    program.send(signal.SIGINT)
    program.says("stopped")
    program.says("ready")
    program.send(signal.SIGINT)
    program.says("closing")
    assert program.end() == (130, "")


@pytest.mark.parametrize("program", [["answers"]], indirect=True)
def test_sigterm_in_an_answer_ends_the_program_and_not_only_the_answer(program: Program) -> None:
    program.says("answering")
    program.send(signal.SIGTERM)
    program.says("closing")
    assert program.end() == (143, "")


@pytest.mark.parametrize("program", [["answers", "goes on"]], indirect=True)
def test_a_second_ctrl_c_in_an_answer_that_does_not_stop_ends_the_program_in_order(program: Program) -> None:
    program.says("answering")
    program.send(signal.SIGINT)
    program.says("stopped")
    program.send(signal.SIGINT)
    program.says("closing")
    assert program.end() == (130, "")


@BOTH
@pytest.mark.parametrize("program", [["python ends"]], indirect=True)
def test_a_second_signal_while_python_itself_ends_does_not_change_how_it_ended(
    program: Program, number: signal.Signals
) -> None:
    program.send(number)
    program.says("closing")
    program.says("python ends")
    program.send(number)
    assert program.end() == (128 + number, "")
