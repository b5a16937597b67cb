"""`keys`: set, remove and list keys in the OS keyring, and the password of the proxy.

A key is never an argument: arguments are in the process list.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from ...providers.catalog import origin_of
from ...providers.errors import ProviderError
from ...providers.key_text import clean_key, key_problem, key_warning, password_problem
from ...providers.network import Network
from ...providers.network.proxies import UnusableProxy, manual_proxy
from ...providers.redact import Secret
from ..app import Application
from ..keys import PROXY_LOGIN, KeyringTrouble, variable_for
from . import terminal
from .key_places import Owner, key_places, owner_of
from .output import say, tell
from .terminal import Interrupts
from .typed import hidden_text
from .who import NoSuchProvider, choose


class BadKey(Exception):
    """What was given is no key, or there is no address that it could belong to. The text says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose key is meant, and what to call it: "key for NAME at ORIGIN"."""

    owner: Owner
    words: str

    @property
    def is_password(self) -> bool:
        return self.owner[0] == PROXY_LOGIN


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
    wanted = await _wanted(app, arguments.provider, arguments.base_url)
    if arguments.action == "remove":
        had = await app.keys.remove(*wanted.owner)
        say(f"The {wanted.words} is forgotten." if had else f"There was no {wanted.words}.")
    else:
        await _save(app, wanted, await _read(wanted))
    _tell_of_variable(app, wanted.owner)
    return await _save_settings(app)


async def _wanted(app: Application, provider: str, base_url: str | None) -> Wanted:
    """Raises NoSuchProvider and BadKey."""
    if provider == PROXY_LOGIN:
        origin = _proxy_at(base_url) if base_url else await app.proxy_origin()
        if not origin:
            raise BadKey("The settings name no proxy. Give its address: --base-url http://proxy.studio.lan:3128")
        return Wanted((PROXY_LOGIN, origin), f"password of the proxy {origin}")
    config = app.config(choose(app, provider, base_url))
    try:
        origin = origin_of(config.address)
    except ProviderError as error:
        why = error.problem.why if base_url else "A key belongs to an address."
        raise BadKey(f"{why} Give it in full: --base-url http://127.0.0.1:8080/v1") from None
    return Wanted((config.id, origin), f"key for {config.row.label} at {origin}")


def _proxy_at(address: str) -> str:
    try:
        return manual_proxy(Network(proxy="manual", proxy_address=address)).origin
    except UnusableProxy as unusable:
        raise BadKey(str(unusable)) from None


async def _save(app: Application, wanted: Wanted, secret: Secret) -> None:
    """Raises KeyringTrouble, with what else can be done from a terminal."""
    try:
        place = await app.keys.save(*wanted.owner, secret)
    except KeyringTrouble as trouble:
        variable = variable_for(*wanted.owner)
        instead = f"The variable {variable} can hold the key instead." if variable else ""
        again = "Unlock it and try again." if trouble.kind in ("locked", "silent") else ""
        raise KeyringTrouble(trouble.what, trouble.kind, f"{again} {instead}".strip()) from None
    say(f"The {wanted.words} is in {place}.")


def _tell_of_variable(app: Application, owner: Owner) -> None:
    try:
        found = app.keys.without_keyring(*owner)
    except KeyringTrouble as trouble:
        tell(str(trouble))
        return
    if found:
        tell(f"{found.where} is set, and is used first. Unset it to use another key.")


async def _save_settings(app: Application) -> int:
    try:
        await app.save_settings()
    except OSError as error:
        tell(f"The settings could not be saved: {error.strerror or 'the disk does not answer'}.")
        return terminal.WORK_FAILED
    return 0


async def _read(wanted: Wanted) -> Secret:
    """What is typed or piped in. Raises BadKey."""
    name = "password" if wanted.is_password else "key"
    text = await hidden_text(f"{wanted.words[0].upper()}{wanted.words[1:]}: ")
    text = text if wanted.is_password else clean_key(text)
    if not text:
        raise BadKey(f"The {name} is empty.")
    if problem := (password_problem if wanted.is_password else key_problem)(text):
        raise BadKey(problem)
    if not wanted.is_password and (warning := key_warning(text)):
        tell(warning)
    return Secret(text)


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
