"""`chat`: a conversation in the terminal. Ctrl+C stops an answer; at the prompt it ends the chat, as Ctrl+D does."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ...providers.errors import ProviderError
from ..chat import Chat
from ..hosts.script import ScriptError
from ..tasks import TaskScope
from . import terminal
from .ask import TextPrinter
from .output import say, tell
from .terminal import Interrupts
from .typed import Typed
from .who import NoSuchProvider, choose

PROMPT = "> "


def chat(file: str | None, provider: str | None, base_url: str | None, model: str | None) -> int:
    """The command. Exit code 2 when the script or the provider cannot be used."""

    async def main(interrupts: Interrupts) -> int:
        async with terminal.application() as app:
            app.begin_session("terminal")
            try:
                chosen = choose(app, provider, base_url)
                _ = app.config(chosen).url  # said now, not at each question
                if file is not None:
                    host = await app.open_script(Path(file))
                    say(f"{host.title}, {len(host.nodes())} nodes.")
            except NoSuchProvider as error:
                tell(str(error))
                return terminal.BAD_INPUT
            except ProviderError as error:
                terminal.complain(error.problem)
                return terminal.code_of(error.problem)
            except ScriptError as error:
                return terminal.refuse_script(error, json=False)
            say(f"{app.providers.label(chosen)} answers. Ctrl+C stops an answer, Ctrl+D ends the chat.")
            await _converse(app.chat(chosen, model or ""), app.scope, interrupts)
            return 0

    return terminal.run(main)


async def _converse(conversation: Chat, scope: TaskScope, interrupts: Interrupts) -> None:
    conversation.subscribe(TextPrinter())
    typed = Typed()
    while True:
        say(PROMPT, end="")
        line = await typed.line()
        if line is None:
            say("")
            return
        if line.strip():
            turn = scope.start(conversation.ask(line.strip()), name="turn")
            with interrupts.instead(turn.cancel):
                await asyncio.wait({turn})
