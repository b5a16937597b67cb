"""What every command of the terminal shares: the loop, the services, problems in words and as JSON.

Owns the terminal's event loop. It knows no command.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager

from ...providers.errors import Problem
from ..app import Application
from ..hosts.script import ScriptError
from ..interrupts import Interrupts
from ..threads import DaemonExecutor
from .output import OutputLost, say, tell

WORK_FAILED, BAD_INPUT = 1, 2


def run(main: Callable[[Interrupts], Coroutine[None, None, int]]) -> int:
    """Runs a command on a loop of its own and gives its exit code; 130 after SIGINT, 143 after SIGTERM."""
    interrupts, loop = Interrupts(), asyncio.new_event_loop()
    loop.set_default_executor(DaemonExecutor())
    try:
        # Not `asyncio.run`, which at its end waits for every task, also for one that was let go.
        return loop.run_until_complete(_watched(main, interrupts))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except asyncio.CancelledError:
        return interrupts.exit_code or 128 + signal.SIGINT
    except OutputLost as lost:
        # Python would complain again while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if str(lost):
            tell(f"The output could not be written: {lost}.")
        return WORK_FAILED
    finally:
        loop.close()


async def _watched(main: Callable[[Interrupts], Coroutine[None, None, int]], interrupts: Interrupts) -> int:
    task = asyncio.current_task()
    assert task is not None
    with interrupts.watched(task.cancel):
        return await main(interrupts)


@asynccontextmanager
async def application() -> AsyncGenerator[Application]:
    """The services of one command; what the settings file has wrong is told at once."""
    app = Application()
    try:
        for warning in app.settings.warnings:
            tell(warning)
        yield app
    finally:
        await app.close()


def print_json(value: object) -> None:
    """One object. Plain ASCII, so that it is valid whatever the terminal's encoding is. Raises OutputLost."""
    say(json.dumps(value))


def code_of(problem: Problem) -> int:
    """The exit code of what failed like this: an address that is none is bad input, whoever finds that out."""
    return BAD_INPUT if problem.kind == "bad_address" else WORK_FAILED


def complain(problem: Problem) -> None:
    """What happened, why, what next; to standard error."""
    tell(f"{problem.title}\n{problem.why} {problem.next}")
    if problem.detail:
        tell(f"Details: {problem.detail}")


def refuse_script(error: ScriptError, *, json: bool) -> int:
    """Says why a script cannot be opened and gives the exit code: 2 for the file itself, 1 for what is in it."""
    if json:
        told = {"kind": error.kind, "title": error.title, "why": error.why, "next": error.next}
        print_json({"error": told, "line": error.line, "text": ""})
    tell(f"{error.title}\n{error.why} {error.next}")
    return WORK_FAILED if error.in_content else BAD_INPUT


def arguments(text: str) -> object:
    """Of a tool call, for JSON output: the object where it is one, else the text as the model wrote it."""
    try:
        return json.loads(text or "{}")
    except (ValueError, RecursionError):
        return text


def as_json(problem: Problem) -> dict[str, str]:
    return {"kind": problem.kind, "title": problem.title, "why": problem.why, "next": problem.next}
