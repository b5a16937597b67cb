"""The connections: tracked `aiohttp` sessions, bound to one origin each, with deadlines and caps on everything.

Owns every `aiohttp.ClientSession` there is and is the only module that knows `aiohttp`: what it raises leaves here as
`ProviderError`. It knows no wire format: a status other than 200 is an answer like any other.

What is never done: following a redirect (headers and body would go along to the other host), reading `.netrc` or proxy
variables (`trust_env`), ignoring a certificate.
"""

from __future__ import annotations

import asyncio
import io
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sized
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TypeVar

import aiohttp
import truststore
from aiohttp.http_exceptions import HttpProcessingError

from .address import origin_of
from .connection_errors import kind_of_os_error
from .errors import ProviderError, Service
from .event_stream import EventStream
from .framing import Framing
from .limits import Limits
from .redact import Redactor

__all__ = ["HttpSession", "HttpSessions", "Limits", "Reply", "StreamReply"]

T = TypeVar("T")

_FAILURES = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError)
"""What a request may raise. TimeoutError and ssl.SSLError are OSErrors, bad URLs and headers ValueErrors."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ANSWERS = "text/event-stream, application/x-ndjson, application/json"
_STALE_TRIES = 4
_READ_BUFFER = 2**16
"""Bytes that are taken from the network before they are read: what one turn of the loop may have to parse."""


class HttpSessions:
    """Makes, counts and closes the sessions."""

    def __init__(self, *, limits: Limits, redactor: Redactor, tls: ssl.SSLContext | None = None) -> None:
        """`tls` replaces the certificates that this computer trusts."""
        self.limits = limits
        self.redactor = redactor
        self._tls = tls
        self._open: list[HttpSession] = []

    @property
    def open(self) -> tuple[str, ...]:
        """The names of the sessions that are not closed."""
        return tuple(session.name for session in self._open)

    def sockets(self) -> tuple[tuple[str, int], ...]:
        """The name of each open session and how many connections it holds, in use or kept for the next request."""
        return tuple((session.name, session.sockets) for session in self._open)

    @property
    def tls(self) -> ssl.SSLContext:
        """The one TLS context: certificates are checked against the operating system's store."""
        if self._tls is None:
            self._tls = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return self._tls

    def open_session(self, name: str, service: Service, origin: str) -> HttpSession:
        """A new session that speaks to `origin` and to nobody else. To be called on the loop."""
        session = HttpSession(name, service, origin, self)
        self._open.append(session)
        return session

    def forget(self, session: HttpSession) -> None:
        """For sessions that close themselves."""
        if session in self._open:
            self._open.remove(session)

    async def close(self) -> tuple[str, ...]:
        """Closes all sessions; gives the names of those that nobody had closed."""
        left = self.open
        for session in tuple(self._open):
            await session.close()
        return left


class HttpSession:
    """The connections to one origin, under one name. `sessions` makes it and keeps count of it."""

    def __init__(self, name: str, service: Service, origin: str, sessions: HttpSessions) -> None:
        self.name = name
        self.service = service
        self.limits = sessions.limits
        self.redactor = sessions.redactor
        self._origin = origin
        self._sessions = sessions
        self._client = _client(sessions.limits, sessions.tls)
        self._answered = False

    @property
    def sockets(self) -> int:
        """Connections that are in use or kept for the next request."""
        return _sockets_of(self._client)

    async def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        """One whole, bounded answer, as fast as a connection test has to be. Raises ProviderError."""
        deadline = self.limits.test
        response = await self.within(deadline, self._send("GET", url, headers))
        try:
            reply = StreamReply(self, response)
            return Reply(reply.status, reply.headers, await reply.body(self.limits.list_bytes, deadline))
        finally:
            response.close()

    @asynccontextmanager
    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> AsyncGenerator[StreamReply]:
        """The beginning of an answer, to be read on. Leaving ends it: the server sees so at once.

        Raises ProviderError.
        """
        asked = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream, application/x-ndjson, application/json",
            **headers,
        }
        began = asyncio.get_running_loop().time()
        limit = self.limits.until_first_event(self.service.local)
        response = await self.within(limit, self._send("POST", url, asked, body))
        reply = StreamReply(self, response, began)
        try:
            yield reply
        finally:
            reply.close()

    async def close(self) -> None:
        self._sessions.forget(self)
        await self._client.close()

    async def within(
        self, seconds: float, work: Awaitable[T], *, too_late: str = "timeout_silence", limit: float | None = None
    ) -> T:
        """What `work` gives, or the ProviderError that its failure means.

        `too_late` is the kind if it takes longer than `seconds`, of which the user is told as `limit`.
        """
        try:
            async with asyncio.timeout(seconds):
                return await work
        except _FAILURES as error:
            failure = self._error(error, seconds if limit is None else limit, too_late)
        # Out here, where it gets no context: aiohttp's errors carry the request, and that the key.
        raise failure

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> aiohttp.ClientResponse:
        """Sends, once more on a fresh connection if a kept one turned out to be closed; no answer had begun then."""
        self._refuse_what_must_not_go_out(url, headers)
        if self._client.closed:
            raise self.service.error("stream_cut")
        for _ in range(_STALE_TRIES):
            attempt = _Attempt()
            try:
                response = await self._client.request(
                    method,
                    url,
                    data=None if body is None else io.BytesIO(body),  # raw bytes of 1 MB and more hold up the loop
                    headers={"Accept-Encoding": "identity", **headers},
                    allow_redirects=False,
                    trace_request_ctx=attempt,  # pyright: ignore[reportArgumentType] - narrower in 3.13
                )
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if not attempt.reused:
                    raise
                continue
            self._answered = True
            return self._not_redirected(response)
        raise self.service.error("stream_cut")

    def _refuse_what_must_not_go_out(self, url: str, headers: Mapping[str, str]) -> None:
        if origin_of(url.partition("?")[0]) != self._origin:
            raise self.service.error("bad_address", reason="It is not the address that this connection is for.")
        for value in headers.values():
            if not (value.isascii() and value.isprintable()):
                raise self.service.error("key_malformed")

    def _not_redirected(self, response: aiohttp.ClientResponse) -> aiohttp.ClientResponse:
        if response.status not in _REDIRECTS:
            return response
        target = self.redactor.excerpt(response.headers.get("Location", ""), 200)
        response.close()
        raise self.service.error("redirected", other=target, status=response.status)

    def _error(self, error: BaseException, seconds: float, too_late: str) -> ProviderError:
        kind = too_late if type(error) is TimeoutError else self._kind(error)
        return self.service.error(
            kind,
            seconds=self.limits.connect if kind == "connect_timeout" else seconds,
            detail=self.redactor.excerpt(f"{type(error).__name__}: {error}", 1000),
        )

    def _kind(self, error: BaseException) -> str:
        match error:
            case aiohttp.ClientProxyConnectionError():
                return "proxy_refused"
            case aiohttp.ClientHttpProxyError():
                return "proxy_auth" if error.status == 407 else "proxy_refused"
            case aiohttp.ClientConnectorDNSError():
                return "host_unknown"
            case aiohttp.ClientConnectorCertificateError():
                return kind_of_os_error(error.certificate_error, self.service)
            case aiohttp.ConnectionTimeoutError():
                return "connect_timeout"
            case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
                return "bad_address"
            case aiohttp.ClientPayloadError():
                return "stream_cut"
            case aiohttp.ServerDisconnectedError() if not self._answered and self._origin.startswith("http:"):
                return "http_on_tls"
            case aiohttp.ClientResponseError() | HttpProcessingError():
                return "http_on_tls" if r"\x15\x03" in str(error) else "not_an_api"
            case OSError():
                return kind_of_os_error(error, self.service)
            case aiohttp.ClientConnectionError():
                return "stream_cut"
            case _:
                return "unknown"


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return _content_type(self.headers)


class StreamReply:
    """An answer whose head has come. Header names are in lower case."""

    def __init__(self, session: HttpSession, response: aiohttp.ClientResponse, began: float = 0.0) -> None:
        self._session = session
        self._response = response
        self._began = began
        self._complete = False
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.headers.items()}

    @property
    def content_type(self) -> str:
        return _content_type(self.headers)

    def events(self, framing: Framing, limits: Limits | None = None) -> EventStream:
        """`limits`: for what takes its own time, instead of those of the session."""
        return EventStream(self._read, self._session.service, limits or self._session.limits, self._began, framing)

    async def body(self, limit: int, deadline: float) -> bytes:
        """All of it, or `event_too_large`. Raises ProviderError."""
        body = await self._session.within(deadline, self._read_up_to(limit))
        if len(body) > limit:
            raise self._session.service.error("event_too_large", other=f"{limit / 2**20:.3g} MB")
        return body

    async def error_body(self) -> bytes:
        """As much of it as is worth reading: the status has said that something is wrong already."""
        limit = self._session.limits.error_bytes
        try:
            return (await self._session.within(self._session.limits.connect, self._read_up_to(limit)))[:limit]
        except ProviderError:
            return b""

    def complete(self) -> None:
        """The answer has said that it is over: the connection may serve again."""
        self._complete = True

    def close(self) -> None:
        if self._complete:
            self._response.release()
        else:
            self._response.close()

    async def _read_up_to(self, limit: int) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while size <= limit and (piece := await self._response.content.readany()):
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)

    async def _read(self, seconds: float, too_late: str, limit: float) -> bytes:
        try:
            return await self._session.within(seconds, self._response.content.readany(), too_late=too_late, limit=limit)
        except ProviderError:
            if left := _left_in(self._response.content):
                return left  # it came before the connection broke, or while this process stood still
            raise


@dataclass(slots=True)
class _Attempt:
    """One try of a request. `reused`: over a connection that was open already."""

    reused: bool = False


async def _note_reuse(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
    context.trace_request_ctx.reused = True


def _client(limits: Limits, tls: ssl.SSLContext) -> aiohttp.ClientSession:
    tracing = aiohttp.TraceConfig()
    tracing.on_connection_reuseconn.append(_note_reuse)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=tls, resolver=aiohttp.ThreadedResolver()),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=limits.connect, sock_connect=limits.connect),
        trust_env=False,
        read_bufsize=_READ_BUFFER,
        trace_configs=[tracing],
    )


def _sockets_of(client: aiohttp.ClientSession) -> int:
    """aiohttp counts its connections for itself only; a test holds the two names."""
    used: Sized = getattr(client.connector, "_acquired", ())
    kept: Mapping[object, Sized] = getattr(client.connector, "_conns", {})
    return len(used) + sum(len(connections) for connections in kept.values())


def _left_in(content: aiohttp.StreamReader) -> bytes:
    """What had arrived before the connection broke: aiohttp gives the error first and keeps the bytes to itself."""
    read: Callable[[int], bytes] | None = getattr(content, "_read_nowait", None)
    return read(-1) if read else b""


def _content_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
