"""A service that speaks the OpenAI chat format: OpenAI itself and everybody who copied it.

Owns the conversation over HTTP: which endpoint, which header, what an answer's status means. How a request is written
is in `wire`, how a stream is read in `stream`, what a refusal means in `errors`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ..base import Capabilities, Model, OnStep, Request, RunBlocking, Step
from ..errors import ProviderError, Service
from ..json_values import as_object, parse_json
from ..messages import JSON, Image, StreamEvent
from ..redact import Secret
from .answer import LiveAnswer, WholeAnswer
from .errors import error_in, problem_of, read_refusal
from .models import models_in
from .stream import ChatStream
from .wire import ChatQuirks, request_body

if TYPE_CHECKING:
    from ..http import HttpSession, Reply, StreamReply

T = TypeVar("T")

_HEAVY = 256 * 2**10
"""Bytes of pictures or JSON that are worth a thread: encoding and parsing them would be seen as a stutter."""
_CODING_DEADLINE = 60.0
_SHOWN_OF_A_PAGE = 200
_LOOKED_AT_OF_A_PAGE = 64 * 2**10

_API_ANSWERED = frozenset(
    {"key_wrong", "key_missing", "key_not_allowed", "out_of_credits", "daily_quota", "rate_limited", "region"}
)
"""Refusals by which a server proves that it is this API."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service is and how it differs. `base_url` is normalised: the endpoints follow it directly."""

    id: str
    label: str
    base_url: str
    needs_key: bool
    quirks: ChatQuirks


class OpenAIChat:
    """A `Provider`. `key` is asked once for each request and must give the one of the endpoint's origin."""

    def __init__(
        self,
        endpoint: Endpoint,
        session: HttpSession,
        *,
        key: Callable[[], Awaitable[Secret | None]],
        run_blocking: RunBlocking,
    ) -> None:
        self._endpoint = endpoint
        self._session = session
        self._key = key
        self._run_blocking = run_blocking

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
        return await self._models(await self._required_key())

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[AsyncIterator[StreamEvent]]:
        """The answer, from its first event on. Leaving stops the model. Raises ProviderError."""
        key = await self._required_key()
        body = await self._encoded(request)
        url = self._endpoint.base_url + "/chat/completions"
        async with self._session.post(url, _headers(key), body) as reply:
            if reply.status != 200:
                raise self._refused(reply, await reply.error_body(), key, request.model)
            yield await self._answer(reply, request.model)

    async def probe(self, model: str, on_step: OnStep) -> tuple[Model, ...]:
        """The steps API, Key, Models, Model. Spends no tokens. Raises ProviderError for the first that fails."""
        key = await self._key()
        watch = _Stopwatch()
        try:
            models = await self._models(key)
        except ProviderError as error:
            if error.problem.kind in _API_ANSWERED:
                on_step(Step("API", True, "OpenAI chat format", watch.ms))
            raise
        on_step(Step("API", True, "OpenAI chat format", watch.ms))
        on_step(await self._key_step(key))
        if not models and self._service.local:
            raise self._service.error("model_not_loaded")
        on_step(Step("Models", True, f"{len(models)} model{'' if len(models) == 1 else 's'}"))
        on_step(self._model_step(model, {entry.id for entry in models}))
        return models

    async def _key_step(self, key: Secret | None) -> Step:
        if key is None:
            return Step("Key", True, "not needed")
        if not self._endpoint.quirks.key_path:
            return Step("Key", True, "accepted")
        watch = _Stopwatch()
        await self._get(self._endpoint.quirks.key_path, key)
        return Step("Key", True, "accepted", watch.ms)

    def _model_step(self, model: str, listed: set[str]) -> Step:
        if not model:
            return Step("Model", True, "none chosen yet")
        if model not in listed and f"{model}:latest" not in listed:
            raise self._service.error("model_unknown", model=model)
        return Step("Model", True, f"{model} is listed")

    @property
    def _service(self) -> Service:
        return self._session.service

    async def _required_key(self) -> Secret | None:
        key = await self._key()
        if key is None and self._endpoint.needs_key:
            raise self._service.error("key_missing")
        return key

    async def _models(self, key: Secret | None) -> tuple[Model, ...]:
        body = (await self._get("/models", key)).body
        if len(body) < _HEAVY:
            models = _parse_models(body)
        else:
            models = await self._on_a_thread(_parse_models, body)
        if models is None:
            raise self._not_an_api(body)
        return models

    async def _get(self, path: str, key: Secret | None) -> Reply:
        reply = await self._session.get(self._endpoint.base_url + path, _headers(key))
        if reply.status != 200:
            raise self._refused(reply, reply.body[: self._session.limits.error_bytes], key)
        return reply

    async def _encoded(self, request: Request) -> bytes:
        pictures = (part for message in request.messages for part in message.parts if isinstance(part, Image))
        if sum(len(picture.data) for picture in pictures) < _HEAVY:
            return _encode(request, self._endpoint.quirks)
        return await self._on_a_thread(_encode, request, self._endpoint.quirks)

    async def _answer(self, reply: StreamReply, model: str) -> AsyncIterator[StreamEvent]:
        limits = self._session.limits
        stream = ChatStream(self._service, self._session.redactor, model=model, limit=limits.answer_characters)
        match reply.content_type:
            case "text/html":
                raise self._not_an_api(await reply.error_body())
            case "application/json":
                body = await reply.body(limits.event_bytes, limits.until_first_event(self._service.local))
                return WholeAnswer(stream.whole(self._document(body)))
            case _:
                return LiveAnswer(stream, reply.events(), reply.complete)

    def _document(self, body: bytes) -> dict[str, JSON]:
        """A whole answer. Raises ProviderError if it is an error, or nothing of this format."""
        try:
            document = as_object(parse_json(body))
        except ValueError:
            document = {}
        if not document.get("choices") and not error_in(document):
            raise self._not_an_api(body)
        return document

    def _refused(self, reply: Reply | StreamReply, body: bytes, key: Secret | None, model: str = "") -> ProviderError:
        refusal = read_refusal(reply.status, body, reply.headers, self._session.redactor)
        with_key = key is not None
        return ProviderError(problem_of(refusal, self._service, model=model, with_key=with_key, headers=reply.headers))

    def _not_an_api(self, body: bytes) -> ProviderError:
        text = body[:_LOOKED_AT_OF_A_PAGE].decode("utf-8", errors="replace")
        return self._service.error("not_an_api", detail=self._session.redactor.excerpt(text, _SHOWN_OF_A_PAGE))

    async def _on_a_thread(self, function: Callable[..., T], *arguments: object) -> T:
        try:
            return await self._run_blocking(function, *arguments, deadline=_CODING_DEADLINE)
        except TimeoutError:
            raise self._service.error("unknown", reason="This computer was too busy to prepare it.") from None


class _Stopwatch:
    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()

    @property
    def ms(self) -> float:
        return (self._clock() - self._began) * 1000


def _headers(key: Secret | None) -> dict[str, str]:
    return {} if key is None else {"Authorization": f"Bearer {key.reveal()}"}


def _encode(request: Request, quirks: ChatQuirks) -> bytes:
    return json.dumps(request_body(request, quirks)).encode("ascii")


def _parse_models(body: bytes) -> tuple[Model, ...] | None:
    try:
        return models_in(parse_json(body))
    except ValueError:
        return None
