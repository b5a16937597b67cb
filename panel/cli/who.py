"""Who is asked: `--provider` and `--base-url`, by the rules of the command line.

`--base-url` replaces the address of the chosen provider; alone it means an OpenAI-compatible server.
"""

from __future__ import annotations

import difflib

from ...providers.catalog import PROVIDERS
from .. import settings as options
from ..app import Application

COMPATIBLE = "compatible"


class NoSuchProvider(Exception):
    """A provider that cannot be asked: not in the catalog, or not as it was wanted. The text says why."""


def choose(app: Application, provider: str | None, base_url: str | None) -> str:
    """The provider's id; its address is replaced for this run if one is given. Raises NoSuchProvider."""
    chosen = provider or (COMPATIBLE if base_url else app.settings.get(options.PROVIDER))
    if chosen not in PROVIDERS:
        near = difflib.get_close_matches(chosen, PROVIDERS, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise NoSuchProvider(f"There is no provider {chosen!r}.{hint} `nuke-ai-panel providers` lists them.")
    if not app.settings.offers(chosen):
        raise NoSuchProvider(f"{PROVIDERS[chosen].label} is not among the providers that are offered here.")
    if base_url:
        decided = app.settings.provider_origin(chosen, "address").decided_by
        if decided:
            raise NoSuchProvider(f"The address of {PROVIDERS[chosen].label} is decided. {decided}")
        app.use_address(chosen, base_url)
    return chosen
