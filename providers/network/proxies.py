"""The proxy through which one server is reached.

Owns the reading of the system's settings and of what was typed. `trust_env` of aiohttp is never used: it would also
read `.netrc` and send what is meant for this computer through the proxy.
"""

from __future__ import annotations

import ipaddress
import re
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from ..redact import Secret
from .direct import is_listed, is_this_computer
from .values import Network

ToldBy = Literal["system", "settings"]

_DEFAULT_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?")
_BETWEEN = re.compile(r"[,\s]+")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy. `told_by`: the system's settings (with its variables) or the panel's. `password`: the system told it."""

    scheme: str
    host: str
    port: int
    told_by: ToldBy
    user: str = ""
    password: Secret | None = None

    @property
    def place(self) -> str:
        """HOST:PORT."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """`scheme://host:port`: what its password is kept under."""
        return f"{self.scheme}://{self.place}"


class UnusableProxy(Exception):
    """There is to be a proxy, but not one like this. The text says why, `place` which."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(why)
        self.place = place


def proxy_for(network: Network, scheme: str, host: str, port: int) -> Proxy | None:
    """Through which proxy this server is reached; None for none.

    Blocking: on Windows and macOS the list of exceptions may need a name looked up. Raises UnusableProxy.
    """
    if network.proxy == "none" or is_this_computer(host) or is_listed(host, port, network.direct_hosts):
        return None
    if network.proxy == "manual":
        return manual_proxy(network)
    return _system_proxy(scheme, host, port)


def manual_proxy(network: Network) -> Proxy:
    """The proxy of the settings. Raises UnusableProxy."""
    address = network.proxy_address.strip()
    if not address:
        raise UnusableProxy("", "The settings ask for a proxy and name none.")
    if "@" in address:
        raise UnusableProxy("", "Leave user name and password out of the address; they have fields of their own.")
    return _parsed(address, "settings", network.proxy_user)


def proxy_address_problem(text: str) -> str:
    """What is wrong with the address of a proxy, as a sentence to show beside it; "" for one that can be tried."""
    try:
        manual_proxy(Network(proxy="manual", proxy_address=text))
    except UnusableProxy as unusable:
        return str(unusable)
    return ""


def _system_proxy(scheme: str, host: str, port: int) -> Proxy | None:
    told = urllib.request.getproxies()
    address = told.get(scheme) or told.get("all") or _socks(told)
    if not address or is_listed(host, port, _BETWEEN.split(told.get("no", ""))) or urllib.request.proxy_bypass(host):
        return None
    return _parsed(address, "system", "")


def _socks(told: Mapping[str, str]) -> str:
    """macOS names a SOCKS proxy as if it were one for HTTP."""
    address = told.get("socks", "")
    return f"socks://{address.rpartition('://')[2]}" if address else ""


def _parsed(text: str, told_by: ToldBy, user: str) -> Proxy:
    scheme, _, rest = (text if "://" in text else f"http://{text}").partition("://")
    login, _, server = rest.rpartition("@")  # a password may hold what ends a host elsewhere
    parts = _split(f"{scheme}://{server}")
    place = parts.netloc
    if parts.scheme.startswith("socks"):
        raise UnusableProxy(place, "It is a SOCKS proxy, and only HTTP proxies can be used.")
    if parts.scheme not in _DEFAULT_PORTS:
        raise UnusableProxy(place, "The address of a proxy begins with http:// or https://.")
    name, _, password = login.partition(":")
    return Proxy(
        parts.scheme,
        _host(parts.hostname or "", place),
        _port(parts, place),
        told_by,
        user or unquote(name),
        Secret(unquote(password)) if password else None,
    )


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError:
        raise UnusableProxy("", "The address of the proxy cannot be read.") from None


def _host(name: str, place: str) -> str:
    try:
        host = str(ipaddress.IPv6Address(name)) if ":" in name else name.encode("idna").decode()
    except ValueError:  # of which UnicodeError is one
        host = ""
    if not (":" in host or _NAME.fullmatch(host)):
        raise UnusableProxy(place, "The name of the proxy cannot be read.")
    return host


def _port(parts: SplitResult, place: str) -> int:
    try:
        port = _DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    except ValueError:
        port = 0
    if not port:
        raise UnusableProxy(place, "The port of the proxy is a number from 1 to 65535.")
    return port
