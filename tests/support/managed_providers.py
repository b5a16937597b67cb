"""A `ProviderManager` for one address, closed with nothing left behind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from nuke_ai_panel.panel.threads import run_blocking
from nuke_ai_panel.providers.limits import Limits
from nuke_ai_panel.providers.manager import ProviderConfig, ProviderManager
from nuke_ai_panel.providers.redact import Redactor, Secret

Managed = Callable[..., AbstractAsyncContextManager[ProviderManager]]


@asynccontextmanager
async def managed(
    url: str, *, provider: str = "compatible", key: str = "", limits: Limits | None = None
) -> AsyncIterator[ProviderManager]:
    """A manager for one address, with this key for it. Leaving it asserts that nothing was left open."""

    async def key_for(_: str, __: str) -> Secret | None:
        return Secret(key) if key else None

    manager = ProviderManager(
        [ProviderConfig(provider, url, "tiny")],
        key_for=key_for,
        run_blocking=run_blocking,
        limits=limits,
        redactor=Redactor(),
    )
    try:
        yield manager
        assert manager.open_streams == 0
    finally:
        await manager.close()
    assert manager.open_sessions == ()
