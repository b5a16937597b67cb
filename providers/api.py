"""A service behind an API over HTTP: the conversation that is the same whatever its format.

Owns which request is sent when, the key that goes along, what a status means, and the steps of a connection test that
need the API. How a question is written and an answer read is the `WireFormat`'s affair; it holds no connection.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable
from urllib.parse import urlsplit

from .answer import AnswerReader, Asked
from .base import Capabilities, Model, OnStep, Request, RunBlocking, Step
from .errors import ProviderError, Service
from .framing import Framing
from .json_values import as_document, parse_json
from .live_answer import LiveAnswer, WholeAnswer
from .messages import JSON, Image, StreamEvent
from .model_facts import ModelFacts
from .recording import Head, Record
from .redact import Secret
from .refusals import Refusal, Sign, error_in, problem_of, read_refusal
from .refused_fields import fields_in, refused_field, without

if TYPE_CHECKING:
    from .http import HttpSession, Reply, StreamReply

T = TypeVar("T")

_HEAVY = 256 * 2**10
"""Bytes of pictures or JSON that are worth a thread: encoding and parsing them would be seen as a stutter."""
_CODING_DEADLINE = 60.0
_SHOWN_OF_A_PAGE = 200
_LOOKED_AT_OF_A_PAGE = 64 * 2**10
KEY_BLANK = "{key}"
"""What stands for the key in a header of the user's own."""

_API_ANSWERED = frozenset(
    {"key_wrong", "key_missing", "key_not_allowed", "out_of_credits", "daily_quota", "rate_limited", "region"}
)
"""Refusals by which a server proves that it is this API."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service is. `base_url` is normalised: the endpoints follow it directly.

    `headers` are sent beside the format's own and instead of those of the same name; `{key}` in them stands for the
    key, which is then sent nowhere else.
    """

    id: str
    label: str
    base_url: str
    needs_key: bool
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class WireFormat(Protocol):
    """One API: how it is asked and how its answers are read. It keeps nothing between two calls.

    `title` names it to users. `framing` is how its streams are cut. `signs` are refusals that only it words so.
    `refusable` names the optional fields of `body` that a model may refuse, dotted where they are nested, each with the
    name to send it under instead, or "" to leave it out.
    """

    title: str
    framing: Framing
    signs: tuple[Sign, ...]
    refusable: Mapping[str, str]

    def headers(self, key: Secret | None) -> dict[str, str]: ...

    def path(self, request: Request) -> str:
        """Where the question goes, after the base URL."""
        ...

    def body(self, request: Request, known: Model | None) -> dict[str, JSON]:
        """The question, to be answered as a stream. `known`: what the service's list says of the model."""
        ...

    def reader(self, asked: Asked) -> AnswerReader: ...

    def is_answer(self, document: dict[str, JSON]) -> bool:
        """Whether a document is a whole answer of this format; errors are looked for elsewhere."""
        ...

    async def identify(self, calls: ApiCalls) -> str:
        """What answers there, from a public endpoint, such as "Ollama 0.12.3"; "" if only the model list can tell.

        Raises ProviderError.
        """
        ...

    async def prove_key(self, calls: ApiCalls) -> bool:
        """Asks an endpoint that proves the key, where the model list is public. False: the list itself proves it.

        Raises ProviderError.
        """
        ...

    async def models(self, calls: ApiCalls) -> tuple[Model, ...]:
        """The whole list, each model once. Raises ProviderError."""
        ...


@runtime_checkable
class Downloads(Protocol):
    """What a `WireFormat` has besides if its servers fetch models when they are told to."""

    pull_path: str

    def pull_body(self, model: str) -> dict[str, JSON]: ...

    def pull_reader(self, asked: Asked) -> AnswerReader:
        """Reads the reply: `Progress`, and the end. It raises ProviderError as other readers do."""
        ...


class ApiCalls:
    """Requests to one service beside its answers, with its headers and its key. All raise ProviderError."""

    def __init__(self, endpoint: Endpoint, wire: WireFormat, session: HttpSession, run_blocking: RunBlocking) -> None:
        self.endpoint = endpoint
        self._wire = wire
        self._session = session
        self._run_blocking = run_blocking
        self.key: Secret | None = None

    @property
    def service(self) -> Service:
        return self._session.service

    def with_key(self, key: Secret | None) -> ApiCalls:
        calls = ApiCalls(self.endpoint, self._wire, self._session, self._run_blocking)
        calls.key = key
        return calls

    def headers(self) -> dict[str, str]:
        """The format's, with the user's own in front of them."""
        own = self.endpoint.headers
        takes_key = any(KEY_BLANK in value for value in own.values())
        headers = self._wire.headers(None if takes_key else self.key)
        for name, value in own.items():
            if KEY_BLANK in value and self.key is None:
                continue
            headers = {known: text for known, text in headers.items() if known.lower() != name.lower()}
            headers[name] = value.replace(KEY_BLANK, self.key.reveal() if self.key else "")
        return headers

    async def get(self, path: str, read: Callable[[JSON], T | None]) -> T:
        """What `read` makes of the document at `path`, under the base URL or whole; None of it is `not_an_api`."""
        return await self._read(await self.fetch(path), read)

    async def fetch(self, path: str) -> Reply:
        """The answer at `path`, whatever it is, if its status is 200."""
        url = path if "://" in path else self.endpoint.base_url + path
        reply = await self._session.get(url, self.headers())
        if reply.status != 200:
            raise self.refused(reply, reply.body[: self._session.limits.error_bytes])
        return reply

    async def post(self, path: str, body: dict[str, JSON], read: Callable[[JSON], T | None]) -> T:
        """As `get`, with a question."""
        url = path if "://" in path else self.endpoint.base_url + path
        limits = self._session.limits
        async with self._session.post(url, self.headers(), json.dumps(body).encode("ascii")) as reply:
            if reply.status != 200:
                raise self.refused(reply, await reply.error_body())
            content = await reply.body(limits.list_bytes, limits.test)
            reply.complete()
        return await self._read_bytes(content, read)

    def refused(self, reply: Reply | StreamReply, body: bytes, model: str = "") -> ProviderError:
        return self.problem_with(read_refusal(reply.status, body, reply.headers, self._session.redactor), model)

    def problem_with(self, refusal: Refusal, model: str = "") -> ProviderError:
        with_key, signs = self.key is not None, self._wire.signs
        return ProviderError(problem_of(refusal, self.service, model=model, with_key=with_key, signs=signs))

    def not_an_api(self, body: bytes) -> ProviderError:
        text = body[:_LOOKED_AT_OF_A_PAGE].decode("utf-8", errors="replace")
        return self.service.error("not_an_api", detail=self._session.redactor.excerpt(text, _SHOWN_OF_A_PAGE))

    async def on_a_thread(self, function: Callable[..., T], *arguments: object) -> T:
        try:
            return await self._run_blocking(function, *arguments, deadline=_CODING_DEADLINE)
        except TimeoutError:
            raise self.service.error("unknown", reason="This computer was too busy to prepare it.") from None

    async def _read(self, reply: Reply, read: Callable[[JSON], T | None]) -> T:
        return await self._read_bytes(reply.body, read)

    async def _read_bytes(self, body: bytes, read: Callable[[JSON], T | None]) -> T:
        light = len(body) < _HEAVY
        found = _parsed(body, read) if light else await self.on_a_thread(_parsed, body, read)
        if found is None:
            raise self.not_an_api(body)
        return found


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

    async def _taken(self, request: Request, stack: AsyncExitStack) -> StreamReply:
        """The reply to a question that is taken: once without a field that the model refuses, which is remembered."""
        path, written = self._wire.path(request), await self._written(request)
        try:
            return await stack.enter_async_context(self._posted(path, written.body, request.model, self._record))
        except ProviderError as error:
            field = refused_field(error.problem, written.fields)
            if not field:
                raise
        self._facts.note_refused(request.model, field)
        written = await self._written(request)
        return await stack.enter_async_context(self._posted(path, written.body, request.model, self._record))

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
        watch = _Stopwatch()
        title = await self._wire.identify(calls)
        if title:
            on_step(Step("API", True, title, watch.ms))
        models = await self._list_step(calls, title, on_step)
        on_step(await self._key_step(calls))
        by_hand = self._service.local and not self._endpoint.needs_key
        if not models and by_hand and not (model and self._downloads):
            raise self._service.error("model_not_loaded")
        count = f"{len(models)} model{'' if len(models) == 1 else 's'}"
        on_step(Step("Models", True, count if models else "this service lists none"))
        on_step(self._model_step(model, models))
        return models

    async def _list_step(self, calls: ApiCalls, title: str, on_step: OnStep) -> tuple[Model, ...]:
        """The list, which also tells whether it is this API where nothing else has told so."""
        watch = _Stopwatch()
        try:
            models = self._facts.learn(await self._wire.models(calls))
        except ProviderError as error:
            if not title and error.problem.kind in _API_ANSWERED:
                on_step(Step("API", True, self._wire.title, watch.ms))
            raise
        if not title:
            on_step(Step("API", True, self._wire.title, watch.ms))
        return models

    async def _key_step(self, calls: ApiCalls) -> Step:
        if calls.key is None:
            return Step("Key", True, "not needed")
        watch = _Stopwatch()
        if not self._endpoint.needs_key and await self._answers_anybody(calls):
            return Step("Key", True, "not checked by this server", watch.ms)
        asked = await self._wire.prove_key(calls)
        return Step("Key", True, "accepted", watch.ms if asked else None)

    async def _answers_anybody(self, calls: ApiCalls) -> bool:
        """Whether the list comes without the key as well, so that it proves nothing of the key."""
        try:
            await self._wire.models(calls.with_key(None))
        except ProviderError:
            return False
        return True

    def _model_step(self, model: str, models: tuple[Model, ...]) -> Step:
        if not model:
            return Step("Model", True, "none chosen yet")
        if not models and not self._downloads:
            return Step("Model", True, f"{model}, which only a question can prove")
        if not {model, f"{model}:latest"} & {name for entry in models for name in (entry.id, *entry.aliases)}:
            kind = "model_not_pulled" if self._downloads and self._service.local else "model_unknown"
            raise self._service.error(kind, model=model)
        return Step("Model", True, f"{model} is listed")

    @property
    def _downloads(self) -> bool:
        return isinstance(self._wire, Downloads)

    @property
    def _service(self) -> Service:
        return self._session.service

    async def _with_key(self) -> ApiCalls:
        key = await self._key()
        if key is None and self._endpoint.needs_key:
            raise self._service.error("key_missing")
        return self._calls.with_key(key)

    async def _written(self, request: Request) -> _Written:
        pictures = (part for message in request.messages for part in message.parts if isinstance(part, Image))
        if sum(len(picture.data) for picture in pictures) < _HEAVY:
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
        return Asked(self._service, self._session.redactor, model, limit, known.context if known else None)

    def _document(self, body: bytes) -> dict[str, JSON]:
        """A whole answer. Raises ProviderError if it is nothing of this format, and no error either."""
        try:
            document = as_document(parse_json(body)) or {}
        except ValueError:
            document = {}
        if not self._wire.is_answer(document) and not error_in(document):
            raise self._calls.not_an_api(body)
        return document


class _Stopwatch:
    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()

    @property
    def ms(self) -> float:
        return (self._clock() - self._began) * 1000


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


def _parsed(body: bytes, read: Callable[[JSON], T | None]) -> T | None:
    try:
        return read(parse_json(body))
    except ValueError:
        return None
