"""What an Anthropic messages server says."""

from __future__ import annotations

import json
from typing import Any

from dialect import CALLS, MODEL, TEXTS, THOUGHTS, Dialect
from fault_server import sse

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def named(document: dict[str, Any]) -> bytes:
    """An event as it goes over the wire: its name is its type."""
    return sse(document, event=document["type"])


def beginning(*texts: str) -> list[bytes]:
    usage = {"input_tokens": 3, "cache_read_input_tokens": 0, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, "content": [], "usage": usage}
    deltas = [{"type": "text_delta", "text": text} for text in texts]
    return [
        named({"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None}}),
        named({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        *[named({"type": "content_block_delta", "index": 0, "delta": delta}) for delta in deltas],
    ]


def _block(index: int, block: dict[str, Any], *deltas: dict[str, Any]) -> list[bytes]:
    return [
        named({"type": "content_block_start", "index": index, "content_block": block}),
        *(named({"type": "content_block_delta", "index": index, "delta": delta}) for delta in deltas),
        named({"type": "content_block_stop", "index": index}),
    ]


def _use(index: int, name: str, arguments: str) -> list[bytes]:
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in (arguments[:7], arguments[7:])]
    return _block(index, {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}}, *deltas)


def rich() -> list[bytes]:
    thoughts = [{"type": "thinking_delta", "thinking": thought} for thought in THOUGHTS]
    signature = {"type": "signature_delta", "signature": "c2lnbmVk"}
    ended = {"stop_reason": "tool_use", "stop_sequence": None}
    return [
        beginning()[0],
        *_block(0, {"type": "thinking", "thinking": "", "signature": ""}, *thoughts, signature),
        *_block(1, {"type": "text", "text": ""}, *({"type": "text_delta", "text": text} for text in TEXTS)),
        *(
            event
            for at, (name, said) in enumerate(CALLS, 2)
            for event in _use(at, name, json.dumps(said, ensure_ascii=False))
        ),
        named({"type": "message_delta", "delta": ended, "usage": {"output_tokens": 9}}),
        named({"type": "message_stop"}),
    ]


def stream(*texts: str) -> list[bytes]:
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    return [
        *beginning(*texts),
        named({"type": "content_block_stop", "index": 0}),
        named({"type": "message_delta", "delta": delta, "usage": {"output_tokens": len(texts)}}),
        named({"type": "message_stop"}),
    ]


def error(status: int, message: str) -> dict[str, Any]:
    return {
        "type": "error",
        "error": {"type": _TYPES.get(status, "api_error"), "message": message},
        "request_id": "req_1",
    }


def error_event(message: str) -> bytes:
    return named({"type": "error", "error": {"type": "api_error", "message": message}})


def model_list(*ids: str) -> dict[str, Any]:
    listed = [{"type": "model", "id": name, "display_name": name.title(), "max_input_tokens": 1000} for name in ids]
    return {"data": listed, "has_more": False, "first_id": ids[0] if ids else None, "last_id": ids[-1] if ids else None}


DIALECT = Dialect(
    format="anthropic",
    provider="anthropic",
    base_path="/v1",
    content_type="text/event-stream",
    model_path="/v1/models",
    chat_path="/v1/messages",
    stream=stream,
    beginning=beginning,
    error=error,
    error_event=error_event,
    rich=rich(),
    model_list=model_list,
    broken_event=b"event: content_block_delta\ndata: {broken\n\n",
    keep_alive=named({"type": "ping"}),
)
