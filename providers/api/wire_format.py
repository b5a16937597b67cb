"""An API over HTTP: what a wire format has to say of itself, and the requests that it may make.

Owns the headers, the key that goes along, and what a status means. Which question is sent when is in `provider`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from ..answers.reader import AnswerReader, Asked
from ..answers.refusals import Refusal, read_refusal
from ..answers.signs import Sign, problem_of
from ..base import Model, Request, RunBlocking
from ..errors import ProviderError, Service
from ..messages import JSON
from ..redact import Secret
from ..wire.framing import Framing
from ..wire.json_values import parse_json

if TYPE_CHECKING:
    from ..http import HttpSession, Reply, StreamReply

T = TypeVar("T")

HEAVY = 256 * 2**10
"""Bytes of pictures or JSON that are worth a thread: encoding and parsing them would be seen as a stutter."""
_CODING_DEADLINE = 60.0
_SHOWN_OF_A_PAGE = 200
_LOOKED_AT_OF_A_PAGE = 64 * 2**10
KEY_BLANK = "{key}"
"""What stands for the key in a header of the user's own."""


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
        light = len(body) < HEAVY
        found = _parsed(body, read) if light else await self.on_a_thread(_parsed, body, read)
        if found is None:
            raise self.not_an_api(body)
        return found


def _parsed(body: bytes, read: Callable[[JSON], T | None]) -> T | None:
    try:
        return read(parse_json(body))
    except ValueError:
        return None
