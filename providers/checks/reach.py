"""The way to a server, before any HTTP: its name, a connection, the proxy, encryption. Each is tried and closed again.

Owns plain sockets for the connection test. All that it sends is a proxy's own request for a way through.
"""

from __future__ import annotations

import asyncio
import datetime
import re
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from ..address import Address
from ..connection_errors import kind_of_os_error, with_ca_trouble
from ..errors import ProviderError, Service
from ..network import proxy_problems
from ..network.certificates import Trust
from ..network.proxies import Proxy

if TYPE_CHECKING:
    from ..http.routes import Route

T = TypeVar("T")

_STATUS = re.compile(rb"HTTP/1\.[01] +(\d{3})\b")
_DETAIL = 1000
_TOLD_BY = {"system": "by the system's settings", "settings": "by the settings"}

_Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Way:
    """The way to `address`, in the order of the methods. Each says in words what it found, or raises ProviderError."""

    def __init__(self, address: Address, service: Service, route: Route, trust: Trust, *, seconds: float) -> None:
        self._address = address
        self._service = service
        self._route = route
        self._proxy = route.proxy
        self._next: Address | Proxy = route.proxy or address
        self._trust = trust
        self._seconds = seconds
        self._places: list[str] = []

    async def find(self) -> str:
        """Looks the name up, through the loop's own executor; of a server behind a proxy, the proxy's."""
        loop = asyncio.get_running_loop()
        host, port = self._next.host, self._next.port
        found = await self._within(self._seconds, loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        self._places = list({entry[0]: str(entry[4][0]) for entry in reversed(found)}.values())[::-1]
        places = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        whose = "the proxy, " if self._proxy else ""
        if places == [host]:
            return f"{whose}{host}, nothing to look up"
        return whose + (places[0] if len(places) == 1 else f"{places[0]} and {len(places) - 1} more")

    async def connect(self) -> str:
        _, writer = await self._open(None)
        await _hang_up(writer)
        return f"port {self._next.port}, {'the proxy' if self._proxy else 'direct'}"

    async def pass_proxy(self) -> str:
        """Asks the proxy for a way through, if it is to be asked: without encryption it reads the request itself."""
        assert self._proxy is not None
        if self._address.scheme == "https":
            async with self._tunnel():
                pass
        return f"{self._proxy.place}, named {_TOLD_BY[self._proxy.told_by]}"

    async def secure(self) -> str:
        """Connects with encryption and checks the certificate."""
        if self._proxy is None:
            _, writer = await self._open(self._trust.context)
            return await self._looked_at(writer)
        async with self._tunnel() as (_, writer):
            await self._shake_hands(writer)
            return await self._looked_at(writer)

    async def _shake_hands(self, writer: asyncio.StreamWriter) -> None:
        handshake = writer.start_tls(self._trust.context, server_hostname=self._address.host)
        try:
            await self._within(self._seconds, handshake, through=True)
        except TypeError as error:  # of asyncio itself, where the inner of two handshakes fails (3.11.7)
            raise self._service.error("tls_failed", detail=f"TypeError: {error}") from None

    async def _looked_at(self, writer: asyncio.StreamWriter) -> str:
        try:
            seen = _describe(writer.get_extra_info("ssl_object"))
        finally:
            await _hang_up(writer)
        return f"{seen}; {self._trust.trouble}" if self._trust.trouble else seen

    @asynccontextmanager
    async def _tunnel(self) -> AsyncGenerator[_Ends]:
        """A connection that the proxy has put through to the server."""
        assert self._proxy is not None
        reader, writer = await self._open(self._trust.context if self._proxy.scheme == "https" else None)
        try:
            await self._within(self._seconds, self._ask_for_tunnel(reader, writer), through=True)
            yield reader, writer
        finally:
            await _hang_up(writer)

    async def _ask_for_tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._proxy is not None
        host = f"[{self._address.host}]" if ":" in self._address.host else self._address.host
        target = f"{host}:{self._address.port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        lines += [f"{name}: {value}" for name, value in self._route.proxy_headers.items()]
        writer.write("\r\n".join((*lines, "", "")).encode("ascii"))
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            head = error.partial
        except asyncio.LimitOverrunError:
            head = b"?"
        if not head:
            raise proxy_problems.hung_up(self._proxy, self._service)
        status = _STATUS.match(head)
        if status is None:
            raise proxy_problems.no_proxy(self._proxy, self._service, speaks_tls=head.startswith(b"\x15\x03"))
        if status[1] != b"200":
            with_login = self._route.login is not None
            raise proxy_problems.answered(self._proxy, self._service, int(status[1]), with_login=with_login)

    async def _open(self, tls: ssl.SSLContext | None) -> _Ends:
        """To the first address that answers, of IPv6 and of IPv4 one each, which share the time.

        One after the other: asyncio's own race of several loses a socket if it is cancelled as one of them wins (3.11).
        """
        name = self._next.host if tls else None
        failure = self._service.error("host_unknown")
        for place in self._places:
            opening = asyncio.open_connection(place, self._next.port, ssl=tls, server_hostname=name)
            try:
                return await self._within(self._seconds / len(self._places), opening)
            except ProviderError as error:
                failure = error
        raise failure

    async def _within(self, seconds: float, work: Awaitable[T], *, through: bool = False) -> T:
        """`through`: the work is at the server's end, beyond the proxy."""
        try:
            async with asyncio.timeout(seconds):
                return await work
        except (OSError, ValueError) as error:
            raise self._failure(error, through=through) from None

    def _failure(self, error: OSError | ValueError, *, through: bool) -> ProviderError:
        kind = kind_of_os_error(error, self._service)
        detail = f"{type(error).__name__}: {error}"[:_DETAIL]
        if self._proxy and not through:
            failure = proxy_problems.unreachable(self._proxy, self._service, kind, detail)
        elif self._proxy and kind == "connect_timeout":
            failure = proxy_problems.silent(self._proxy, self._service, self._seconds, detail)
        elif self._proxy and kind == "stream_cut":
            failure = proxy_problems.hung_up(self._proxy, self._service, detail)
        elif kind == "stream_cut" and self._address.scheme == "https":
            failure = self._service.error("tls_failed", detail=detail)
        else:
            failure = self._service.error(kind, seconds=self._seconds, detail=detail)
        return ProviderError(with_ca_trouble(failure.problem, self._trust))


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    """At once: a server that hangs would not say goodbye either.

    `wait_closed` would never come back where a handshake inside of a connection has failed (3.11); the socket is closed
    in the loop's next turn.
    """
    writer.transport.abort()
    await asyncio.sleep(0)


def _describe(connection: Any) -> str:
    """The protocol version and how long the certificate is valid, as far as they can be read."""
    version = str(connection.version()).removeprefix("TLSv")
    certificate: dict[str, Any] = connection.getpeercert() or {}
    until = certificate.get("notAfter")
    if not until:
        return f"{version}, certificate trusted"
    day = datetime.datetime.fromtimestamp(ssl.cert_time_to_seconds(until), datetime.UTC)
    return f"{version}, certificate valid to {day.day} {day:%b %Y}"
