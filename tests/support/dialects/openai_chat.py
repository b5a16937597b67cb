"""The OpenAI chat format."""

from __future__ import annotations

import json
from typing import Any

from dialect import CALLS, TEXTS, THOUGHTS, Dialect
from fault_server import DONE, MODEL, SSE, chat, chunk, model_list, sse


def error(status: int, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "server_error", "param": None, "code": status}}


def _call(index: int, arguments: str, **more: Any) -> bytes:
    return chunk(tool_calls=[{"index": index, "function": {"arguments": arguments, **more}}])


def rich() -> list[bytes]:
    usage = {"prompt_tokens": 3, "completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 2}}
    calls = [
        (number, name, json.dumps(arguments, ensure_ascii=False)) for number, (name, arguments) in enumerate(CALLS)
    ]
    return [
        *(chunk(reasoning_content=thought) for thought in THOUGHTS),
        *map(chunk, TEXTS),
        *(event for at, name, text in calls for event in (_call(at, text[:7], name=name), _call(at, text[7:]))),
        chunk(finish="tool_calls"),
        sse({"id": "c1", "model": MODEL, "choices": [], "usage": usage}),
        DONE,
    ]


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
    rich=rich(),
    model_list=lambda *ids: json.loads(model_list(*ids)),
    broken_event=sse("{broken"),
    keep_alive=b": still here\n\n",
)
