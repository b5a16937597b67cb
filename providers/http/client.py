"""How `aiohttp` is set up here, and the few things that it keeps to itself.

Owns the settings of the client and the private names that are read; a test holds the names.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp

from ..limits import Limits
from .routes import DIRECT, Route

_READ_BUFFER = 2**16
"""Bytes that are taken from the network before they are read: what one turn of the loop may have to parse."""


@dataclass(slots=True)
class Attempt:
    """A request, as far as it came: `connected` says whether the way to the server stands, `reused` whether it was open
    already. `tries`: how often it was sent, or was to be.
    """

    route: Route = DIRECT
    connected: bool = False
    reused: bool = False
    tries: int = 0

    def begin(self) -> None:
        self.connected = self.reused = False
        self.tries += 1


def make_client(limits: Limits, tls: ssl.SSLContext) -> aiohttp.ClientSession:
    """A client that notes in the `Attempt` of a request how far it came. Names are looked up by the loop's executor."""
    tracing = aiohttp.TraceConfig()
    tracing.on_connection_create_end.append(_note_connection)
    tracing.on_connection_reuseconn.append(_note_reuse)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=tls, resolver=aiohttp.ThreadedResolver()),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=limits.connect, sock_connect=limits.connect),
        trust_env=False,
        read_bufsize=_READ_BUFFER,
        trace_configs=[tracing],
    )


async def _note_connection(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
    context.trace_request_ctx.connected = True


async def _note_reuse(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
    context.trace_request_ctx.connected = context.trace_request_ctx.reused = True


def sockets_of(client: aiohttp.ClientSession) -> int:
    """Connections that are in use or kept for the next request. aiohttp counts them for itself only."""
    used: Sized = getattr(client.connector, "_acquired", ())
    kept: Mapping[object, Sized] = getattr(client.connector, "_conns", {})
    return len(used) + sum(len(connections) for connections in kept.values())


def left_in(content: aiohttp.StreamReader) -> bytes:
    """What had arrived before the connection broke: aiohttp gives the error first and keeps the bytes to itself."""
    read: Callable[[int], bytes] | None = getattr(content, "_read_nowait", None)
    return read(-1) if read else b""
