"""The real command in a process of its own, with the test's server beside it on the test's loop."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from typing import Any

COMMAND = (sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-m", "nuke_ai_panel.panel")
"""As strict as Python gets: what is left open is an error on standard error."""


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


async def start(*words: str, stdin: int = asyncio.subprocess.DEVNULL, **environ: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *COMMAND,
        *words,
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | environ,
    )


async def finish(process: asyncio.subprocess.Process, stdin: bytes | None = None) -> Done:
    out, err = await process.communicate(stdin)
    return Done(process.returncode or 0, out.decode(), err.decode())


async def run(*words: str, stdin: str | None = None, **environ: str) -> Done:
    """Runs a command to its end; `stdin` is what is typed."""
    pipe = asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE
    return await finish(await start(*words, stdin=pipe, **environ), None if stdin is None else stdin.encode())
