"""`script info`: what is in a script, counted, without asking anyone."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

from ..hosts.base import ScriptError
from ..hosts.script import ScriptHost, open_script
from ..nk.graph import ScriptInfo
from ..threads import run_blocking
from . import terminal
from .terminal import Interrupts


def info(file: str, *, as_json: bool) -> int:
    """The command. Exit code 1 for a script that is damaged or encrypted, 2 for a file that is not there."""

    async def main(_: Interrupts) -> int:
        try:
            host = await open_script(Path(file), run_blocking)
        except ScriptError as error:
            return terminal.refuse_script(error, json=as_json)
        if as_json:
            terminal.print_json(asdict(_info(host)))
        else:
            _print(_info(host))
        return 0

    return terminal.run(main)


def _info(host: ScriptHost) -> ScriptInfo:
    return host.info
