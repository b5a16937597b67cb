"""The port to a model: what every provider is and offers.

Owns the `Provider` protocol and its values. It opens nothing and knows no wire format.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from .errors import Problem
from .messages import JSON, Message, StreamEvent, ToolSpec
from .redact import Secret

T = TypeVar("T")

Effort = Literal["none", "low", "medium", "high"]

KeyFor = Callable[[str, str], Awaitable[Secret | None]]
"""`(provider id, origin)` to the key that belongs to that origin, or None."""


class RunBlocking(Protocol):
    """Runs a function that may hang on a daemon thread. Raises TimeoutError after `deadline` seconds."""

    async def __call__(self, function: Callable[..., T], /, *args: object, deadline: float) -> T: ...


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do. None: it depends on the model and nobody has asked yet."""

    tools: bool | None = None
    images: bool | None = None
    reasoning: bool | None = None
    local: bool = False
    needs_key: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of a model list. None: the service did not say.

    `context`, `output`: the most tokens it reads and writes. `loaded`: it is in memory. `input_price`, `output_price`:
    US dollars for a million tokens. `aliases`: other names under which it may be asked.
    """

    id: str
    label: str = ""
    context: int | None = None
    tools: bool | None = None
    images: bool | None = None
    output: int | None = None
    reasoning: bool | None = None
    loaded: bool | None = None
    input_price: float | None = None
    output_price: float | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One question with its whole history; the last message is the newest. None: as the service does by itself.

    `effort`: how long it thinks. `schema`: a JSON Schema that the answer has to follow. `context`: tokens that a local
    server sets aside.
    """

    model: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    max_tokens: int | None = None
    temperature: float | None = None
    effort: Effort | None = None
    schema: dict[str, JSON] | None = None
    context: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a connection test. `ok` None: not run. `ms` None: not measured."""

    name: str
    ok: bool | None
    detail: str
    ms: float | None = None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """A whole connection test. `summary` is one line such as "Key accepted, 42 models"."""

    provider: str
    label: str
    url: str
    steps: tuple[Step, ...]
    problem: Problem | None
    summary: str
    models: tuple[Model, ...] = ()

    @property
    def ok(self) -> bool:
        return self.problem is None


OnStep = Callable[[Step], None]


class Provider(Protocol):
    """A service that answers. Every method raises `ProviderError` and nothing foreign.

    `stream` is entered and left by the same task; leaving it closes the connection, which is how an answer is
    stopped.
    """

    @property
    def id(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    async def models(self) -> tuple[Model, ...]: ...

    def stream(self, request: Request) -> AbstractAsyncContextManager[AsyncIterator[StreamEvent]]: ...

    async def probe(self, model: str, on_step: OnStep) -> tuple[Model, ...]:
        """The steps of a connection test that need this API: is it this API, key, models, chosen model.

        Reports each passed step; the first failing one raises its `ProviderError`.
        """
        ...
