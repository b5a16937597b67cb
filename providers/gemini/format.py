"""The Google Gemini API as a `WireFormat`: its endpoints and its header.

Owns no shape: how a question is written is in `wire`, how a stream is read in `stream`, the model list in `models`.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from ..answers.reader import Asked
from ..answers.signs import Sign
from ..api.wire_format import ApiCalls
from ..base import Model, Request
from ..messages import JSON
from ..redact import Secret
from ..wire.framing import Framing
from .models import PREFIX, all_models
from .signs import SIGNS
from .stream import GeminiStream
from .wire import request_body


class GeminiFormat:
    """A `WireFormat`: Google AI, and proxies that speak its language."""

    title = "Gemini API"
    framing: Framing = "sse"
    signs: tuple[Sign, ...] = SIGNS
    refusable: Mapping[str, str] = {
        "generationConfig.thinkingConfig.thinkingLevel": "",
        "generationConfig.thinkingConfig.thinkingBudget": "",
        "generationConfig.thinkingConfig.includeThoughts": "",
        "generationConfig.temperature": "",
    }

    def headers(self, key: Secret | None) -> dict[str, str]:
        """Never in the address: addresses are logged."""
        return {} if key is None else {"x-goog-api-key": key.reveal()}

    def path(self, request: Request) -> str:
        return f"/models/{quote(request.model.removeprefix(PREFIX), safe='')}:streamGenerateContent?alt=sse"

    def body(self, request: Request, known: Model | None) -> dict[str, JSON]:
        return request_body(request, known)

    def reader(self, asked: Asked) -> GeminiStream:
        return GeminiStream(asked)

    def is_answer(self, document: dict[str, JSON]) -> bool:
        return bool(document.get("candidates") or document.get("promptFeedback"))

    async def identify(self, calls: ApiCalls) -> str:
        return ""

    async def prove_key(self, calls: ApiCalls) -> bool:
        return False

    async def models(self, calls: ApiCalls) -> tuple[Model, ...]:
        return await all_models(calls)
