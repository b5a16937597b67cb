"""The OpenAI Responses API."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from dialect import CALLS, MODEL, TEXTS, THOUGHTS, Dialect
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


def _item(index: int, kind: str, *events: bytes, **more: Any) -> list[bytes]:
    item = {"id": f"item_{index}", "type": kind, **more}
    return [
        named("response.output_item.added", output_index=index, item=item),
        *events,
        named("response.output_item.done", output_index=index, item=item),
    ]


def _deltas(index: int, kind: str, pieces: Iterable[str]) -> list[bytes]:
    where = {"item_id": f"item_{index}", "output_index": index}
    return [named(f"response.{kind}.delta", **where, delta=text) for text in pieces]


def _call(index: int, name: str, arguments: str) -> list[bytes]:
    deltas = _deltas(index, "function_call_arguments", (arguments[:7], arguments[7:]))
    return _item(index, "function_call", *deltas, call_id=f"call_{index}", name=name, arguments=arguments)


def rich() -> list[bytes]:
    usage = {"input_tokens": 2, "output_tokens": 9, "output_tokens_details": {"reasoning_tokens": 2}}
    return [
        named("response.created", response={**ANSWER, "status": "in_progress", "output": []}),
        *_item(0, "reasoning", *_deltas(0, "reasoning_text", THOUGHTS), encrypted_content="c2VhbGVk"),
        *_item(1, "message", *_deltas(1, "output_text", TEXTS), role="assistant"),
        *(
            event
            for at, (name, said) in enumerate(CALLS, 2)
            for event in _call(at, name, json.dumps(said, ensure_ascii=False))
        ),
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
    rich=rich(),
    model_list=lambda *ids: json.loads(model_list(*ids)),
    broken_event=sse("{broken", event="response.output_text.delta"),
    keep_alive=b": still here\n\n",
)
