"""What the settings say, as those want it who work by it: providers, network, limits, the NATS server.

Owns the translation, and the addresses of this run (`--base-url`). It changes no setting, and keeps no answer: who
asks again after a change gets the new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from ..providers.catalog import ProviderRow
from ..providers.limits import Limits
from ..providers.manager import ProviderConfig, RequestPolicy
from ..providers.network import Network, ProxyMode
from . import settings as options
from .reports.nats_address import SERVER_VARIABLE, NatsTarget
from .settings import Settings
from .settings.text_rules import entries


class InForce:
    """The settings and the environment of one run, together."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._environ = environ
        self._addresses: dict[str, str] = {}

    def use_address(self, provider_id: str, address: str) -> None:
        """For this run only."""
        self._addresses[provider_id] = address

    def providers(self) -> list[ProviderConfig]:
        return [self._provider(row) for row in self._settings.services.values()]

    def provider(self, provider_id: str) -> ProviderConfig:
        """Raises KeyError for an id that nobody knows."""
        return self._provider(self._settings.services[provider_id])

    def needs_key(self, provider_id: str) -> bool:
        row = self._settings.services.get(provider_id)
        return row is not None and row.needs_key

    def network(self) -> Network:
        get = self._settings.get
        return Network(
            proxy=cast(ProxyMode, get(options.PROXY)),  # one of its choices, or the setting would have been left out
            proxy_address=get(options.PROXY_ADDRESS),
            proxy_user=get(options.PROXY_USER),
            direct_hosts=entries(get(options.DIRECT_HOSTS)),
            ca_file=get(options.CA_FILE),
        )

    def limits(self) -> Limits:
        get = self._settings.get
        return Limits(
            connect=get(options.CONNECT),
            first_event=get(options.FIRST_EVENT_CLOUD),
            first_event_local=get(options.FIRST_EVENT_LOCAL),
            idle=get(options.IDLE_CLOUD),
            idle_local=get(options.IDLE_LOCAL),
            total=get(options.TOTAL),
            test=get(options.TEST),
        )

    def policy(self) -> RequestPolicy:
        get = self._settings.get
        return RequestPolicy(retries=get(options.RETRIES), at_once=get(options.AT_ONCE))

    def nats(self) -> NatsTarget:
        subject = self._settings.get(options.NATS_SUBJECT)
        if server := self._environ.get(SERVER_VARIABLE):
            return NatsTarget(server, subject)
        return NatsTarget(self._settings.get(options.NATS_SERVER), subject, in_file=True)

    def _provider(self, row: ProviderRow) -> ProviderConfig:
        if address := self._addresses.get(row.id):
            return ProviderConfig(row, address)
        chosen = self._settings.provider(row.id)
        return ProviderConfig(row, chosen.address or row.base_url, chosen.model)
