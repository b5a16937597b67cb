"""`chat`: a conversation in the terminal. Ctrl+C stops an answer; at the prompt it ends the chat, as Ctrl+D does."""

from __future__ import annotations

import asyncio
import codecs
import os
import sys
from pathlib import Path

from ...providers.catalog import PROVIDERS
from ..app import Application
from ..chat import Chat
from ..hosts.script import ScriptError
from ..tasks import TaskScope
from ..threads import run_blocking
from . import terminal
from .ask import TextPrinter
from .terminal import Interrupts
from .who import NoSuchProvider, choose

PROMPT = "> "
FOREVER = 366 * 86400.0
"""Seconds to wait for a line: people think."""


def chat(file: str | None, provider: str | None, base_url: str | None, model: str | None) -> int:
    """The command. Exit code 2 when the script or the provider cannot be used."""

    async def main(interrupts: Interrupts) -> int:
        app = Application()
        try:
            chosen = choose(app, provider, base_url)
            if file:
                host = await app.open_script(Path(file))
                print(f"{host.title}, {len(host.nodes())} nodes.")
            print(f"{PROVIDERS[chosen].label} answers. Ctrl+C stops an answer, Ctrl+D ends the chat.")
            await _converse(app.chat(chosen, model or ""), app.scope, interrupts)
            return 0
        except NoSuchProvider as error:
            print(error, file=sys.stderr)
            return terminal.BAD_INPUT
        except ScriptError as error:
            return terminal.refuse_script(error, json=False)
        finally:
            await app.close()

    return terminal.run(main)


async def _converse(conversation: Chat, scope: TaskScope, interrupts: Interrupts) -> None:
    conversation.subscribe(TextPrinter())
    lines = Lines()
    while True:
        print(PROMPT, end="", flush=True)
        line = await lines.next()
        if line is None:
            print()
            return
        if line.strip():
            turn = scope.start(conversation.ask(line.strip()), name="turn")
            with interrupts.instead(turn.cancel):
                await asyncio.wait({turn})


class Lines:
    """Standard input, line by line.

    Read from the descriptor on a daemon thread: a thread inside `sys.stdin` would hold its lock when the program
    ends, and Python aborts then.
    """

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._ended = False

    async def next(self) -> str | None:
        """The next line without its end, or None at the end of the input."""
        while "\n" not in self._text and not self._ended:
            data = await run_blocking(os.read, self._descriptor, 65536, deadline=FOREVER)
            self._ended = not data
            self._text += self._decoder.decode(data, self._ended)
        if not self._text:
            return None
        line, _, self._text = self._text.partition("\n")
        return line.rstrip("\r")
