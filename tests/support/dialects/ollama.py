"""What Ollama says: a JSON document a line."""

from __future__ import annotations

import json
from typing import Any

from dialect import CALLS, MODEL, TEXTS, THOUGHTS, Dialect

NDJSON = "application/x-ndjson"
_MADE = "2026-11-20T10:00:00.000000Z"


def line(document: Any) -> bytes:
    return json.dumps(document).encode() + b"\n"


def said(content: str = "", *, model: str = MODEL, **more: Any) -> bytes:
    """One line in the middle of an answer; `more` stands in its message."""
    message = {"role": "assistant", "content": content} | more
    return line({"model": model, "created_at": _MADE, "message": message, "done": False})


def last(reason: str = "stop", *, model: str = MODEL, **counts: int) -> bytes:
    """The line that ends an answer; `counts` with the names of the wire."""
    times = {"total_duration": 9, "load_duration": 1, "prompt_eval_duration": 2, "eval_duration": 6}
    message = {"role": "assistant", "content": ""}
    ended = {"model": model, "created_at": _MADE, "message": message, "done": True, "done_reason": reason}
    return line(ended | times | counts)


def stream(*texts: str) -> list[bytes]:
    return [*beginning(*texts), last(prompt_eval_count=26, eval_count=len(texts))]


def beginning(*texts: str) -> list[bytes]:
    return [said(text) for text in texts]


def rich() -> list[bytes]:
    calls = [{"function": {"name": name, "arguments": arguments}} for name, arguments in CALLS]
    return [
        *(said(thinking=thought) for thought in THOUGHTS),
        *beginning(*TEXTS),
        said(tool_calls=calls),
        last(prompt_eval_count=26, eval_count=9),
    ]


def error(status: int, message: str) -> dict[str, Any]:
    return {"error": message}


def error_event(message: str) -> bytes:
    return line({"error": message})


def model_list(*ids: str) -> dict[str, Any]:
    return {"models": [entry(name) for name in ids]}


def entry(name: str, *capabilities: str, context: int = 0, **more: Any) -> dict[str, Any]:
    """One model of the list; without capabilities and context as servers before 2026 write it."""
    details: dict[str, Any] = {"family": "llama", "parameter_size": "8.0B", "quantization_level": "Q4_K_M"}
    said = {"name": name, "model": name, "modified_at": _MADE, "size": 4_683_087_332, "digest": f"sha256:{name}"}
    return (
        said
        | {"details": details | ({"context_length": context} if context else {})}
        | ({"capabilities": [*capabilities]} if capabilities else {})
        | more
    )


DIALECT = Dialect(
    format="ollama",
    provider="ollama",
    base_path="",
    content_type=NDJSON,
    model_path="/api/tags",
    chat_path="/api/chat",
    stream=stream,
    beginning=beginning,
    error=error,
    error_event=error_event,
    rich=rich(),
    model_list=model_list,
    broken_event=b'{"model":"tiny","message":{\n',
    keep_alive=b"\n",
)
