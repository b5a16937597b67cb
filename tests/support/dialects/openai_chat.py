"""The OpenAI chat format."""

from __future__ import annotations

import json
from typing import Any

from dialect import Dialect
from fault_server import SSE, chat, chunk, model_list, sse


def error(status: int, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "server_error", "param": None, "code": status}}


DIALECT = Dialect(
    format="openai_chat",
    provider="compatible",
    base_path="/v1",
    content_type=SSE,
    model_path="/v1/models",
    chat_path="/v1/chat/completions",
    stream=chat,
    beginning=lambda *texts: [chunk(text) for text in texts],
    error=error,
    error_event=lambda message: sse(error(500, message)),
    model_list=lambda *ids: json.loads(model_list(*ids)),
    broken_event=sse("{broken"),
    keep_alive=b": still here\n\n",
)
