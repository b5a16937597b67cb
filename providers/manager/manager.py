"""Every configured provider behind one door, with one session each, counted and closed.

Owns which provider is configured how, and when its session is opened and closed. A key is asked for the origin that is
in use and goes nowhere else.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

from ..address import origin_of
from ..api.provider import ApiProvider
from ..base import CheckReport, KeyFor, Model, OnStep, Provider, Request, RunBlocking
from ..checks.connection_test import ConnectionTest, check_built_in
from ..errors import ProviderError, problem
from ..limits import Limits
from ..messages import StreamEvent
from ..network import Network
from ..redact import Redactor, Secret
from ..wire.recording import Recorder
from .making import KnownModels, ProviderMaker, make_guide
from .network_parts import NetworkParts
from .opened import ConnectionStats, Opened, OpenedProviders, ProviderConfig
from .places import Place, Places
from .retrying import Question, RequestPolicy, Timing

if TYPE_CHECKING:
    from ..http import HttpSession, HttpSessions
    from ..http.routes import PasswordFor


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
        self._network = NetworkParts(
            network=network or Network(),
            limits=limits or Limits(),
            run_blocking=run_blocking,
            proxy_password=proxy_password or _no_password,
            redactor=redactor,
        )
        self._maker = ProviderMaker(
            key_for=key_for,
            run_blocking=run_blocking,
            known_models=known_models or _none_known,
            recorder=recorder,
            redactor=redactor,
        )
        self._policy = policy or RequestPolicy()
        self._timing = timing or Timing()
        self._places: dict[str, Places] = {}
        self._opened = OpenedProviders()
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
        return self._network.open

    @property
    def open_streams(self) -> int:
        return self._opened.streams

    def stats(self) -> tuple[ConnectionStats, ...]:
        """Of each provider that has anything open, in the order in which it was opened."""
        return self._opened.stats(self._network.sockets())

    def configure(self, configs: Iterable[ProviderConfig]) -> None:
        """Takes new settings over. What changed is opened anew when it is next used.

        The old session is closed after its last stream, or with the next call if it has none.
        """
        self._configs = {config.id: config for config in configs}
        self._opened.retire(lambda config: self._configs.get(config.id) != config)

    def use_network(self, network: Network) -> None:
        """Takes new settings of the network over, as `configure` does for each provider."""
        if network != self._network.network:
            self._network.network = network
            self._opened.retire(lambda _: True)

    def use_limits(self, limits: Limits) -> None:
        """The same with new limits; what is under way keeps those that it began with."""
        if limits != self._network.limits:
            self._network.limits = limits
            self._opened.retire(lambda _: True)

    def use_policy(self, policy: RequestPolicy) -> None:
        """For the questions from now on; those that wait for their turn follow it too."""
        self._policy = policy
        for places in self._places.values():
            places.resize(policy.at_once)

    async def prepare(self) -> None:
        """Imports the network parts now, on a thread, so that the first question does not wait for them."""
        await self._network.ready()

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
            patience=self._network.limits.until_first_event(opened.provider.capabilities.local),
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
            return await check_built_in(make_guide(), on_step)
        sessions = await self._network.ready()
        self._refuse_if_closed()
        async with self._test(config, sessions, key) as test:
            return await test.run(model, on_step, spend=spend, on_next=on_next)

    @asynccontextmanager
    async def _test(
        self, config: ProviderConfig, sessions: HttpSessions, key: Secret | None
    ) -> AsyncGenerator[ConnectionTest]:
        """A connection test whose sessions end with it."""
        temporary: list[HttpSession] = []

        def open_session(url: str) -> HttpSession:
            session = sessions.open_session(f"test of {config.id}", config.row.service(url), origin_of(url))
            temporary.append(session)
            return session

        def open_provider(url: str) -> Provider:
            return self._maker.provider(config.row, url, open_session(url), key)

        try:
            yield ConnectionTest(
                config.row,
                config.address,
                self._network.limits,
                sessions.surroundings,
                open_session=open_session,
                open_provider=open_provider,
            )
        finally:
            for session in temporary:
                await session.close()

    async def close(self) -> tuple[str, ...]:
        """Closes everything for good; gives the names of what was still in use, which in order is nothing."""
        self._closed = True
        left = await self._opened.close()
        return left + await self._network.close()

    async def _open(self, provider_id: str) -> Opened:
        await self._opened.sweep()
        sessions: HttpSessions | None = None
        if provider_id not in self._opened and self._config(provider_id).row.format != "offline":
            await self._maker.recall(self._config(provider_id))
            sessions = await self._network.ready()  # the last to be waited for, so that no newer settings are missed
        self._refuse_if_closed()
        # Not before here: the settings may have changed, or another task may have opened it, in the meantime.
        opened = self._opened.find(provider_id)
        if opened is None:
            opened = self._opened.add(self._new(self._config(provider_id), sessions))
        return opened

    def _config(self, provider_id: str) -> ProviderConfig:
        """Raises ProviderError for one that the settings do not have any more: a chat may still ask it."""
        config = self._configs.get(provider_id)
        if config is None:
            reason = "It is not among the services of your settings any more."
            raise ProviderError(problem("unknown", name=provider_id, reason=reason))
        return config

    def _refuse_if_closed(self) -> None:
        """A session that is opened after the end would be closed by nobody."""
        if self._closed:
            raise ProviderError(problem("unknown", name="The panel", reason="It is being closed."))

    def _new(self, config: ProviderConfig, sessions: HttpSessions | None) -> Opened:
        if sessions is None:
            return Opened(config, make_guide(), None)
        url = config.url
        session = sessions.open_session(config.id, config.row.service(url), origin_of(url))
        return Opened(config, self._maker.provider(config.row, url, session), session)


async def _none_known(_: str, __: str) -> tuple[Model, ...]:
    return ()


async def _no_password(_: str) -> Secret | None:
    return None
