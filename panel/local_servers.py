"""Whether a model server on this computer answers. Owns the one question that is asked of it; needs no key. No Qt."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from dataclasses import dataclass, replace
from typing import Literal

from ..providers.address import Address, parse_address
from ..providers.errors import ProviderError

SERVER_SECONDS = 0.5

ServerState = Literal["answers", "silent", "closed", "elsewhere"]


@dataclass(frozen=True, slots=True)
class LocalServer:
    """`answers` HTTP, is `silent` though it takes connections, is `closed`, or is `elsewhere` and was not asked."""

    id: str
    label: str
    address: str
    state: ServerState = "elsewhere"
    seconds: float = 0.0


async def knock(server: LocalServer) -> LocalServer:
    """One connection and one question, without a key."""
    try:
        address = parse_address(server.address)
    except ProviderError:
        return server
    if not _on_this_computer(address.host):
        return server
    began = time.perf_counter()
    try:
        async with asyncio.timeout(SERVER_SECONDS):
            state = "answers" if await _asked(address) else "silent"
    except TimeoutError:
        state = "silent"
    except OSError:
        state = "closed"
    return replace(server, state=state, seconds=time.perf_counter() - began)


async def _asked(address: Address) -> bool:
    """Whether something that speaks HTTP is there. Raises OSError where nothing listens."""
    # Not the name: what it stands for is decided by a file that anybody may have changed.
    host = "127.0.0.1" if address.host == "localhost" else address.host
    reader, writer = await asyncio.open_connection(host, address.port)
    try:
        writer.write(f"GET {address.path}/models HTTP/1.0\r\nHost: {address.place}\r\n\r\n".encode("ascii"))
        return (await reader.read(5)).startswith(b"HTTP/")
    finally:
        writer.transport.abort()


def _on_this_computer(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
