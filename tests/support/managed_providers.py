"""A `ProviderManager` for one address, closed with nothing left behind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from nuke_ai_panel.panel.threads import run_blocking
from nuke_ai_panel.providers.base import Capabilities, Model, OnStep, Request
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.limits import Limits
from nuke_ai_panel.providers.manager import ProviderConfig, ProviderManager
from nuke_ai_panel.providers.manager.retrying import RequestPolicy, Timing
from nuke_ai_panel.providers.messages import StreamEvent
from nuke_ai_panel.providers.network import Network
from nuke_ai_panel.providers.redact import Redactor, Secret
from nuke_ai_panel.providers.wire.recording import Recorder
from quick_time import QuickTime

ONE_TRY = RequestPolicy(retries=0, at_once=1000)
"""What a single request comes to; tries and turns have tests of their own."""

Managed = Callable[..., AbstractAsyncContextManager[ProviderManager]]


@asynccontextmanager
async def managed(
    url: str,
    *,
    provider: str = "compatible",
    key: str = "",
    limits: Limits | None = None,
    policy: RequestPolicy = ONE_TRY,
    timing: Timing | None = None,
    network: Network | None = None,
    proxy_password: str = "",
    recorder: Recorder | None = None,
    configs: Sequence[ProviderConfig] = (),
) -> AsyncIterator[ProviderManager]:
    """A manager for one address, with this key for it. Leaving it asserts that nothing was left open.

    `timing` None: whoever waits for better times waits an hour at once. `configs`: these providers instead of the one.
    """

    async def key_for(_: str, __: str) -> Secret | None:
        return Secret(key) if key else None

    async def password_for(_: str) -> Secret | None:
        return Secret(proxy_password) if proxy_password else None

    manager = ProviderManager(
        configs or [ProviderConfig(PROVIDERS[provider], url, "tiny")],
        key_for=key_for,
        run_blocking=run_blocking,
        network=network,
        proxy_password=password_for,
        limits=limits,
        policy=policy,
        timing=timing or QuickTime(leap=3600).timing,
        recorder=recorder,
        redactor=Redactor(),
    )
    try:
        yield manager
        assert manager.open_streams == 0
    finally:
        await manager.close()
    assert manager.open_sessions == ()


class ManagedProvider:
    """The one provider of a manager, as a `Provider`: the panel reaches every provider through a manager."""

    capabilities = Capabilities(local=True)

    def __init__(self, manager: ProviderManager) -> None:
        self.manager = manager
        (self._config,) = manager.configs

    @property
    def id(self) -> str:
        return self._config.id

    @property
    def label(self) -> str:
        return self.manager.label(self.id)

    async def models(self) -> tuple[Model, ...]:
        return await self.manager.models(self.id)

    def stream(self, request: Request) -> AbstractAsyncContextManager[AsyncIterator[StreamEvent]]:
        return self.manager.stream(self.id, request)

    async def probe(self, model: str, on_step: OnStep) -> tuple[Model, ...]:
        report = await self.manager.check(self._config, model=model, on_step=on_step)
        return report.models
