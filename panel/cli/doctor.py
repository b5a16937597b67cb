"""`doctor`: what is in order and what is not, as text to paste into a ticket. Never fails for what it finds."""

from __future__ import annotations

from .. import diagnosis, surroundings
from .. import settings as options
from ..app import Application
from ..presenters import bundle
from ..settings import Settings
from ..threads import run_blocking
from . import terminal
from .output import say
from .terminal import Interrupts


def doctor(*, as_json: bool, last_session: bool) -> int:
    """The command. It ends within two seconds, with everything hung."""

    async def main(_: Interrupts) -> int:
        app = Application(settings=await _settings())
        try:
            await (_tell_last_session if last_session else _tell_all)(app, as_json)
        finally:
            await app.close()
        return 0

    return terminal.run(main)


async def _tell_all(app: Application, as_json: bool) -> None:
    found = await diagnosis.examine(app)
    if as_json:
        terminal.print_json(bundle.as_json(found, app.redactor))
    else:
        say(bundle.as_text(found, app.redactor))


async def _tell_last_session(app: Application, as_json: bool) -> None:
    session = await surroundings.last_session(app)
    if as_json:
        terminal.print_json(bundle.session_as_json(session, app.redactor))
    else:
        say(bundle.session_as_text(session, app.redactor))


async def _settings() -> Settings:
    """Those of the file; a disk that is silent must not keep the doctor waiting."""
    try:
        return await run_blocking(options.load, options.settings_path(), deadline=surroundings.DISK_SECONDS)
    except TimeoutError:
        return Settings(warnings=("The settings could not be read: the disk does not answer.",))
