"""Every configured provider behind one door, with one session each, counted and closed.

Owns which provider is configured how, and when its session is opened. A key is asked for the origin that is in use and
goes nowhere else. The network parts are imported when first needed, on a thread: they take longer than a window.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

from ..address import origin_of
from ..api.model_facts import ModelFacts
from ..api.provider import ApiProvider
from ..api.wire_format import Endpoint
from ..base import CheckReport, KeyFor, Model, OnStep, Provider, Request, RunBlocking
from ..catalog import ProviderRow
from ..checks.connection_test import ConnectionTest, check_built_in
from ..errors import ProviderError, problem
from ..formats import wire_format
from ..limits import Limits
from ..messages import StreamEvent
from ..network import Network
from ..redact import Redactor, Secret
from ..wire.recording import Head, Record, Recorder, Tape
from .opened import ConnectionStats, Opened, OpenedProviders, ProviderConfig
from .places import Place, Places
from .retrying import Question, RequestPolicy, Timing

if TYPE_CHECKING:
    from ..http import HttpSession, HttpSessions
    from ..http.routes import PasswordFor

__all__ = ["ConnectionStats", "Limits", "ProviderConfig", "ProviderManager", "RequestPolicy"]

_IMPORT_DEADLINE = 60.0

KnownModels = Callable[[str, str], Awaitable[tuple[Model, ...]]]
"""A provider's id and base URL to models."""


class ProviderManager:
    """An async context manager; `close` may be called instead. Methods raise ProviderError and nothing foreign."""

    def __init__(
        self,
        configs: Iterable[ProviderConfig],
        *,
        key_for: KeyFor,
        run_blocking: RunBlocking,
        network: Network | None = None,
        proxy_password: PasswordFor | None = None,
        limits: Limits | None = None,
        policy: RequestPolicy | None = None,
        timing: Timing | None = None,
        known_models: KnownModels | None = None,
        recorder: Recorder | None = None,
        redactor: Redactor,
    ) -> None:
        """`known_models`: what a provider at an address has listed in an earlier run, if anybody kept it."""
        self._configs = {config.id: config for config in configs}
        self._key_for = key_for
        self._run_blocking = run_blocking
        self._network = network or Network()
        self._proxy_password = proxy_password or _no_password
        self._limits = limits or Limits()
        self._policy = policy or RequestPolicy()
        self._timing = timing or Timing()
        self._places: dict[str, Places] = {}
        self._known_models = known_models or _none_known
        self._recorder = recorder
        self._redactor = redactor
        self._sessions: HttpSessions | None = None
        self._opened = OpenedProviders()
        self._facts: dict[tuple[str, str], ModelFacts] = {}
        """By provider and base URL."""
        self._closed = False

    async def __aenter__(self) -> ProviderManager:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def configs(self) -> tuple[ProviderConfig, ...]:
        return tuple(self._configs.values())

    @property
    def open_sessions(self) -> tuple[str, ...]:
        return self._sessions.open if self._sessions else ()

    @property
    def open_streams(self) -> int:
        return self._opened.streams

    def stats(self) -> tuple[ConnectionStats, ...]:
        """Of each provider that has anything open, in the order in which it was opened."""
        return self._opened.stats(self._sessions.sockets() if self._sessions else ())

    def configure(self, configs: Iterable[ProviderConfig]) -> None:
        """Takes new settings over. What changed is opened anew when it is next used.

        The old session is closed after its last stream, or with the next call if it has none.
        """
        self._configs = {config.id: config for config in configs}
        self._opened.retire(lambda config: self._configs.get(config.id) != config)

    def use_network(self, network: Network) -> None:
        """Takes new settings of the network over, as `configure` does for each provider."""
        if network == self._network:
            return
        self._network = network
        self._opened.retire(lambda _: True)

    def use_limits(self, limits: Limits) -> None:
        """The same with new limits; what is under way keeps those that it began with."""
        if limits == self._limits:
            return
        self._limits = limits
        if self._sessions is not None:
            self._sessions.limits = limits
        self._opened.retire(lambda _: True)

    def use_policy(self, policy: RequestPolicy) -> None:
        """For the questions from now on; those that wait for their turn follow it too."""
        self._policy = policy
        for places in self._places.values():
            places.resize(policy.at_once)

    async def prepare(self) -> None:
        """Imports the network parts now, on a thread, so that the first question does not wait for them."""
        await self._http()

    def label(self, provider_id: str) -> str:
        """Its name for people; of one that the settings do not have any more, its id."""
        config = self._configs.get(provider_id)
        return config.row.label if config else provider_id

    @asynccontextmanager
    async def stream(self, provider_id: str, request: Request) -> AsyncGenerator[AsyncIterator[StreamEvent]]:
        """The answer to this request, after as many tries as it may take; leaving stops it."""
        places = self._places.setdefault(provider_id, Places(self._policy.at_once))
        with places.taken() as place:
            async with self._in_use(provider_id) as opened, self._question(opened, request, place) as events:
                yield events

    @asynccontextmanager
    async def pull(self, provider_id: str, model: str) -> AsyncGenerator[AsyncIterator[StreamEvent]]:
        """A download of this model to the provider's server, told as `Progress`; leaving stops it.

        For providers whose row says `downloads`; the model list has to be asked anew after it.
        """
        async with self._in_use(provider_id) as opened:
            if not isinstance(opened.provider, ApiProvider):
                raise ProviderError(problem("unknown", name=opened.provider.label, reason="It has no models."))
            async with opened.provider.pull(model) as events:
                yield events

    @asynccontextmanager
    async def _in_use(self, provider_id: str) -> AsyncGenerator[Opened]:
        """A provider whose session is not closed before this is left."""
        opened = await self._open(provider_id)
        opened.streams += 1
        try:
            yield opened
        finally:
            opened.streams -= 1
            await opened.close_if_done()

    def _question(self, opened: Opened, request: Request, place: Place) -> Question:
        if not request.model:
            request = replace(request, model=opened.config.model)
        return Question(
            partial(opened.provider.stream, request),
            place,
            self._policy,
            self._timing,
            patience=self._limits.until_first_event(opened.provider.capabilities.local),
        )

    async def models(self, provider_id: str) -> tuple[Model, ...]:
        return await (await self._open(provider_id)).provider.models()

    async def check(
        self,
        config: ProviderConfig,
        *,
        key: Secret | None = None,
        model: str = "",
        on_step: OnStep,
        on_next: Callable[[str], None] | None = None,
        spend: bool = False,
    ) -> CheckReport:
        """The connection test of settings that need not be saved, over sessions of its own.

        `key` None: the stored one of that address. `spend`: one token is asked for at the end. `on_next`: told which
        step begins.
        """
        if config.row.format == "offline":
            return await check_built_in(_guide(), on_step)
        sessions = await self._http()
        self._refuse_if_closed()
        temporary: list[HttpSession] = []

        def open_session(url: str) -> HttpSession:
            session = sessions.open_session(f"test of {config.id}", config.row.service(url), origin_of(url))
            temporary.append(session)
            return session

        def open_provider(url: str) -> Provider:
            return self._provider(config.row, url, open_session(url), key)

        test = ConnectionTest(
            config.row,
            config.address,
            self._limits,
            sessions.surroundings,
            open_session=open_session,
            open_provider=open_provider,
        )
        try:
            return await test.run(model, on_step, spend=spend, on_next=on_next)
        finally:
            for session in temporary:
                await session.close()

    async def close(self) -> tuple[str, ...]:
        """Closes everything for good; gives the names of what was still in use, which in order is nothing."""
        self._closed = True
        left = await self._opened.close()
        return left + (await self._sessions.close() if self._sessions else ())

    async def _open(self, provider_id: str) -> Opened:
        await self._opened.sweep()
        if provider_id not in self._opened and self._config(provider_id).row.format != "offline":
            await self._http()
            await self._recall(self._config(provider_id))
        self._refuse_if_closed()
        # Not before here: the settings may have changed, or another task may have opened it, in the meantime.
        opened = self._opened.find(provider_id)
        if opened is None:
            opened = self._opened.add(self._new(self._config(provider_id)))
        return opened

    def _config(self, provider_id: str) -> ProviderConfig:
        """Raises ProviderError for one that the settings do not have any more: a chat may still ask it."""
        config = self._configs.get(provider_id)
        if config is None:
            reason = "It is not among the services of your settings any more."
            raise ProviderError(problem("unknown", name=provider_id, reason=reason))
        return config

    async def _recall(self, config: ProviderConfig) -> None:
        """What was listed in an earlier run counts until the list is asked for anew."""
        facts = self._facts.setdefault((config.id, config.url), ModelFacts())
        if not facts.known:
            models = await self._known_models(config.id, config.url)
            if not facts.known:
                facts.learn(models)

    def _refuse_if_closed(self) -> None:
        """A session that is opened after the end would be closed by nobody."""
        if self._closed:
            raise ProviderError(problem("unknown", name="The panel", reason="It is being closed."))

    def _new(self, config: ProviderConfig) -> Opened:
        if config.row.format == "offline" or self._sessions is None:
            return Opened(config, _guide(), None)
        url = config.url
        session = self._sessions.open_session(config.id, config.row.service(url), origin_of(url))
        return Opened(config, self._provider(config.row, url, session, None), session)

    def _provider(self, row: ProviderRow, url: str, session: HttpSession, key: Secret | None) -> ApiProvider:
        assert row.format != "offline"
        return ApiProvider(
            Endpoint(row.id, row.label, url, row.needs_key, row.headers),
            wire_format(row.format, row.quirks),
            session,
            key=self._key_of(row.id, url, key),
            run_blocking=self._run_blocking,
            facts=self._facts.setdefault((row.id, url), ModelFacts()),
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

    async def _http(self) -> HttpSessions:
        """The sessions, ready to be opened with the settings of this moment. Raises ProviderError."""
        try:
            if self._sessions is None:
                http = await self._run_blocking(_import_http, deadline=_IMPORT_DEADLINE)
                if self._sessions is None:
                    self._sessions = http(
                        limits=self._limits,
                        redactor=self._redactor,
                        run_blocking=self._run_blocking,
                        password_for=self._proxy_password,
                    )
            while (await self._sessions.use(self._network)).network != self._network:
                pass  # they were changed meanwhile
        except (ImportError, OSError) as error:  # TimeoutError is an OSError
            reason, detail = "Its network part could not be loaded.", f"{type(error).__name__}: {error}"
            raise ProviderError(problem("unknown", name="The panel", reason=reason, detail=detail)) from error
        return self._sessions


async def _none_known(_: str, __: str) -> tuple[Model, ...]:
    return ()


async def _no_password(_: str) -> Secret | None:
    return None


def _guide() -> Provider:
    from ..offline.guide import Guide

    return Guide()


def _import_http() -> type[HttpSessions]:
    return importlib.import_module("..http", __package__).HttpSessions
