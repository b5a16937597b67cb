"""A real proxy on loopback: CONNECT for what is encrypted, whole addresses for what is not, with Basic if wanted.

    async with proxy_server(user="ann", password="p:w@rd") as proxy:
        ...  # proxy.address; proxy.passed says what went through, proxy.refused how often it said 407

`names` are hosts that only the proxy can find, with the port on this computer where they really are. `odd` is sent
instead of an answer: what a proxy should not say. Everything ends with the `async with`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class ProxyServer:
    """A running proxy. `passed`: each request that went on, such as `CONNECT a.example:443`."""

    login: str = ""
    names: Mapping[str, int] = field(default_factory=dict)
    odd: bytes | None = None
    hangs: bool = False
    port: int = 0
    secure: bool = False
    connections: int = 0
    refused: int = 0
    passed: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    running: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.place}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._serve_one(reader, writer):
                    pass
        finally:
            await _close(writer)

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers one request; gives whether another may follow."""
        first, headers, rest = _parts(await reader.readuntil(b"\r\n\r\n"))
        self.asked.set()
        self.headers.append(headers)
        if self.hangs:
            await reader.read()
            return False
        if self.odd is not None:
            writer.write(self.odd)
            await writer.drain()
            return False
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if self.login and headers.get("proxy-authorization") != f"Basic {self.login}":
            self.refused += 1
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n")
            writer.write(b"Content-Length: 0\r\n\r\n")
            await writer.drain()
            return True
        self.passed.append(" ".join(first.split(" ")[:2]))
        if first.startswith("CONNECT "):
            await self._tunnel(first.split(" ")[1], reader, writer)
        else:
            await self._forward(first, rest, body, reader, writer)
        return False

    async def _tunnel(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = target.rpartition(":")
        server = await self._reach(host, int(port), writer)
        if server:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await _join((reader, writer), server)

    async def _forward(
        self, first: str, lines: list[str], body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        method, target, version = first.split(" ")
        parts = urlsplit(target)
        assert parts.hostname, f"no whole address: {target}"
        server = await self._reach(parts.hostname, parts.port or 80, writer)
        if server:
            own = ("proxy-", "connection:")
            kept = [line for line in lines if not line.lower().startswith(own)]
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            head = "\r\n".join((f"{method} {path} {version}", *kept, "", ""))
            server[1].write(head.encode("latin-1") + body)
            status = await server[0].readline()
            writer.write(status + b"Connection: close\r\n")  # or the next request would come unasked
            await _join((reader, writer), server)

    async def _reach(self, host: str, port: int, writer: asyncio.StreamWriter) -> Ends | None:
        try:
            return await asyncio.open_connection("127.0.0.1", self.names[host] if host in self.names else port)
        except OSError:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\n")
            writer.write(b"Content-Type: text/html\r\nContent-Length: 4\r\n\r\n<p/>")
            await writer.drain()
            return None


@contextlib.asynccontextmanager
async def proxy_server(
    *, user: str = "", password: str = "", tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[ProxyServer]:
    login = base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""
    proxy = ProxyServer(login, secure=tls is not None, **options)
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, ssl=tls)
    proxy.port = listener.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listener.close()
        left = {*proxy.running}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)


def _parts(head: bytes) -> tuple[str, dict[str, str], list[str]]:
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return first, headers, lines


async def _join(client: Ends, server: Ends) -> None:
    """Both ways at once, until both ends are through; one that breaks off ends the other."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_pump(client[0], server[1]))
            group.create_task(_pump(server[0], client[1]))
    finally:
        await _close(server[1])


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await source.read(2**16):
            target.write(piece)
            await target.drain()
    target.transport.close()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with contextlib.suppress(OSError, asyncio.CancelledError):
        await writer.wait_closed()
