"""A service behind an API over HTTP: the conversation that is the same whatever its format.

Owns which request is sent when, and what is left out of a question that was refused. How a question is written and an
answer read is the `WireFormat`'s affair; it holds no connection.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..address import origin_of
from ..answers.live import LiveAnswer, WholeAnswer
from ..answers.reader import Asked, unsealed
from ..answers.refusals import error_in
from ..answers.refused_fields import fields_in, refused_field, without
from ..base import Capabilities, Model, OnStep, Request, RunBlocking
from ..errors import ProviderError, Service
from ..messages import JSON, Image, StreamEvent
from ..redact import Secret
from ..wire.json_values import as_document, parse_json
from ..wire.recording import Head, Record
from .model_facts import ModelFacts
from .probe import Probe
from .wire_format import HEAVY, ApiCalls, Downloads, Endpoint, WireFormat

if TYPE_CHECKING:
    from ..http import HttpSession, StreamReply

_MOST_LEFT_OUT = 2
"""Fields of one question, one after the other."""


class ApiProvider:
    """A `Provider`. `key` is asked once for each request and must give the one of the endpoint's origin."""

    def __init__(
        self,
        endpoint: Endpoint,
        wire: WireFormat,
        session: HttpSession,
        *,
        key: Callable[[], Awaitable[Secret | None]],
        run_blocking: RunBlocking,
        facts: ModelFacts,
        record: Record | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._origin = origin_of(endpoint.base_url)
        self._wire = wire
        self._session = session
        self._key = key
        self._facts = facts
        self._record = record
        self._calls = ApiCalls(endpoint, wire, session, run_blocking)

    @property
    def id(self) -> str:
        return self._endpoint.id

    @property
    def label(self) -> str:
        return self._endpoint.label

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(local=self._service.local, needs_key=self._endpoint.needs_key)

    async def models(self) -> tuple[Model, ...]:
        """The service's list. Raises ProviderError."""
        return self._facts.learn(await self._wire.models(await self._with_key()))

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[AsyncIterator[StreamEvent]]:
        """The answer, from its first event on. Leaving stops the model. Raises ProviderError."""
        async with AsyncExitStack() as stack:
            yield await self._answer(await self._taken(request, stack), request.model)

    async def _taken(self, request: Request, stack: AsyncExitStack, left_out: int = 0) -> StreamReply:
        """The reply to a question that is taken, if need be without fields that the model refuses: those are noted."""
        path, written = self._wire.path(request), await self._written(request)
        try:
            return await stack.enter_async_context(self._posted(path, written.body, request.model, self._record))
        except ProviderError as error:
            field = refused_field(error.problem, written.fields)
            if not field or left_out == _MOST_LEFT_OUT:
                error.requests += left_out  # a question costs so many requests and no more, whatever they were for
                raise
        self._facts.note_refused(request.model, field)
        return await self._taken(request, stack, left_out + 1)

    @asynccontextmanager
    async def pull(self, model: str) -> AsyncGenerator[AsyncIterator[StreamEvent]]:
        """A download of this model to the server, told as `Progress`. Leaving stops it. Raises ProviderError."""
        if not isinstance(self._wire, Downloads):
            raise self._service.error("unknown", reason="It downloads no models when it is told to.")
        body = json.dumps(self._wire.pull_body(model)).encode("ascii")
        async with self._posted(self._wire.pull_path, body, model) as reply:
            events = reply.events(self._wire.framing, self._session.limits.of_a_download())
            yield LiveAnswer(self._wire.pull_reader(self._asked(model)), events, reply.complete)

    @asynccontextmanager
    async def _posted(
        self, path: str, body: bytes, model: str, record: Record | None = None
    ) -> AsyncGenerator[StreamReply]:
        """A reply that may be read on. Raises ProviderError for one that says no, or that is a page for people."""
        calls, url = await self._with_key(), self._endpoint.base_url + path
        async with self._session.post(url, calls.headers(), body) as reply:
            if record is not None:
                reply.record(record(_head(url, model, calls, reply), body))
            if reply.status != 200:
                raise calls.refused(reply, await reply.error_body(), model)
            if reply.content_type == "text/html":
                raise calls.not_an_api(await reply.error_body())
            yield reply

    async def probe(self, model: str, on_step: OnStep) -> tuple[Model, ...]:
        """The steps API, Key, Models, Model. Spends no tokens. Raises ProviderError for the first that fails."""
        calls = self._calls.with_key(await self._key())
        return await Probe(self._wire, calls, on_step).run(model, self._facts)

    @property
    def _service(self) -> Service:
        return self._session.service

    async def _with_key(self) -> ApiCalls:
        key = await self._key()
        if key is None and self._endpoint.needs_key:
            raise self._service.error("key_missing")
        return self._calls.with_key(key)

    async def _written(self, request: Request) -> _Written:
        request = replace(request, messages=tuple(unsealed(message, self._origin) for message in request.messages))
        pictures = (part for message in request.messages for part in message.parts if isinstance(part, Image))
        if sum(len(picture.data) for picture in pictures) < HEAVY:
            return _write(self._wire, request, self._facts)
        return await self._calls.on_a_thread(_write, self._wire, request, self._facts)

    async def _answer(self, reply: StreamReply, model: str) -> AsyncIterator[StreamEvent]:
        reader = self._wire.reader(self._asked(model))
        if reply.content_type != "application/json" or self._wire.framing != "sse":
            return LiveAnswer(reader, reply.events(self._wire.framing), reply.complete)
        # Elsewhere a whole answer is a stream of one line.
        limits = self._session.limits
        body = await reply.body(limits.event_bytes, limits.until_first_event(self._service.local))
        return WholeAnswer(reader.whole(self._document(body)))

    def _asked(self, model: str) -> Asked:
        known, limit = self._facts.find(model), self._session.limits.answer_characters
        context = known.context if known else None
        return Asked(self._service, self._session.redactor, model, limit, context, self._origin)

    def _document(self, body: bytes) -> dict[str, JSON]:
        """A whole answer. Raises ProviderError if it is nothing of this format, and no error either."""
        try:
            document = as_document(parse_json(body)) or {}
        except ValueError:
            document = {}
        if not self._wire.is_answer(document) and not error_in(document):
            raise self._calls.not_an_api(body)
        return document


@dataclass(frozen=True, slots=True)
class _Written:
    """A question as it is sent. `fields`: the names of those that a model may refuse."""

    body: bytes
    fields: tuple[str, ...]


def _head(url: str, model: str, calls: ApiCalls, reply: StreamReply) -> Head:
    return Head(
        model=model,
        path=urlsplit(url).path,
        with_key=calls.key is not None,
        status=reply.status,
        headers=reply.headers,
    )


def _write(wire: WireFormat, request: Request, facts: ModelFacts) -> _Written:
    body = wire.body(request, facts.find(request.model))
    without(body, facts.refused(request.model), wire.refusable)
    return _Written(json.dumps(body).encode("ascii"), fields_in(body, wire.refusable))
