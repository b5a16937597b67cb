"""The model lists of all providers: what is known at once, and the asking for what is old.

Owns what was listed in this run; earlier runs are read from the files. It makes no task, and a disk that cannot be
written costs only the memory of it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable

from ...providers.address import parse_address
from ...providers.base import Model, RunBlocking
from .cache import ModelCache, ModelList

OLD, LOCAL_OLD = 3600.0, 60.0
"""Seconds after which a list is asked for anew; what a server at home has loaded changes while it runs."""
_DISK = 2.0

log = logging.getLogger(__name__)

Ask = Callable[[str], Awaitable[tuple[Model, ...]]]
"""A provider's id to what it lists now. Raises ProviderError."""


class ModelLists:
    """`url_of` gives the address that is in force for a provider; it raises ProviderError for one that is none."""

    def __init__(
        self,
        cache: ModelCache,
        *,
        ask: Ask,
        url_of: Callable[[str], str],
        run_blocking: RunBlocking,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._cache = cache
        self._ask = ask
        self._url_of = url_of
        self._run_blocking = run_blocking
        self._wall = wall
        self._lists: dict[tuple[str, str], ModelList] = {}
        self._doubted: set[str] = set()

    async def known(self, provider_id: str) -> ModelList | None:
        """What was listed last at the address that is in force, in this run or an earlier one. Raises ProviderError."""
        return await self.known_at(provider_id, self._url_of(provider_id))

    async def known_at(self, provider_id: str, url: str) -> ModelList | None:
        """As `known`, at any address."""
        if found := self._lists.get((provider_id, url)):
            return found
        try:
            found = await self._run_blocking(self._cache.read, provider_id, url, deadline=_DISK)
        except TimeoutError:
            return None
        if found is not None:
            self._lists.setdefault((provider_id, url), found)
        return self._lists.get((provider_id, url))

    async def asked(self, provider_id: str) -> ModelList:
        """The provider's list of this moment, which is remembered. Raises ProviderError."""
        url = self._url_of(provider_id)
        found = ModelList(provider_id, url, self._wall(), await self._ask(provider_id))
        self._lists[provider_id, url] = found
        self._doubted.discard(provider_id)
        if url:  # the guide has none, and is always there
            await self._keep(found)
        return found

    async def _keep(self, found: ModelList) -> None:
        try:
            await self._run_blocking(self._cache.write, found, deadline=_DISK)
        except OSError as error:  # TimeoutError is one
            log.info("The model list of %s could not be kept: %s", found.provider, type(error).__name__)

    async def recent(self, provider_id: str) -> ModelList:
        """What is known if it is not old, else what is listed now. Raises ProviderError."""
        found = await self.known(provider_id)
        return await self.asked(provider_id) if found is None or self.is_old(found) else found

    def age(self, found: ModelList) -> float:
        """In seconds."""
        return found.age(self._wall())

    def is_old(self, found: ModelList) -> bool:
        """Also if it comes from the future: then nobody knows how old it is."""
        limit = LOCAL_OLD if found.url and parse_address(found.url).local else OLD
        return found.provider in self._doubted or not 0 <= self._wall() - found.taken < limit

    def doubt(self, provider_id: str) -> None:
        """Its key has changed: what it listed may not be what it lists now."""
        self._doubted.add(provider_id)
