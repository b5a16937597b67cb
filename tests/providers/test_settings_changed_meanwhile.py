"""Settings that change while a provider is being opened: the first question follows the new ones."""

from __future__ import annotations

from fault_server import answers, fault_server
from nuke_ai_panel.panel.threads import run_blocking
from nuke_ai_panel.providers.base import Model
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.manager import ProviderConfig, ProviderManager
from nuke_ai_panel.providers.network import Network
from nuke_ai_panel.providers.redact import Redactor, Secret
from proxy_server import proxy_server

BEHIND = "models.example"


async def no_key(_: str, __: str) -> Secret | None:
    return None


async def test_a_proxy_that_is_set_while_kept_models_are_read_is_used_by_the_session_that_is_opened_then() -> None:
    async with (
        fault_server(answers("Hello", models=["tiny"])) as server,
        proxy_server(names={BEHIND: server.port}) as proxy,
    ):
        opened = Network(proxy="manual", proxy_address=proxy.address)

        async def kept(_: str, __: str) -> tuple[Model, ...]:
            manager.use_network(opened)
            return ()

        config = ProviderConfig(PROVIDERS["compatible"], f"http://{BEHIND}/v1", "tiny")
        manager = ProviderManager(
            [config],
            key_for=no_key,
            run_blocking=run_blocking,
            network=Network(proxy="none"),
            known_models=kept,
            redactor=Redactor(),
        )
        async with manager:
            assert [model.id for model in await manager.models("compatible")] == ["tiny"]
