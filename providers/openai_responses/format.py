"""The OpenAI Responses API as a `WireFormat`: its endpoints, its header and its own refusals.

Owns no shape: how a question is written is in `wire`, how a stream is read in `stream`.
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
from .models import chat_models_in
from .stream import ResponsesStream
from .wire import request_body

_SIGNS = (
    Sign("key_not_allowed", (400, 403), texts=("must be verified to (use|stream)",)),
    # With or without a code, depending on the field.
    Sign("bad_parameter", (400,), ("unknown_parameter",), ("(unsupported|unknown) (parameter|value)",)),
    Sign("bad_parameter", (400,), texts=("encrypted content is not supported",)),
)


class OpenAIResponsesFormat:
    """A `WireFormat`: OpenAI, and the servers that copied it."""

    title = "OpenAI Responses API"
    framing: Framing = "sse"
    signs: tuple[Sign, ...] = _SIGNS
    refusable: Mapping[str, str] = {
        "reasoning": "",
        "reasoning.effort": "",
        "reasoning.summary": "",
        "include": "",
        "temperature": "",
        "max_output_tokens": "",
    }

    def headers(self, key: Secret | None) -> dict[str, str]:
        return {} if key is None else {"Authorization": f"Bearer {key.reveal()}"}

    def path(self, request: Request) -> str:
        return "/responses"

    def body(self, request: Request, known: Model | None) -> dict[str, JSON]:
        return request_body(request, known)

    def reader(self, asked: Asked) -> ResponsesStream:
        return ResponsesStream(asked, self.signs)

    def is_answer(self, document: dict[str, JSON]) -> bool:
        return isinstance(document.get("output"), list)

    async def identify(self, calls: ApiCalls) -> str:
        return ""

    async def prove_key(self, calls: ApiCalls) -> bool:
        return False

    async def models(self, calls: ApiCalls) -> tuple[Model, ...]:
        return await calls.get("/models", chat_models_in)
