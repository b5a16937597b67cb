"""What every command of the terminal shares: the loop, signals, safe output, JSON.

Owns the terminal's event loop and its signal handlers. It knows no command.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import signal
import sys
import unicodedata
from collections.abc import Callable, Coroutine, Generator

from ...providers.errors import Problem
from ..hosts.script import ScriptError
from ..threads import DaemonExecutor

WORK_FAILED, BAD_INPUT = 1, 2


class Interrupts:
    """SIGINT and SIGTERM of one run: the first ends it in order, the second at once."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._task: asyncio.Task[int] | None = None
        self._instead: Callable[[], object] | None = None

    def watch(self, task: asyncio.Task[int]) -> None:
        """Cancels the task when a signal comes."""
        self._task = task
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            # Windows' loops have none: there a Ctrl+C is a KeyboardInterrupt.
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, self._on_signal, number)

    @contextlib.contextmanager
    def instead(self, stop: Callable[[], object]) -> Generator[None]:
        """While inside, a SIGINT only calls `stop`: a chat stops its answer and goes on."""
        self._instead = stop
        try:
            yield
        finally:
            self._instead = None

    def _on_signal(self, number: signal.Signals) -> None:
        if self._instead and number == signal.SIGINT:
            self._instead()
            return
        if self.received is not None:
            os._exit(128 + number)
        self.received = number
        if self._task:
            self._task.cancel()


def run(main: Callable[[Interrupts], Coroutine[None, None, int]]) -> int:
    """Runs a command on a loop of its own and gives its exit code; 130 after SIGINT, 143 after SIGTERM."""
    interrupts = Interrupts()
    try:
        with asyncio.Runner() as runner:
            runner.get_loop().set_default_executor(DaemonExecutor())
            return runner.run(_watched(main, interrupts))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except asyncio.CancelledError:
        return 128 + (interrupts.received or signal.SIGINT)
    except BrokenPipeError:
        # The reader of our output has gone (`| head`). Python would complain again while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WORK_FAILED


async def _watched(main: Callable[[Interrupts], Coroutine[None, None, int]], interrupts: Interrupts) -> int:
    task = asyncio.current_task()
    if task is not None:
        interrupts.watch(task)
    return await main(interrupts)


def make_output_safe() -> None:
    """A character that the terminal cannot show must not end an answer."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def printable(text: str) -> str:
    """Text of a model or a script without what steers a terminal: escape sequences and direction overrides."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") or c == "\u200d")


def print_json(value: object) -> None:
    """One object. Plain ASCII, so that it is valid whatever the terminal's encoding is."""
    print(json.dumps(value), flush=True)


def complain(problem: Problem, *, details: bool = True) -> None:
    """What happened, why, what next; to standard error."""
    print(f"{problem.title}\n{problem.why} {problem.next}", file=sys.stderr)
    if details and problem.detail:
        print(f"Details: {printable(problem.detail)}", file=sys.stderr)


def refuse_script(error: ScriptError, *, json: bool) -> int:
    """Says why a script cannot be opened and gives the exit code: 2 for the file itself, 1 for what is in it."""
    if json:
        told = {"kind": error.kind, "title": error.title, "why": error.why, "next": error.next}
        print_json({"error": told, "line": error.line, "text": ""})
    print(f"{error.title}\n{error.why} {error.next}", file=sys.stderr)
    return WORK_FAILED if error.in_content else BAD_INPUT


def as_json(problem: Problem) -> dict[str, str]:
    return {"kind": problem.kind, "title": problem.title, "why": problem.why, "next": problem.next}
