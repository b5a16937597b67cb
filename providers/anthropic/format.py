"""The Anthropic messages API as a `WireFormat`: its endpoints and its headers.

Owns no shape: how a question is written is in `wire`, how a stream is read in `stream`, the model list in `models`.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..answers.reader import Asked
from ..answers.signs import Sign
from ..api.wire_format import ApiCalls
from ..base import Model, Request
from ..messages import JSON
from ..redact import Secret
from ..wire.framing import Framing
from ..wire.json_values import as_list
from .models import all_models
from .signs import SIGNS
from .stream import MessageStream
from .wire import request_body

VERSION = "2026-10-21"
"""The API version: without one nothing is answered, and with this one sampling parameters are refused."""


class AnthropicFormat:
    """A `WireFormat`. A gateway that wants its key otherwise gets it by a header of the user's own with `{key}`."""

    title = "Anthropic messages format"
    framing: Framing = "sse"
    signs: tuple[Sign, ...] = SIGNS
    refusable: Mapping[str, str] = {
        "thinking": "",
        "output_config.effort": "",
        "output_config.format": "",
        "output_config": "",
    }

    def headers(self, key: Secret | None) -> dict[str, str]:
        version = {"anthropic-version": VERSION}
        return version if key is None else {**version, "x-api-key": key.reveal()}

    def path(self, request: Request) -> str:
        return "/messages"

    def body(self, request: Request, known: Model | None) -> dict[str, JSON]:
        return request_body(request, known)

    def reader(self, asked: Asked) -> MessageStream:
        return MessageStream(asked)

    def is_answer(self, document: dict[str, JSON]) -> bool:
        return bool(as_list(document.get("content"))) or document.get("type") == "message"

    async def identify(self, calls: ApiCalls) -> str:
        return ""

    async def prove_key(self, calls: ApiCalls) -> bool:
        return False

    async def models(self, calls: ApiCalls) -> tuple[Model, ...]:
        return await all_models(calls)
