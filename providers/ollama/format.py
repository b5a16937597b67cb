"""Ollama's native API as a `WireFormat`: its endpoints and its header.

Owns no shape: how a question is written is in `wire`, how a stream is read in `stream`, the model list in `models`.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..answers.reader import Asked
from ..answers.signs import Sign
from ..api.wire_format import ApiCalls
from ..base import Model, Request
from ..errors import ProviderError
from ..messages import JSON
from ..redact import Secret
from ..wire.framing import Framing
from ..wire.json_values import as_object, as_text
from .models import installed
from .pull import PullReader
from .signs import SIGNS
from .stream import OllamaStream, is_line
from .wire import request_body

_VERSION_LENGTH = 40


class OllamaFormat:
    """A `WireFormat` that can also fetch models."""

    title = "Ollama API"
    framing: Framing = "ndjson"
    signs: tuple[Sign, ...] = SIGNS
    refusable: Mapping[str, str] = {"think": "", "truncate": ""}
    pull_path = "/api/pull"

    def headers(self, key: Secret | None) -> dict[str, str]:
        """A server of one's own wants no key; ollama.com does, and what stands before a server may."""
        return {} if key is None else {"Authorization": f"Bearer {key.reveal()}"}

    def path(self, request: Request) -> str:
        return "/api/chat"

    def body(self, request: Request, known: Model | None) -> dict[str, JSON]:
        return request_body(request, known)

    def reader(self, asked: Asked) -> OllamaStream:
        return OllamaStream(asked)

    def is_answer(self, document: dict[str, JSON]) -> bool:
        return is_line(document)

    async def identify(self, calls: ApiCalls) -> str:
        """By its version. A proxy that lets only the rest through is still known by the model list."""
        try:
            version = await calls.get("/api/version", _version_in)
        except ProviderError as error:
            if error.problem.kind != "not_an_api":
                raise
            return ""
        return f"Ollama {version[:_VERSION_LENGTH]}"

    async def prove_key(self, calls: ApiCalls) -> bool:
        """Nothing here does without a question to a model: even ollama.com shows its list to everybody."""
        return False

    async def models(self, calls: ApiCalls) -> tuple[Model, ...]:
        return await installed(calls)

    def pull_body(self, model: str) -> dict[str, JSON]:
        return {"model": model, "stream": True}

    def pull_reader(self, asked: Asked) -> PullReader:
        return PullReader(asked)


def _version_in(document: JSON) -> str | None:
    return as_text(as_object(document).get("version")) or None
