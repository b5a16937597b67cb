"""The test that every provider passes, passed by those that a `ProviderManager` makes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fault_server import refused_url
from managed_providers import ManagedProvider, managed
from nuke_ai_panel.providers.base import Provider
from nuke_ai_panel.providers.testing import ProviderContract


class ManagedContract(ProviderContract):
    """For a subclass that names its `service`, and its `url` or a `provider` of its own."""

    service = "compatible"
    key = ""
    url: str

    @asynccontextmanager
    async def provider(self) -> AsyncIterator[Provider]:
        async with managed(self.url, provider=self.service, key=self.key) as manager:
            yield ManagedProvider(manager)

    @asynccontextmanager
    async def broken_provider(self) -> AsyncIterator[Provider]:
        async with managed(refused_url(), provider=self.service, key=self.key) as manager:
            yield ManagedProvider(manager)

    def left_open(self, provider: Provider) -> int:
        assert isinstance(provider, ManagedProvider)
        return provider.manager.open_streams
