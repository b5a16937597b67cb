"""Who is asked: `--provider` and `--base-url`, by the rules of the command line.

`--base-url` replaces the address of the chosen provider; alone it means an OpenAI-compatible server.
"""

from __future__ import annotations

import difflib

from ...providers.catalog import ANY_SERVER
from .. import settings as options
from ..app import Application


class NoSuchProvider(Exception):
    """A provider that cannot be asked: there is none, or not as it was wanted. The text says why."""


def choose(app: Application, provider: str | None, base_url: str | None) -> str:
    """The provider's id; its address is replaced for this run if one is given. Raises NoSuchProvider."""
    chosen = provider or (ANY_SERVER if base_url else app.settings.get(options.PROVIDER))
    if chosen not in app.settings.services:
        near = difflib.get_close_matches(chosen, app.settings.services, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise NoSuchProvider(f"There is no provider {chosen!r}.{hint} `nuke-ai-panel providers` lists them.")
    if refused := _refused(app, chosen, base_url):
        raise NoSuchProvider(refused)
    if base_url:
        app.use_address(chosen, base_url)
    return chosen


def _refused(app: Application, chosen: str, base_url: str | None) -> str:
    """Why the studio does not want that, as a sentence; "" where it does not mind."""
    settings, label = app.settings, app.providers.label(chosen)
    who = settings.origin(options.PROVIDER)
    if who.locked and chosen != settings.get(options.PROVIDER):
        return f"{label} cannot be chosen here. {who.decided_by}"
    if not settings.offers(chosen):
        return f"{label} is not among the providers that are offered here."
    address = settings.provider_origin(chosen, "address")
    return f"The address of {label} cannot be another one. {address.decided_by}" if base_url and address.locked else ""
