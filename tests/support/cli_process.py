"""The real command in a process of its own, with the test's server beside it on the test's loop."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

STRICT = (sys.executable, "-X", "dev", "-W", "error::ResourceWarning")
"""As strict as Python gets: what is left open is an error on standard error."""
COMMAND = (*STRICT, "-m", "nuke_ai_panel.panel")

_SLOW_STEP = re.compile(r"^Executing <.* took \d+\.\d+ seconds\n", re.MULTILINE)
"""asyncio's remark in development mode: it says how busy the machine is, not what the command did."""


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


async def start(
    *words: str | bytes, stdin: int = asyncio.subprocess.DEVNULL, stdout: int = asyncio.subprocess.PIPE, **environ: str
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *COMMAND,
        *words,
        stdin=stdin,
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | environ,
    )


async def finish(process: asyncio.subprocess.Process, stdin: bytes | None = None) -> Done:
    out, err = await process.communicate(stdin)
    return Done(process.returncode or 0, (out or b"").decode(), _SLOW_STEP.sub("", err.decode()))


async def run(*words: str | bytes, stdin: str | None = None, **environ: str) -> Done:
    """Runs a command to its end; `stdin` is what is typed."""
    pipe = asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE
    return await finish(await start(*words, stdin=pipe, **environ), None if stdin is None else stdin.encode())


class Terminal:
    """The command at a real terminal of its own: what is typed reaches it, Ctrl+C as well."""

    def __init__(self, master: int, process: asyncio.subprocess.Process) -> None:
        self._master = master
        self.process = process
        self.shown = ""

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    async def wait_for(self, text: str) -> None:
        """Until the text has been shown since the last call."""
        while text not in self.shown:
            more = await self._read()
            assert more, f"it ended without {text!r}: {self.shown}"
            self.shown += more
        self.shown = self.shown.partition(text)[2]

    async def end(self) -> int:
        """Reads on to the end and gives the exit code."""
        while more := await self._read():
            self.shown += more
        return await self.process.wait()

    async def _read(self) -> str:
        try:
            return (await asyncio.get_running_loop().run_in_executor(None, os.read, self._master, 65536)).decode()
        except OSError:  # Linux says so when the other side has gone
            return ""


@asynccontextmanager
async def at_a_terminal(*words: str, program: str | None = None, **environ: str) -> AsyncIterator[Terminal]:
    """`program`: Python that has the command fail in some way, and ends with running it."""
    master, slave = os.openpty()

    def take_the_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = await asyncio.create_subprocess_exec(
        *(COMMAND if program is None else (*STRICT, "-c", program)),
        *words,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=take_the_terminal,
        env=os.environ | environ,
    )
    os.close(slave)
    try:
        yield Terminal(master, process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(master)
