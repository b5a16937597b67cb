"""The way to a server, before any HTTP: its name, a connection, encryption. Each is tried and closed again.

Owns plain sockets for the connection test. It sends nothing.
"""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar

from .address import Address
from .connection_errors import kind_of_os_error
from .errors import ProviderError, Service

T = TypeVar("T")


class Way:
    """The way to `address`, in the order of the methods. Each says in words what it found, or raises ProviderError."""

    def __init__(self, address: Address, service: Service, *, seconds: float) -> None:
        self._address = address
        self._service = service
        self._seconds = seconds
        self._places: list[str] = []

    async def find(self) -> str:
        """Looks the name up, through the loop's own executor."""
        loop = asyncio.get_running_loop()
        host, port = self._address.host, self._address.port
        found = await self._within(self._seconds, loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        self._places = list({entry[0]: str(entry[4][0]) for entry in reversed(found)}.values())[::-1]
        places = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if places == [host]:
            return f"{host}, nothing to look up"
        return places[0] if len(places) == 1 else f"{places[0]} and {len(places) - 1} more"

    async def connect(self) -> str:
        await _hang_up(await self._open(None))
        return f"port {self._address.port}, direct"

    async def secure(self, tls: ssl.SSLContext) -> str:
        """Connects with encryption and checks the certificate."""
        writer = await self._open(tls)
        try:
            return _describe(writer.get_extra_info("ssl_object"))
        finally:
            await _hang_up(writer)

    async def _open(self, tls: ssl.SSLContext | None) -> asyncio.StreamWriter:
        """To the first address that answers, of IPv6 and of IPv4 one each, which share the time.

        One after the other: asyncio's own race of several loses a socket if it is cancelled as one of them wins (3.11).
        """
        name = self._address.host if tls else None
        failure = self._service.error("host_unknown")
        for place in self._places:
            opening = asyncio.open_connection(place, self._address.port, ssl=tls, server_hostname=name)
            try:
                return (await self._within(self._seconds / len(self._places), opening))[1]
            except ProviderError as error:
                failure = error
        raise failure

    async def _within(self, seconds: float, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(seconds):
                return await work
        except (OSError, ValueError) as error:
            kind = kind_of_os_error(error, self._service)
            detail = f"{type(error).__name__}: {error}"
            raise self._service.error(kind, seconds=self._seconds, detail=detail[:1000]) from None


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    """At once: a server that hangs would not say goodbye either."""
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


def _describe(connection: Any) -> str:
    """The protocol version and how long the certificate is valid, as far as they can be read."""
    version = str(connection.version()).removeprefix("TLSv")
    certificate: dict[str, Any] = connection.getpeercert() or {}
    until = certificate.get("notAfter")
    if not until:
        return f"{version}, certificate trusted"
    day = datetime.datetime.fromtimestamp(ssl.cert_time_to_seconds(until), datetime.UTC)
    return f"{version}, certificate valid to {day.day} {day:%b %Y}"
