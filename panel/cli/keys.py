"""`keys`: set, remove and list keys in the OS keyring.

A key is never an argument: arguments are in the process list.
"""

from __future__ import annotations

import argparse

from ...providers.key_text import clean_key, key_problem, key_warning
from ...providers.redact import Secret
from ..app import Application
from ..keys import KeyringTrouble
from . import terminal
from .key_places import Owner, key_places, owner_of
from .output import say, tell
from .terminal import Interrupts
from .typed import hidden_line
from .who import NoSuchProvider, choose


class BadKey(Exception):
    """What was given is no key, or there is no address that it could belong to. The text says why."""


def keys(arguments: argparse.Namespace) -> int:
    """The command. Exit code 2 for what cannot be a key or a provider, 1 when the keyring or the disk refuses."""

    async def main(_: Interrupts) -> int:
        async with terminal.application() as app:
            try:
                return await _run(app, arguments)
            except (NoSuchProvider, BadKey) as error:
                tell(str(error))
                return terminal.BAD_INPUT
            except KeyringTrouble as error:
                tell(str(error))
                return terminal.WORK_FAILED

    return terminal.run(main)


async def _run(app: Application, arguments: argparse.Namespace) -> int:
    if arguments.action == "list":
        return await _list(app, as_json=arguments.json)
    provider = choose(app, arguments.provider, arguments.base_url)
    owner = owner_of(app.config(provider))
    if owner is None:
        raise BadKey("A key belongs to an address. Give it in full: --base-url http://127.0.0.1:8080/v1")
    label = f"{app.providers.label(provider)} at {owner[1]}"
    if arguments.action == "remove":
        had = await app.keys.remove(*owner)
        say(f"The key for {label} is forgotten." if had else f"There was no key for {label}.")
    else:
        place = await app.keys.save(*owner, await _read_key(label))
        say(f"The key for {label} is in {place}.")
    _tell_of_variable(app, owner)
    return await _save_settings(app)


def _tell_of_variable(app: Application, owner: Owner) -> None:
    if found := app.keys.without_keyring(*owner):
        tell(f"{found.where} is set, and is used first. Unset it to use another key.")


async def _save_settings(app: Application) -> int:
    try:
        await app.save_settings()
    except OSError as error:
        tell(f"The settings could not be saved: {error.strerror or 'the disk does not answer'}.")
        return terminal.WORK_FAILED
    return 0


async def _read_key(label: str) -> Secret:
    key = clean_key(await hidden_line(f"Key for {label}: "))
    if problem := "The key is empty." if not key else key_problem(key):
        raise BadKey(problem)
    if warning := key_warning(key):
        tell(warning)
    return Secret(key)


async def _list(app: Application, *, as_json: bool) -> int:
    """What is known is listed, even where the keyring cannot be asked."""
    owners = [owner for config in app.providers.configs if (owner := owner_of(config))]
    for name in sorted(app.settings.saved_keys()):
        provider, _, origin = name.partition("@")
        owners += [(provider, origin)] if (provider, origin) not in owners else []
    places = await key_places(app, owners)
    found = [(*owner, places.where[owner]) for owner in owners if owner in places.where]
    if as_json:
        names = ("provider", "origin", "where")
        terminal.print_json({"keys": [dict(zip(names, row, strict=True)) for row in found]})
    else:
        for provider, origin, where in found:
            say(f"{provider:<12} {origin:<40} {where}")
        if not found and not places.trouble:
            say("No keys. `nuke-ai-panel keys set PROVIDER` saves one.")
    if places.trouble:
        tell(places.trouble)
    return terminal.WORK_FAILED if places.trouble else 0
