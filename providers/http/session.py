"""The requests to one origin: sent once, over the right way, within their time, and what fails told in our words.

Owns what a request may carry and where it may go. A redirect is never followed.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar

import aiohttp

from ..address import origin_of
from ..connection_errors import with_ca_trouble
from ..errors import ProviderError, Service
from ..limits import Limits
from ..network import proxy_problems
from ..network.certificates import Trust
from ..redact import Redactor
from .client import Attempt, make_client, sockets_of
from .failures import FAILURES, Line, detail_of, read_failure
from .replies import Reply, StreamReply
from .routes import Route

T = TypeVar("T")

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ANSWERS = "text/event-stream, application/x-ndjson, application/json"
_STALE_TRIES = 4


class HttpSession:
    """The connections to one origin, under one name. `sessions` makes it and keeps count of it.

    `route` finds the way out; it is asked again after the way failed, which it does when a laptop moves.
    """

    def __init__(
        self,
        name: str,
        service: Service,
        origin: str,
        *,
        trust: Trust,
        route: Callable[[], Awaitable[Route]],
        limits: Limits,
        redactor: Redactor,
        on_close: Callable[[HttpSession], None],
    ) -> None:
        self.name = name
        self.service = service
        self.limits = limits
        self.redactor = redactor
        self._origin = origin
        self._secure = origin.startswith("https:")
        self._trust = trust
        self._find_route = route
        self._route: Route | None = None
        self._on_close = on_close
        self._client = make_client(limits, trust.context)
        self._answered = False

    @property
    def sockets(self) -> int:
        """Connections that are in use or kept for the next request."""
        return sockets_of(self._client)

    async def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        """One whole, bounded answer, as fast as a connection test has to be. Raises ProviderError."""
        deadline = self.limits.test
        attempt = Attempt()
        response = await self.within(deadline, self._send(attempt, "GET", url, headers), attempt=attempt)
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
        asked = {"Content-Type": "application/json", "Accept": _ANSWERS, **headers}
        began = asyncio.get_running_loop().time()
        limit = self.limits.until_first_event(self.service.local)
        attempt = Attempt()
        response = await self.within(limit, self._send(attempt, "POST", url, asked, body), attempt=attempt)
        reply = StreamReply(self, response, began)
        try:
            yield reply
        except ProviderError as error:
            error.requests = attempt.tries
            raise
        finally:
            reply.close()

    async def close(self) -> None:
        self._on_close(self)
        await self._client.close()

    async def within(
        self,
        seconds: float,
        work: Awaitable[T],
        *,
        attempt: Attempt | None = None,
        too_late: str = "timeout_silence",
        limit: float | None = None,
    ) -> T:
        """What `work` gives, or the ProviderError that its failure means.

        `too_late` is the kind if it takes longer than `seconds`, of which the user is told as `limit`. `attempt`: the
        request that `work` sends; None if its answer has begun.
        """
        try:
            async with asyncio.timeout(seconds):
                return await work
        except FAILURES as error:
            if type(error) is TimeoutError:
                detail = detail_of(error, self.redactor)
                failure = self.service.error(too_late, seconds=seconds if limit is None else limit, detail=detail)
            else:
                failure = self._failure(error, attempt or Attempt(connected=True))
        # Out here, where it gets no context: aiohttp's errors carry the request, and that the key.
        raise failure

    def _failure(self, error: BaseException, attempt: Attempt) -> ProviderError:
        if not attempt.connected:
            self._route = None
        line = Line(
            self.service,
            secure=self._secure,
            route=attempt.route,
            connected=attempt.connected,
            answered=self._answered,
            connect_seconds=self.limits.connect,
        )
        failure = read_failure(error, line, self.redactor)
        failure = ProviderError(with_ca_trouble(failure.problem, self._trust))
        failure.requests = max(attempt.tries, 1)
        return failure

    async def _send(
        self, attempt: Attempt, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> aiohttp.ClientResponse:
        """Sends, once more on a fresh connection if a kept one turned out to be closed; no answer had begun then."""
        self._refuse_what_must_not_go_out(url, headers)
        if self._client.closed:
            raise self.service.error("stream_cut")
        route = attempt.route = self._route = self._route or await self._find_route()
        for _ in range(_STALE_TRIES):
            attempt.begin()
            try:
                response = await self._client.request(
                    method,
                    url,
                    data=None if body is None else io.BytesIO(body),  # raw bytes of 1 MB and more hold up the loop
                    headers={"Accept-Encoding": "identity", **headers, **self._shown_to_proxy(route)},
                    proxy=route.proxy.origin if route.proxy else None,
                    proxy_headers=route.proxy_headers,
                    allow_redirects=False,
                    trace_request_ctx=attempt,  # pyright: ignore[reportArgumentType] - narrower in 3.13
                )
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if not attempt.reused:
                    raise
                continue
            return self._checked(response, route)
        raise self.service.error("stream_cut")

    def _shown_to_proxy(self, route: Route) -> Mapping[str, str]:
        """aiohttp shows `proxy_headers` only where it asks for a tunnel; without one the request itself is read."""
        return {} if self._secure else route.proxy_headers

    def _refuse_what_must_not_go_out(self, url: str, headers: Mapping[str, str]) -> None:
        if origin_of(url.partition("?")[0]) != self._origin:
            raise self.service.error("bad_address", reason="It is not the address that this connection is for.")
        for value in headers.values():
            if not (value.isascii() and value.isprintable()):
                raise self.service.error("key_malformed")

    def _checked(self, response: aiohttp.ClientResponse, route: Route) -> aiohttp.ClientResponse:
        """An answer that may be read: no redirect, and not the proxy's own words where those can be told apart."""
        proxy = None if self._secure else route.proxy
        if proxy and _is_the_proxys(response):
            response.close()
            self._route = None
            with_login = route.login is not None
            raise proxy_problems.answered(proxy, self.service, response.status, with_login=with_login)
        self._answered = True
        if response.status not in _REDIRECTS:
            return response
        response.close()
        raise self._redirected(response, route)

    def _redirected(self, response: aiohttp.ClientResponse, route: Route) -> ProviderError:
        target = self.redactor.excerpt(response.headers.get("Location", ""), 200)
        told = self.service.problem("redirected", other=target, status=response.status)
        if route.proxy and not self._secure:
            why = f"It, or the proxy {route.proxy.place}, redirects to {target}; nothing was sent there."
            told = replace(told, why=why)
        return ProviderError(told)


def _is_the_proxys(response: aiohttp.ClientResponse) -> bool:
    """407 is a proxy's by its meaning; the headers say it of errors (RFC 9209, Squid)."""
    told = response.headers
    return response.status == 407 or "X-Squid-Error" in told or "error=" in told.get("Proxy-Status", "")
