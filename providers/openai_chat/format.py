"""The OpenAI chat format as a `WireFormat`: its endpoints and its header.

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
from .quirks import ChatQuirks
from .servers import listed_models, who_answers
from .signs import CHAT_SIGNS
from .stream import ChatStream
from .wire import REFUSABLE, request_body


class OpenAIChatFormat:
    """A `WireFormat`: OpenAI itself and everybody who copied it."""

    title = "OpenAI chat format"
    framing: Framing = "sse"
    signs: tuple[Sign, ...] = CHAT_SIGNS
    refusable: Mapping[str, str] = REFUSABLE

    def __init__(self, quirks: ChatQuirks) -> None:
        self._quirks = quirks

    def headers(self, key: Secret | None) -> dict[str, str]:
        return {} if key is None else {"Authorization": f"Bearer {key.reveal()}"}

    def path(self, request: Request) -> str:
        return "/chat/completions"

    def body(self, request: Request, known: Model | None) -> dict[str, JSON]:
        return request_body(request, self._quirks, known)

    def reader(self, asked: Asked) -> ChatStream:
        return ChatStream(asked, self._quirks)

    def is_answer(self, document: dict[str, JSON]) -> bool:
        return bool(document.get("choices"))

    async def identify(self, calls: ApiCalls) -> str:
        return await who_answers(calls, self._quirks.server)

    async def prove_key(self, calls: ApiCalls) -> bool:
        if self._quirks.key_path:
            await calls.fetch(self._quirks.key_path)
        return bool(self._quirks.key_path)

    async def models(self, calls: ApiCalls) -> tuple[Model, ...]:
        return await listed_models(calls, self._quirks.server)
