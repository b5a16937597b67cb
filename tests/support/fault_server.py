"""Servers that do one thing wrong, on loopback, made of small pieces.

    async def cut(call: Call) -> None:
        await call.stream(chunk("Hello"), chunk(" you"))
        call.hang_up()

    async with fault_server(cut) as server:
        ...  # server.url is a base URL; server.calls says what was asked

A handler gets one `Call` for each request and writes whatever it likes, well-formed or not. Ready-made handlers are at
the end: `answers`, `fails`, `cut_in_the_middle`, `silent_after_a_token`, `redirects_to`, ...; each is one row of what a
network does to people. When the handler returns, the connection is closed in order, unless it said `keep_open`.
Everything ends with the `async with`; an error in a handler is logged by asyncio, which fails the test.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

SSE = "text/event-stream"
MODEL = "tiny"


@dataclass
class FaultServer:
    """A running server. `connections` counts also those over which nothing was asked; `heard`: a byte has come."""

    host: str
    port: int
    secure: bool = False
    connections: int = 0
    received: int = 0
    calls: list[Call] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def origin(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/v1"


@dataclass
class Call:
    """One request, and the ways to answer it. `gone` is set when the client closes the connection."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    writer: asyncio.StreamWriter
    gone: asyncio.Event
    keep_open: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def reply(
        self, body: bytes | str, *, status: str = "200 OK", kind: str = "application/json", **more: str
    ) -> None:
        """A whole, well-formed answer."""
        data = body.encode() if isinstance(body, str) else body
        await self.send(head(status, kind, **{"Content-Length": str(len(data))}, **_names(more)) + data)

    async def begin(self, kind: str = SSE, **more: str) -> None:
        """The head of a chunked answer."""
        await self.send(head("200 OK", kind, **{"Transfer-Encoding": "chunked"}, **_names(more)))

    async def part(self, data: bytes) -> None:
        """One piece of a chunked answer."""
        await self.send(b"%x\r\n%b\r\n" % (len(data), data))

    async def end(self) -> None:
        """The end of a chunked answer."""
        await self.send(b"0\r\n\r\n")

    async def stream(self, *events: bytes) -> None:
        """The head of a stream and these events; whether it goes on is up to the caller."""
        await self.begin()
        for event in events:
            await self.part(event)

    async def pause(self, seconds: float) -> None:
        """Time passes, unless the client leaves."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.gone.wait()

    def hang_up(self) -> None:
        """Closes with a reset, so that it cannot pass for an orderly end."""
        raw: socket.socket = self.writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Handler = Callable[[Call], Awaitable[None]]


@contextlib.asynccontextmanager
async def fault_server(handler: Handler, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[FaultServer]:
    """A server on a free port of 127.0.0.1 until the block is left."""
    server = FaultServer("127.0.0.1", 0, secure=tls is not None)
    running: set[asyncio.Task[Any]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        task = asyncio.current_task()
        assert task
        running.add(task)
        task.add_done_callback(running.discard)
        with contextlib.suppress(asyncio.CancelledError):  # only the end of the block cancels; 3.11 would log it
            await _serve(server, handler, reader, writer)

    listener = await asyncio.start_server(connected, server.host, 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in running:
            task.cancel()
        if left := running | _handshakes():
            await asyncio.wait(left)


def _handshakes() -> set[asyncio.Task[Any]]:
    """The tasks in which asyncio accepts connections; they outlive their server for a moment."""
    return {task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == "_accept_connection2"}


def _taken_port() -> int:
    """Taken for as long as this process lives, and never listened at: no server beside us is ever given it."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    port: int = taken.getsockname()[1]
    taken.detach()
    return port


_NOBODYS_PORT = _taken_port()


def refused_url() -> str:
    """A base URL at which nothing listens."""
    return f"http://127.0.0.1:{_NOBODYS_PORT}/v1"


@contextlib.contextmanager
def full_backlog() -> Iterator[str]:
    """A base URL whose host drops the first packet of every connection: its queue is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        yield f"http://127.0.0.1:{address[1]}/v1"


@contextlib.asynccontextmanager
async def silent_port() -> AsyncIterator[FaultServer]:
    """Accepts connections and never says a word, not even the greeting of TLS. Ends when all clients have left."""
    server = FaultServer("127.0.0.1", 0, secure=True)
    running: set[asyncio.Task[Any]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        task = asyncio.current_task()
        assert task
        running.add(task)
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(2**16):
                server.received += len(piece)
                server.heard.set()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    listener = await asyncio.start_server(connected, server.host, 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        if running:
            await asyncio.wait(running)


async def _serve(
    server: FaultServer, handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            keep = True
            while keep:
                keep = await _serve_one(server, handler, reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()


async def _serve_one(
    server: FaultServer, handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    """Answers one request; gives whether another one may follow."""
    begin = await reader.readexactly(1)
    server.heard.set()
    if not begin.isalpha():  # the greeting of TLS, most likely
        writer.write(head("400 Bad Request", "text/plain"))
        return False
    text = begin + await reader.readuntil(b"\r\n\r\n")
    server.received += len(text)
    first, *lines = text.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    server.received += len(body)
    method, path, _ = first.split(" ", 2)
    call = Call(method, path, headers, body, writer, asyncio.Event())
    server.calls.append(call)
    await _watched(call, handler)
    return call.keep_open and not writer.is_closing()


async def _watched(call: Call, handler: Handler) -> None:
    """Runs the handler, with an eye on the client's leaving that reads nothing a next request would need."""
    protocol: Any = call.writer.transport.get_protocol()
    ended, lost = protocol.eof_received, protocol.connection_lost

    def end() -> bool | None:
        call.gone.set()
        return ended()

    def lose(error: Exception | None) -> None:
        call.gone.set()
        lost(error)

    protocol.eof_received, protocol.connection_lost = end, lose
    try:
        await handler(call)
    finally:
        protocol.eof_received, protocol.connection_lost = ended, lost


def head(status: str, kind: str, **headers: str) -> bytes:
    """The head of an answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def sse(document: Any, *, event: str = "") -> bytes:
    """One server-sent event; text goes as it is, all else as JSON."""
    data = document if isinstance(document, str) else json.dumps(document)
    return (f"event: {event}\n" if event else "").encode() + f"data: {data}\n\n".encode()


def chunk(text: str = "", *, finish: str | None = None, model: str = MODEL, **delta: Any) -> bytes:
    """One event of a chat answer."""
    said = ({"content": text} if text else {}) | delta
    return sse({"id": "c1", "model": model, "choices": [{"index": 0, "delta": said, "finish_reason": finish}]})


DONE = sse("[DONE]")


def chat(*texts: str, finish: str = "stop") -> list[bytes]:
    """The events of a whole chat answer."""
    return [*(chunk(text) for text in texts), chunk(finish=finish), DONE]


def model_list(*ids: str) -> str:
    return json.dumps({"object": "list", "data": [{"id": name, "object": "model"} for name in ids]})


def _names(more: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in more.items()}


# Handlers: what a network does to people.


def answers(*texts: str, models: Iterable[str] = (MODEL,)) -> Handler:
    """A healthy server: a model list, and an answer in these pieces."""

    async def handle(call: Call) -> None:
        call.keep_open = True
        if call.method == "GET":
            await call.reply(model_list(*models))
            return
        await call.stream(*chat(*texts))
        await call.end()

    return handle


def fails(status: str, document: Any, *, kind: str = "application/json", **headers: str) -> Handler:
    """Every request gets this error."""

    async def handle(call: Call) -> None:
        body = document if isinstance(document, str | bytes) else json.dumps(document)
        await call.reply(body, status=status, kind=kind, **headers)

    return handle


def wants_key(key: str, handler: Handler) -> Handler:
    """401 for every other key."""
    refusal = {"error": {"message": f"Incorrect API key provided: {key[:4]}", "code": "invalid_api_key"}}

    async def handle(call: Call) -> None:
        right = call.headers.get("authorization") == f"Bearer {key}"
        await (handler if right else fails("401 Unauthorized", refusal))(call)

    return handle


def redirects_to(target: str, status: str = "307 Temporary Redirect") -> Handler:
    return fails(status, "", Location=target)


def web_page(status: str = "200 OK") -> Handler:
    """A sign-in page where the API should be."""
    return fails(status, "<!doctype html><html><title>Sign in</title></html>", kind="text/html; charset=utf-8")


def cut_in_the_middle(*texts: str) -> Handler:
    """The connection breaks inside a chunk."""

    async def handle(call: Call) -> None:
        await call.stream(*(chunk(text) for text in texts))
        await call.send(b"40\r\ndata: {")
        call.hang_up()

    return handle


def ends_without_end_mark(*texts: str) -> Handler:
    """No length, no chunks, no [DONE]: to HTTP an orderly end."""

    async def handle(call: Call) -> None:
        await call.send(head("200 OK", SSE, Connection="close") + b"".join(chunk(text) for text in texts))

    return handle


def silent_after_a_token(text: str = "Hello") -> Handler:
    """One token, then nothing until the client leaves."""

    async def handle(call: Call) -> None:
        await call.stream(chunk(text))
        await call.gone.wait()

    return handle


async def never_answers(call: Call) -> None:
    await call.gone.wait()


def drips(every: float) -> Handler:
    """Bytes that never make an event, one every so many seconds."""

    async def handle(call: Call) -> None:
        await call.begin()
        while not call.gone.is_set():
            await call.part(b"x")
            await call.pause(every)

    return handle


def one_event_of(size: int) -> Handler:
    """A single event with this many letters of text, then a proper end."""

    async def handle(call: Call) -> None:
        await call.stream(chunk("x" * size), *chat())
        await call.end()

    return handle


async def garbage_status_line(call: Call) -> None:
    await call.send(b"\x00\x01 this is no HTTP\r\n\r\n")


def error_in_stream(*texts: str, error: Any = None) -> Handler:
    """An error where the next token should be."""
    document = error or {"error": {"message": "The engine fell over", "type": "server_error", "code": "500"}}

    async def handle(call: Call) -> None:
        await call.stream(*(chunk(text) for text in texts), sse(document, event="error"))
        await call.end()

    return handle


def closes_kept_connections(handler: Handler) -> Handler:
    """Answers the first request of a connection, and hangs up on the second."""
    seen: list[asyncio.StreamWriter] = []

    async def handle(call: Call) -> None:
        if call.writer in seen:
            call.writer.close()
            return
        seen.append(call.writer)
        await handler(call)

    return handle
