"""`pull`: has a server fetch a model, and tells how far it is."""

from __future__ import annotations

import asyncio
import contextlib

from ...providers.errors import Problem, ProviderError
from ...providers.messages import Progress
from ..app import Application
from . import terminal
from .output import say, tell
from .terminal import Interrupts
from .who import NoSuchProvider, choose


def pull(model: str, provider: str, base_url: str | None, *, as_json: bool) -> int:
    """The command. Exit code 1 when the download fails, 2 when the address is none, 130 when Ctrl+C stops it."""

    async def main(_: Interrupts) -> int:
        async with terminal.application() as app:
            try:
                chosen = choose(app, provider, base_url)
            except NoSuchProvider as error:
                tell(str(error))
                return terminal.BAD_INPUT
            if not app.config(chosen).row.downloads:
                tell(f"{app.providers.label(chosen)} downloads no models when it is told to.")
                return terminal.BAD_INPUT
            return await _pull(app, chosen, model, as_json)

    return terminal.run(main)


async def _pull(app: Application, provider: str, model: str, as_json: bool) -> int:
    problem: Problem | None = None
    try:
        await _download(app, provider, model, quiet=as_json)
        with contextlib.suppress(ProviderError):
            await app.models.asked(provider)  # the list that is known does not have it
    except ProviderError as error:
        problem = error.problem
    except asyncio.CancelledError:
        tell("Stopped. What has been fetched is kept: the same command goes on there.")
        raise
    if as_json:
        error = terminal.as_json(problem) if problem else None
        terminal.print_json({"ok": not problem, "provider": provider, "model": model, "error": error})
    elif problem:
        terminal.complain(problem)
    return terminal.code_of(problem) if problem else 0


async def _download(app: Application, provider: str, model: str, *, quiet: bool) -> None:
    """One line for each stage, and for each percent. Raises ProviderError."""
    last = ""
    async with app.providers.pull(provider, model) as download:
        async for event in download:
            line = _line(event) if isinstance(event, Progress) else last
            if line != last and not quiet:
                say(line)
            last = line


def _line(progress: Progress) -> str:
    return progress.kind if progress.fraction is None else f"{progress.kind}: {progress.fraction:.0%}"
