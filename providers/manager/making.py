"""Makes providers: a row's wire format, a session, the key of its address, what is known of its models.

Owns what outlives a provider's session: what its models were found to take. It opens and closes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..address import origin_of
from ..api.model_facts import ModelFacts
from ..api.provider import ApiProvider
from ..api.wire_format import Endpoint
from ..base import KeyFor, Model, Provider, RunBlocking
from ..catalog import ProviderRow
from ..formats import wire_format
from ..redact import Redactor, Secret
from ..wire.recording import Head, Record, Recorder, Tape
from .opened import ProviderConfig

if TYPE_CHECKING:
    from ..http import HttpSession

KnownModels = Callable[[str, str], Awaitable[tuple[Model, ...]]]
"""A provider's id and base URL to models."""


class ProviderMaker:
    def __init__(
        self,
        *,
        key_for: KeyFor,
        run_blocking: RunBlocking,
        known_models: KnownModels,
        recorder: Recorder | None,
        redactor: Redactor,
    ) -> None:
        self._key_for = key_for
        self._run_blocking = run_blocking
        self._known_models = known_models
        self._recorder = recorder
        self._redactor = redactor
        self._facts: dict[tuple[str, str], ModelFacts] = {}

    def facts(self, provider_id: str, url: str) -> ModelFacts:
        """What is known of the models that a provider has at this base URL."""
        return self._facts.setdefault((provider_id, url), ModelFacts())

    async def recall(self, config: ProviderConfig) -> None:
        """What was listed in an earlier run counts until the list is asked for anew."""
        facts = self.facts(config.id, config.url)
        if not facts.known:
            models = await self._known_models(config.id, config.url)
            if not facts.known:
                facts.learn(models)

    def provider(self, row: ProviderRow, url: str, session: HttpSession, key: Secret | None = None) -> ApiProvider:
        """A provider over this session. `key` None: the stored one of that address."""
        assert row.format != "offline"
        return ApiProvider(
            Endpoint(row.id, row.label, url, row.needs_key, row.headers),
            wire_format(row.format, row.quirks),
            session,
            key=self._key_of(row.id, url, key),
            run_blocking=self._run_blocking,
            facts=self.facts(row.id, url),
            record=self._record_of(row),
        )

    def _record_of(self, row: ProviderRow) -> Record | None:
        """Takes answers of this provider down, if anybody may want that."""
        recorder = self._recorder
        if recorder is None:
            return None

        def record(head: Head, question: bytes) -> Tape | None:
            return recorder.begin(replace(head, provider=row.id, format=row.format), question)

        return record

    def _key_of(self, provider_id: str, url: str, given: Secret | None) -> Callable[[], Awaitable[Secret | None]]:
        """Asks for the key of this address each time, so that a new one counts at once."""
        origin = origin_of(url)

        async def key() -> Secret | None:
            secret = given or await self._key_for(provider_id, origin)
            if secret is not None:
                self._redactor.add(secret)
            return secret

        return key


def make_guide() -> Provider:
    """The built-in guide, which needs nothing of all that."""
    from ..offline.guide import Guide

    return Guide()
