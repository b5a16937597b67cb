"""`script info`: what is in a script, counted, without asking anyone."""

from __future__ import annotations

from pathlib import Path

from ..hosts.script import ScriptError, open_script
from ..nk.info import ScriptInfo
from ..threads import run_blocking
from . import terminal
from .output import say, tell
from .terminal import Interrupts


def info(file: str, *, as_json: bool) -> int:
    """The command. Exit code 1 for a script that is damaged or encrypted, 2 for a file that is not there."""

    async def main(_: Interrupts) -> int:
        try:
            host = await open_script(file, run_blocking)
        except ScriptError as error:
            return terminal.refuse_script(error, json=as_json)
        if as_json:
            terminal.print_json(host.info.to_json())
        else:
            _print(Path(file).name, host.info)
        return 0

    return terminal.run(main)


def _print(name: str, info: ScriptInfo) -> None:
    version = f", Nuke {info.nuke_version}" if info.nuke_version else ""
    say(f"{name}: a {info.kind}{version}")
    say(f"{info.nodes} nodes, {info.links} links, {info.groups} groups (deepest: {info.max_depth})")
    for name, count in sorted(info.classes.items(), key=lambda item: (-item[1], item[0])):
        say(f"{count:>6}  {name}")
    for warning in info.warnings:
        tell(f"line {warning.line}: {warning.text}")
