"""From the settings of the network to a real proxy: what is handed on, and where the password comes from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trustme
from certificates import authority_file, server_side
from fault_server import answers, fault_server
from memory_keyring import Dictionary
from nuke_ai_panel.panel import settings as options
from nuke_ai_panel.panel.app import Application
from nuke_ai_panel.panel.keys import PROXY_LOGIN, Keyring, KeyringTrouble
from nuke_ai_panel.panel.settings import Settings
from nuke_ai_panel.providers.base import CheckReport
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.manager import ProviderConfig
from nuke_ai_panel.providers.redact import Secret
from proxy_server import proxy_server

PASSWORD = "proxy-SENTINEL-0123"
OTHER_KEY = "key-SENTINEL-4567"
"""A key that is in the environment for any address: a proxy is none."""


@asynccontextmanager
async def application(**arguments: object) -> AsyncIterator[Application]:
    app = Application(
        **{"keyring": Dictionary(), "environ": {"NUKE_AI_PANEL_API_KEY": OTHER_KEY}, "settings": Settings()} | arguments
    )
    try:
        yield app
    finally:
        await app.close()


async def check(app: Application) -> CheckReport:
    return await app.providers.check(
        ProviderConfig(PROVIDERS["compatible"], "http://api.example/v1"), on_step=lambda _: None
    )


async def test_the_proxy_of_the_settings_is_used_with_the_password_of_the_keyring() -> None:
    async with (
        fault_server(answers()) as server,
        proxy_server(user="ann", password=PASSWORD, names={"api.example": server.port}) as proxy,
        application() as app,
    ):
        app.settings.set(options.PROXY, "manual")
        app.settings.set(options.PROXY_ADDRESS, proxy.address)
        app.settings.set(options.PROXY_USER, "ann")
        app.apply_settings()
        without = await check(app)
        assert without.problem and without.problem.kind == "proxy_auth"
        await app.keys.save(PROXY_LOGIN, proxy.address, Secret(PASSWORD))
        assert (await check(app)).ok
        assert PASSWORD not in app.redactor.clean(f"it was {PASSWORD}")
        app.settings.set(options.DIRECT_HOSTS, ".other.example, api.example")
        app.apply_settings()
        straight = await check(app)
        assert straight.problem and straight.problem.kind == "host_unknown"


async def test_a_key_of_the_environment_is_never_shown_to_a_proxy() -> None:
    async with proxy_server(user="ann", password=OTHER_KEY) as proxy, application() as app:
        app.settings.set(options.PROXY, "manual")
        app.settings.set(options.PROXY_ADDRESS, proxy.address)
        app.settings.set(options.PROXY_USER, "ann")
        app.apply_settings()
        report = await check(app)
        assert report.problem and report.problem.kind == "proxy_auth"
        assert proxy.passed == [] and proxy.refused == 1


async def test_a_keyring_that_refuses_is_told_as_such() -> None:
    def locked() -> Keyring:
        raise KeyringTrouble("The keyring is locked. Unlock it and try again.")

    async with application(keyring=locked) as app:
        app.settings.remember_key(f"{PROXY_LOGIN}@http://127.0.0.1:9", True)
        app.settings.set(options.PROXY, "manual")
        app.settings.set(options.PROXY_ADDRESS, "http://127.0.0.1:9")
        app.settings.set(options.PROXY_USER, "ann")
        app.apply_settings()
        report = await check(app)
    assert report.problem and report.problem.kind == "proxy_auth"
    assert report.problem.why == "The keyring is locked. Unlock it and try again."


async def test_the_file_of_the_studio_is_handed_on(tmp_path: Path) -> None:
    authority = trustme.CA()
    async with fault_server(answers(), tls=server_side(authority, "127.0.0.1")) as server, application() as app:
        config = ProviderConfig(PROVIDERS["compatible"], server.url)
        assert not (await app.providers.check(config, on_step=lambda _: None)).ok
        app.settings.set(options.CA_FILE, authority_file(authority, tmp_path))
        app.apply_settings()
        assert (await app.providers.check(config, on_step=lambda _: None)).ok
