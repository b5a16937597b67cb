"""The OpenAI Responses API."""

from __future__ import annotations

import json
from typing import Any

from dialect import MODEL, Dialect
from fault_server import SSE, model_list, sse

ANSWER = {"id": "resp_1", "object": "response", "model": MODEL}
PLACE = {"item_id": "msg_1", "output_index": 0}


def named(kind: str, **more: Any) -> bytes:
    """One event, as the service writes it: its name stands twice."""
    return sse({"type": kind, **more}, event=kind)


def piece(text: str) -> bytes:
    return named("response.output_text.delta", **PLACE, content_index=0, delta=text)


def beginning(*texts: str) -> list[bytes]:
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    return [
        named("response.created", response={**ANSWER, "status": "in_progress", "output": []}),
        named("response.output_item.added", output_index=0, item=item),
        *map(piece, texts),
    ]


def stream(*texts: str) -> list[bytes]:
    usage = {"input_tokens": 2, "output_tokens": len(texts), "total_tokens": 2 + len(texts)}
    return [
        *beginning(*texts),
        named("response.completed", response={**ANSWER, "status": "completed", "usage": usage}),
    ]


def error(status: int, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "server_error", "param": None, "code": status}}


DIALECT = Dialect(
    format="openai_responses",
    provider="openai",
    base_path="/v1",
    content_type=SSE,
    model_path="/v1/models",
    chat_path="/v1/responses",
    stream=stream,
    beginning=beginning,
    error=error,
    error_event=lambda message: named("error", code="server_error", message=message, param=None),
    model_list=lambda *ids: json.loads(model_list(*ids)),
    broken_event=sse("{broken", event="response.output_text.delta"),
    keep_alive=b": still here\n\n",
)
