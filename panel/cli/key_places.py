"""Where keys are, in words, never the keys: what `providers` and `keys list` tell."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from ...providers.catalog import origin_of
from ...providers.errors import ProviderError
from ...providers.manager import ProviderConfig
from ..app import Application
from ..keys import KeyringTrouble

Owner = tuple[str, str]
"""A provider's id and an origin."""


@dataclass(slots=True)
class KeyPlaces:
    """What was found. `trouble` says why the keyring could not be asked; it is empty when it could."""

    where: dict[Owner, str] = field(default_factory=dict[Owner, str])
    trouble: str = ""


async def key_places(app: Application, owners: Iterable[Owner]) -> KeyPlaces:
    """All are asked for at once, so that a silent keyring costs its deadline once."""
    places = KeyPlaces()

    async def look(owner: Owner) -> None:
        try:
            found = await app.keys.find(*owner)
        except KeyringTrouble as trouble:
            places.trouble = str(trouble)
            return
        if found:
            places.where[owner] = found.where

    async with asyncio.TaskGroup() as group:
        for owner in owners:
            group.create_task(look(owner))
    return places


def owner_of(config: ProviderConfig) -> Owner | None:
    """Whose key this provider uses; None while it has no usable address."""
    try:
        return config.id, origin_of(config.address)
    except ProviderError:
        return None
