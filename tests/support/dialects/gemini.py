"""What Google's Gemini API says. Its lines end as Google ends them, and nothing marks the end of a stream."""

from __future__ import annotations

import json
from typing import Any

from dialect import CALLS, MODEL, TEXTS, THOUGHTS, Dialect

_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def event(document: Any) -> bytes:
    """One event of a stream."""
    return b"data: " + json.dumps(document, ensure_ascii=False).encode() + b"\r\n\r\n"


def response(*parts: dict[str, Any], finish: str = "", model: str = MODEL, **more: Any) -> dict[str, Any]:
    """A `GenerateContentResponse`; `more` goes beside its candidate."""
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "modelVersion": model, "responseId": "r1", **more}


def beginning(*texts: str) -> list[bytes]:
    return [event(response({"text": text})) for text in texts]


def stream(*texts: str) -> list[bytes]:
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}
    return [*beginning(*texts), event(response({"text": ""}, finish="STOP", usageMetadata=usage))]


def rich() -> list[bytes]:
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 9, "thoughtsTokenCount": 2, "totalTokenCount": 14}
    calls = [{"functionCall": {"name": name, "args": arguments}} for name, arguments in CALLS]
    calls[0]["thoughtSignature"] = "c2lnbmVk"
    return [
        *(event(response({"text": thought, "thought": True})) for thought in THOUGHTS),
        *beginning(*TEXTS),
        *(event(response(call)) for call in calls),
        event(response({"text": ""}, finish="STOP", usageMetadata=usage)),
    ]


def error(status: int, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    said = {"code": status, "message": message, "status": _STATUSES.get(status, "UNKNOWN")}
    return {"error": {**said, "details": list(details)} if details else said}


def error_event(message: str) -> bytes:
    """As Google throws it into a stream: over several lines, outside of any event."""
    return json.dumps(error(500, message), indent=2).replace("\n", "\r\n").encode() + b"\r\n\r\n"


def model_list(*ids: str) -> dict[str, Any]:
    return {"models": [{"name": f"models/{name}", "supportedGenerationMethods": ["generateContent"]} for name in ids]}


DIALECT = Dialect(
    format="gemini",
    provider="gemini",
    base_path="/v1beta",
    content_type="text/event-stream",
    model_path="/models?pageSize=1000",
    chat_path=f"/models/{MODEL}:streamGenerateContent?alt=sse",
    stream=stream,
    beginning=beginning,
    error=error,
    error_event=error_event,
    rich=rich(),
    model_list=model_list,
    broken_event=b'data: {"candidates": [\r\n\r\n',
    keep_alive=b": still here\r\n\r\n",
)
