"""The route to a server: straight or through a proxy, and what the proxy is shown.

Owns the asking: for the system's settings and for the password, each on a thread. It opens no connection.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ..address import Address
from ..base import RunBlocking
from ..errors import Service
from ..network import Network
from ..network.proxies import Proxy, UnusableProxy, proxy_for
from ..network.proxy_problems import unusable
from ..redact import Redactor, Secret

PasswordFor = Callable[[str], Awaitable[Secret | None]]
"""The origin of a proxy to the password that is kept for it, or None."""


@dataclass(frozen=True, slots=True)
class Route:
    """`proxy` None: straight. `login`: the value of the header by which the proxy knows the user."""

    proxy: Proxy | None = None
    login: Secret | None = field(default=None, repr=False)

    @property
    def proxy_headers(self) -> dict[str, str]:
        """What is for the proxy alone."""
        return {"Proxy-Authorization": self.login.reveal()} if self.login else {}


DIRECT = Route()


class Routes:
    """Finds routes by one set of settings."""

    def __init__(
        self, network: Network, *, password_for: PasswordFor, run_blocking: RunBlocking, redactor: Redactor
    ) -> None:
        self._network = network
        self._password_for = password_for
        self._run_blocking = run_blocking
        self._redactor = redactor

    async def to(self, address: Address, service: Service, seconds: float) -> Route:
        """The route to this server as things are now. Raises ProviderError."""
        try:
            proxy = await self._run_blocking(
                proxy_for, self._network, address.scheme, address.host, address.port, deadline=seconds
            )
        except UnusableProxy as error:
            raise unusable(error, service) from None
        except TimeoutError:
            detail = "The system did not say through which proxy."
            raise service.error("connect_timeout", seconds=seconds, detail=detail) from None
        return Route(proxy, await self._login(proxy) if proxy and proxy.user else None)

    async def _login(self, proxy: Proxy) -> Secret:
        """Basic, in UTF-8 (RFC 7617): what curl and browsers send."""
        password = proxy.password or await self._password_for(proxy.origin) or Secret("")
        coded = Secret(base64.b64encode(f"{proxy.user}:{password.reveal()}".encode()).decode())
        self._redactor.add(password)
        self._redactor.add(coded)
        return Secret(f"Basic {coded.reveal()}")
