"""The events of Google's Interactions API, told as those of the API that is asked here.

Owns that translation, so that recordings of both can be replayed. Nothing is ever asked of the Interactions API.
"""

from __future__ import annotations

from ..messages import JSON
from ..wire.json_values import as_object, as_text

_COUNTS = {
    "promptTokenCount": "total_input_tokens",
    "candidatesTokenCount": "total_output_tokens",
    "thoughtsTokenCount": "total_thought_tokens",
    "cachedContentTokenCount": "total_cached_tokens",
}


def as_response(event: dict[str, JSON]) -> dict[str, JSON]:
    """An event of either API as a `GenerateContentResponse`."""
    if "event_type" not in event:
        return event
    interaction = as_object(event.get("interaction"))
    usage = as_object(interaction.get("usage"))
    status = as_text(interaction.get("status"))
    return {
        "error": event.get("error"),
        "modelVersion": interaction.get("model"),
        "responseId": interaction.get("id"),
        "usageMetadata": {name: usage.get(theirs) for name, theirs in _COUNTS.items()},
        "candidates": [
            {"content": {"parts": [_part(event)]}, "finishReason": "" if status == "in_progress" else status}
        ],
    }


def _part(event: dict[str, JSON]) -> JSON:
    step, delta = as_object(event.get("step")), as_object(event.get("delta"))
    match event.get("event_type"), delta.get("type") or step.get("type"):
        case "step.start", "function_call":
            begun: dict[str, JSON] = {"id": step.get("id"), "name": step.get("name"), "args": step.get("arguments")}
            return {"functionCall": {**begun, "willContinue": True}, "thoughtSignature": step.get("signature")}
        case "step.delta", "arguments_delta":
            return {"functionCall": {"args": as_text(delta.get("arguments")), "willContinue": True}}
        case "step.delta", "text":
            return {"text": delta.get("text")}
        case "step.delta", "thought_summary":
            return {"text": as_object(delta.get("content")).get("text"), "thought": True}
        case "step.delta", "thought_signature":
            return {"thought": True, "thoughtSignature": delta.get("signature")}
        case "step.stop", _:
            return {"functionCall": {}}
        case _:
            return {}
