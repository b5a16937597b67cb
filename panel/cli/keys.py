"""`keys`: set, remove and list keys in the OS keyring.

A key is never an argument: arguments are in the process list.
"""

from __future__ import annotations

import argparse
import getpass
import sys

from ...providers.catalog import PROVIDERS, origin_of
from ...providers.errors import ProviderError
from ...providers.key_text import clean_key, key_problem, key_warning
from ...providers.redact import Secret
from ..app import Application
from ..keys import KeyringTrouble
from . import terminal
from .connections import key_place
from .terminal import Interrupts
from .who import NoSuchProvider, choose


def keys(arguments: argparse.Namespace) -> int:
    async def main(_: Interrupts) -> int:
        app = Application()
        try:
            return await _run(app, arguments)
        except (NoSuchProvider, ValueError) as error:
            print(error, file=sys.stderr)
            return terminal.BAD_INPUT
        except ProviderError as error:
            terminal.complain(error.problem)
            return terminal.BAD_INPUT
        except KeyringTrouble as error:
            print(error, file=sys.stderr)
            return terminal.WORK_FAILED
        finally:
            await app.close()

    return terminal.run(main)


async def _run(app: Application, arguments: argparse.Namespace) -> int:
    if arguments.action == "list":
        return await _list(app, as_json=arguments.json)
    provider = choose(app, arguments.provider, arguments.base_url)
    label, origin = PROVIDERS[provider].label, origin_of(app.config(provider).base_url)
    if arguments.action == "remove":
        had = await app.keys.remove(provider, origin)
        await app.save_settings()
        print(f"The key for {label} at {origin} is forgotten." if had else f"There was no key for {label} at {origin}.")
        return 0
    place = await app.keys.save(provider, origin, _read_key(label, origin))
    await app.save_settings()
    print(f"The key for {label} at {origin} is in {place}.")
    return 0


def _read_key(label: str, origin: str) -> Secret:
    if sys.stdin.isatty():
        typed = getpass.getpass(f"Key for {label} at {origin}: ")
    else:
        typed = sys.stdin.readline()
    key = clean_key(typed)
    if problem := "The key is empty." if not key else key_problem(key):
        raise ValueError(problem)
    if warning := key_warning(key):
        print(warning, file=sys.stderr)
    return Secret(key)


async def _list(app: Application, *, as_json: bool) -> int:
    found: list[dict[str, str]] = []
    for row in PROVIDERS.values():
        config = app.config(row.id)
        if place := await key_place(app, config):
            found.append({"provider": row.id, "origin": origin_of(config.base_url), "where": place})
    listed = {f"{row['provider']}@{row['origin']}" for row in found}
    for name in sorted(app.settings.saved_keys() - listed):
        provider, _, origin = name.partition("@")
        found.append({"provider": provider, "origin": origin, "where": await app.keys.place()})
    if as_json:
        terminal.print_json({"keys": found})
    else:
        for row in found:
            print(f"{row['provider']:<12} {row['origin']:<40} {row['where']}")
        if not found:
            print("No keys. `nuke-ai-panel keys set PROVIDER` saves one.")
    return 0
