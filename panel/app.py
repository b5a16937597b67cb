"""The services of one running panel, built top to bottom, passed as arguments, closed in order. No Qt.

Owns what lives as long as the program: settings, keys, providers, the open script and the scope of all tasks. The
window, the pane in Nuke and the terminal each build one `Application`.

    settings -> redactor -> reports -> keys -> providers -> host -> chats
    closing:  tasks -> sessions -> recordings -> sinks of reports -> journal, each with its share of a second
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from ..providers.base import Model
from ..providers.errors import Problem, ProviderError, problem
from ..providers.manager import ProviderConfig, ProviderManager
from ..providers.network.proxies import UnusableProxy, proxy_for
from ..providers.redact import Redactor, Secret
from . import settings as options
from .chat import Chat
from .closing import Closing, Leftover, hand_over
from .hosts.base import EmptyHost, Host
from .hosts.script import open_script
from .in_force import InForce
from .keys import PROXY_LOGIN, Keyring, KeyringTrouble, KeyStore, platform_keyring
from .loop_stats import LoopStats
from .models import ModelCache, ModelLists, cache_folder
from .recordings import Recordings
from .reports import Reports
from .reports.buffer import REPORTS
from .reports.forwarder import Forwarder
from .reports.log_bridge import LogBridge
from .reports.logging_sink import LoggingSink
from .reports.nats_sink import NatsSink
from .reports.sessions import PastSession, adopt, crashed_sessions
from .settings import OwnService, ProviderSettings, Settings
from .tasks import TaskScope
from .threads import run_blocking

FILE_DEADLINE = 10.0
PROXY_DEADLINE = 5.0
_OUTSIDE = "example.com"
"""A name that stands for all servers that are not in the house; nothing is sent there."""


class Application:
    """All services. Made on the loop's thread; `close` ends everything it made."""

    def __init__(
        self,
        *,
        settings_path: Path | None = None,
        settings: Settings | None = None,
        environ: Mapping[str, str] = os.environ,
        keyring: Callable[[], Keyring] = platform_keyring,
        reports_folder: Path | None = None,
        loop_stats: Callable[[], LoopStats | None] = lambda: None,
    ) -> None:
        """`settings`: those of the file, where reading it here would hold up a window."""
        self._settings_path = settings_path or options.settings_path()
        self.settings = settings or options.load(self._settings_path, environ)
        self._saving = asyncio.Lock()
        self._in_force = InForce(self.settings, environ)
        self.environ = environ
        self.redactor = Redactor()
        self.reports = Reports(redactor=self.redactor, folder=reports_folder)
        self.loop_stats = loop_stats
        self.scope = TaskScope("application", on_failure=self._report)
        self.reporting = TaskScope("reports", on_failure=self._report)
        self.recording = TaskScope("recordings", on_failure=self._report)
        self.recordings = Recordings(
            self.reports.folder.with_name("recordings"), self.redactor.clean, self.recording, self.reports
        )
        self.forwarder = Forwarder(self.reporting, self.reports.follow, [LoggingSink(), NatsSink(self._in_force.nats)])
        self._bridge = LogBridge(self.reports.report)
        self._bridge.attach()
        self._bridge.set_level(self.settings.get(options.LOG_LEVEL))
        self._way_in = ""
        self.crashed: tuple[PastSession, ...] = ()
        """Earlier runs that did not end in order; `adopt_crashed` finds them."""
        self.keys = KeyStore(
            run_blocking=run_blocking,
            environ=environ,
            redactor=self.redactor,
            names=self.settings,
            needs_key=self._in_force.needs_key,
            keyring=keyring,
        )
        self.providers = ProviderManager(
            self._in_force.providers(),
            key_for=self._key_for,
            run_blocking=run_blocking,
            network=self._in_force.network(),
            proxy_password=self._proxy_password,
            limits=self._in_force.limits(),
            policy=self._in_force.policy(),
            known_models=self._known_models,
            recorder=self.recordings,
            redactor=self.redactor,
        )
        self.models = ModelLists(
            ModelCache(cache_folder(), self.redactor.clean),
            ask=self.providers.models,
            url_of=self._url_of,
            run_blocking=run_blocking,
        )
        self.host: Host = EmptyHost()

    async def open_script(self, path: Path) -> Host:
        """Reads a script; from then on it is what chats are about. Raises ScriptError."""
        self.host = await open_script(path, run_blocking)
        return self.host

    def chat(self, provider: str = "", model: str = "") -> Chat:
        """A new conversation, with the provider of the settings and its model unless others are named."""
        provider = provider or self.settings.get(options.PROVIDER)
        return Chat(
            models=self.providers,
            model_for=self.model_for,
            host=self.host,
            provider=provider,
            model=model or self.config(provider).model,
            rounds=self.settings.get(options.TOOL_ROUNDS),
            context=self.settings.get(options.CONTEXT) or None,
        )

    def config(self, provider_id: str) -> ProviderConfig:
        """What is in force for a provider. Raises KeyError for an id that nobody knows."""
        return self._in_force.provider(provider_id)

    def use_address(self, provider_id: str, address: str) -> None:
        """For this run only: the address of a provider, as `--base-url` says it."""
        self._in_force.use_address(provider_id, address)
        self.providers.configure(self._in_force.providers())

    def change_provider(self, provider_id: str, change: ProviderSettings) -> None:
        self.settings.set_provider(provider_id, change)
        self.providers.configure(self._in_force.providers())

    def put_service(self, service_id: str, service: OwnService, address: str) -> str:
        """Describes a service of the user's own, a new one for "", which is in force from now on; gives its id."""
        service_id = self.settings.put_service(service_id, service, address)
        self.providers.configure(self._in_force.providers())
        return service_id

    def remove_service(self, service_id: str) -> None:
        """It is not there any more. If it was the one that answers, the default is from now on."""
        if self.settings.get(options.PROVIDER) == service_id:
            self.settings.reset(options.PROVIDER)
        self.settings.remove_service(service_id)
        self.providers.configure(self._in_force.providers())

    async def model_for(self, provider_id: str) -> str:
        """The model to ask when none was chosen: that of the settings, else the first one a local server lists.

        A service's list begins with anything, so there the user chooses. Raises ProviderError.
        """
        config = self.config(provider_id)
        if config.model:
            return config.model
        listed = await self.models.recent(provider_id)
        first = next(iter(listed.models), None)
        if first is None or (len(listed.models) > 1 and config.row.needs_key):
            raise ProviderError(_no_model(config.row.label))
        return first.id

    @property
    def offered(self) -> tuple[str, ...]:
        """The ids of the providers to choose from, in the order of the catalog, then the user's own."""
        return tuple(filter(self.settings.offers, self.settings.services))

    def apply_settings(self) -> None:
        """What the settings say now counts at once, for everything that is not under way already."""
        self._bridge.set_level(self.settings.get(options.LOG_LEVEL))
        self.providers.configure(self._in_force.providers())
        self.providers.use_network(self._in_force.network())
        self.providers.use_limits(self._in_force.limits())
        self.providers.use_policy(self._in_force.policy())
        self.forwarder.heed_settings()

    async def save_settings(self) -> None:
        """Raises OSError when the file cannot be written; TimeoutError, which is one, when the disk is silent."""
        async with self._saving:  # or an older save could end after a newer one
            changes = self.settings.changes
            await run_blocking(options.save, changes, self._settings_path, deadline=FILE_DEADLINE)
            self.settings.note_saved(changes)

    def begin_session(self, way_in: str) -> None:
        """From here on a journal tells how this run went. `way_in`: "window", "nuke" or "terminal"."""
        self._way_in = way_in
        self.reports.begin(way_in)

    def set_log_level(self, level: str) -> None:
        """Raises ValueError for a level that the setting does not have."""
        self.settings.set(options.LOG_LEVEL, level)
        self.apply_settings()

    async def adopt_crashed(self) -> tuple[PastSession, ...]:
        """Takes over the journals of runs that did not end in order: what they reported is forwarded, once.

        Gives all that were found so far. Raises OSError when the disk is silent.
        """
        found = await run_blocking(_adopt, self.reports.folder, deadline=FILE_DEADLINE)
        newest_first = [report for session in found for report in session.reports]
        for report in reversed(newest_first[:REPORTS]):  # the way to the sinks holds no more
            self.forwarder.forward(report)
        self.crashed += found
        return self.crashed

    async def close(self) -> Leftover:
        """Ends everything in order, within `CLOSING` seconds, each part within its share."""
        closing = Closing(self._report)
        tasks = await closing.part("tasks", self.scope.close)
        sessions = await closing.part("sessions", self._close_sessions)
        self.recordings.stop()
        tasks += await closing.part("recordings", self.recording.close)
        if left := Leftover(tasks, sessions):
            self.reports.report(f"Left open at closing: {', '.join((*tasks, *sessions))}", origin="application")
        await closing.part("last reports", partial(hand_over, self.reports))
        sinks = await closing.part("sinks", self.forwarder.close)
        left = replace(left, sinks=(*sinks, *await self.reporting.close(0)))
        self._bridge.detach()
        if self._way_in:
            self.reports.end(left.by_kind, _figures(stats) if (stats := self.loop_stats()) else {})
        self.reports.close()
        return left

    async def _close_sessions(self, deadline: float) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(deadline):
                return await self.providers.close()
        except TimeoutError:
            return self.providers.open_sessions

    async def _key_for(self, provider_id: str, origin: str) -> Secret | None:
        try:
            found = await self.keys.find(provider_id, origin)
        except KeyringTrouble as trouble:
            missing = problem("key_missing", name=self.providers.label(provider_id))
            raise ProviderError(replace(missing, why=str(trouble))) from None
        return found.secret if found else None

    async def proxy_origin(self) -> str:
        """The origin of the proxy on the way out, which its password belongs to; "" where there is none."""
        try:
            proxy = await run_blocking(
                proxy_for, self._in_force.network(), "https", _OUTSIDE, 443, deadline=PROXY_DEADLINE
            )
        except (UnusableProxy, TimeoutError):
            return ""
        return proxy.origin if proxy else ""

    async def _proxy_password(self, origin: str) -> Secret | None:
        try:
            found = await self.keys.find(PROXY_LOGIN, origin)
        except KeyringTrouble as trouble:
            wanted = problem("proxy_auth", name="The proxy")
            raise ProviderError(replace(wanted, why=str(trouble))) from None
        return found.secret if found else None

    def _url_of(self, provider_id: str) -> str:
        return self.config(provider_id).url

    async def _known_models(self, provider_id: str, url: str) -> tuple[Model, ...]:
        found = await self.models.known_at(provider_id, url)
        return found.models if found else ()

    def _report(self, name: str, error: BaseException) -> None:
        self.reports.report(error, origin=name)


def _adopt(folder: Path) -> tuple[PastSession, ...]:
    return tuple(session for session in crashed_sessions(folder) if adopt(session))


def _figures(stats: LoopStats) -> dict[str, object]:
    """For the journal: the numbers, and the names of calls that still hang; not each single lag."""
    return {name: value for name, value in asdict(stats).items() if name != "lags"}


def _no_model(label: str) -> Problem:
    return Problem(
        "model_unknown",
        "error",
        f"No model is chosen for {label[:30]}",
        "The service has several, and which one answers is your choice.",
        "Choose one in the model field or with --model; `Test connection` lists them.",
    )
