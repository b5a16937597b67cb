"""The OpenAI Responses API, which shows reasoning, as a `WireFormat`: its endpoints and its header."""

from __future__ import annotations

from collections.abc import Mapping

from ..answer import AnswerReader, Asked
from ..api import ApiCalls
from ..base import Model, Request
from ..framing import Framing
from ..messages import JSON
from ..redact import Secret
from ..refusals import Sign


class OpenAIResponsesFormat:
    """A `WireFormat`."""

    title = "OpenAI Responses API"
    framing: Framing = "sse"
    signs: tuple[Sign, ...] = ()
    refusable: Mapping[str, str] = {}

    def headers(self, key: Secret | None) -> dict[str, str]:
        raise NotImplementedError

    def path(self, request: Request) -> str:
        raise NotImplementedError

    def body(self, request: Request, known: Model | None) -> dict[str, JSON]:
        raise NotImplementedError

    def reader(self, asked: Asked) -> AnswerReader:
        raise NotImplementedError

    def is_answer(self, document: dict[str, JSON]) -> bool:
        raise NotImplementedError

    async def identify(self, calls: ApiCalls) -> str:
        raise NotImplementedError

    async def prove_key(self, calls: ApiCalls) -> bool:
        raise NotImplementedError

    async def models(self, calls: ApiCalls) -> tuple[Model, ...]:
        raise NotImplementedError
