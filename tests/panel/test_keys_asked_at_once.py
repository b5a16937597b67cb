"""Several pages that ask for their keys at once, while the keyring is locked."""

from __future__ import annotations

import asyncio

from keyring.errors import KeyringLocked
from nuke_ai_panel.panel.keys import Keyring, KeyringTrouble, KeyStore
from nuke_ai_panel.panel.settings import Settings
from nuke_ai_panel.panel.threads import run_blocking
from nuke_ai_panel.providers.redact import Redactor

SERVICES = ("openai", "groq", "anthropic")


class Locked:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def get_password(self, _: str, name: str) -> str:
        self.asked.append(name)
        raise KeyringLocked


async def test_all_of_them_are_told_that_it_is_locked_and_it_is_asked_once() -> None:
    backend = Locked()
    keys = KeyStore(
        run_blocking=run_blocking,
        environ={},
        redactor=Redactor(),
        names=Settings(),
        needs_key=lambda _: True,
        keyring=lambda: Keyring("Secret Service", backend),
    )
    told: list[KeyringTrouble] = []

    async def look(service: str) -> None:
        try:
            await keys.find(service, f"https://{service}.example")
        except KeyringTrouble as trouble:
            told.append(trouble)

    async with asyncio.TaskGroup() as group:
        for service in SERVICES:
            group.create_task(look(service))
    assert {(trouble.kind, trouble.what) for trouble in told} == {("locked", "Secret Service is locked.")}
    assert len(set(map(str, told))) == 1 and len(set(map(id, told))) == len(SERVICES) and len(backend.asked) == 1
