"""A request as the Responses API wants it written.

Owns the way from values to JSON. It sends nothing and reads no answer.

Nothing is kept by the service (`store: false`), so everything goes along each time: sealed reasoning as it came, before
the call that it led to. No item but that has an id, since the service would look for it among those that it kept.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from ..api.call_ids import CallIds, IdRule, call_name
from ..base import Model, Request
from ..messages import JSON, Image, Message, Opaque, Part, Text, ToolCall, ToolResult, ToolSpec
from ..wire.json_values import as_object
from .models import reasons

OWNER = "openai_responses"
"""Whose `Opaque` parts are sent: items of an answer, and what was noted on a message of it."""
_FEWEST_TOKENS = 16
"""OpenAI refuses a lower limit of an answer."""
_ID_RULE = IdRule(longest=64)
_NAME_LENGTH = 64


def request_body(request: Request, known: Model | None) -> dict[str, JSON]:
    """The body of `POST /responses`, streamed. `known`: what the service's list says of the model."""
    body: dict[str, JSON] = {"input": [*input_items(request.messages)], "stream": True, "store": False}
    if request.model:
        body["model"] = request.model
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if request.max_tokens is not None:
        body["max_output_tokens"] = max(request.max_tokens, _FEWEST_TOKENS)
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.schema is not None:
        body["text"] = {"format": {"type": "json_schema", "name": "answer", "schema": request.schema, "strict": True}}
    if _may_reason(request.model, known):
        body["reasoning"] = _reasoning(request)
        body["include"] = ["reasoning.encrypted_content"]
    return body


def input_items(messages: Iterable[Message]) -> Iterator[JSON]:
    """The conversation, item by item. System messages are items as well: `instructions` is not taken everywhere."""
    ids = CallIds(_ID_RULE)
    for message in messages:
        match message.role:
            case "assistant":
                yield from _assistant(message.parts, ids)
            case "tool":
                yield from _tool_results(message.parts, ids)
            case "user" | "system":
                content: list[JSON] = [piece for part in message.parts if (piece := _piece(part)) is not None]
                yield {"type": "message", "role": message.role, "content": content}


def _may_reason(model: str, known: Model | None) -> bool:
    """Others refuse the fields that ask for it; whoever is not known may say so by itself."""
    reasoning = known.reasoning if known is not None and known.reasoning is not None else reasons(model)
    return reasoning is not False


def _reasoning(request: Request) -> JSON:
    match request.effort:
        case None:
            return {"summary": "auto"}
        case "none":
            return {"effort": "none"}
        case effort:
            return {"effort": effort, "summary": "auto"}


def _assistant(parts: Iterable[Part], ids: CallIds) -> Iterator[JSON]:
    """An answer, in its order. Reasoning that can be read stays here: the sealed one holds it.

    Sealed reasoning that led to nothing, as the answer was cut or left, stays here too: alone it is refused.
    """
    note: dict[str, JSON] = {}
    sealed: list[JSON] = []
    for part in parts:
        match part:
            case Opaque(provider, data) if provider == OWNER:
                item = as_object(data)
                if item.get("type") == "message":
                    note = item
                else:
                    sealed.append(data)
            case Text(text) if text:
                content: list[JSON] = [{"type": "output_text", "text": text}]
                yield from sealed
                yield {"type": "message", "role": "assistant", "content": content, **note}
                note, sealed = {}, []
            case ToolCall():
                yield from sealed
                yield _call(part, ids)
                sealed = []
            case _:
                pass


def _call(call: ToolCall, ids: CallIds) -> JSON:
    name = call_name(call.name, _NAME_LENGTH)
    return {"type": "function_call", "call_id": ids.given(call.id), "name": name, "arguments": call.arguments or "{}"}


def _tool_results(parts: Iterable[Part], ids: CallIds) -> Iterator[JSON]:
    """One item for each result; images follow as a user's message, which every server of this format reads."""
    images: list[JSON] = []
    for part in parts:
        match part:
            case ToolResult():
                yield {"type": "function_call_output", "call_id": ids.of(part.call_id), "output": part.text}
            case Image():
                images.append(_image(part))
            case _:
                pass
    if images:
        yield {"type": "message", "role": "user", "content": images}


def _piece(part: Part) -> JSON:
    match part:
        case Text(text):
            return {"type": "input_text", "text": text}
        case Image():
            return _image(part)
        case _:
            return None


def _image(image: Image) -> JSON:
    coded = base64.b64encode(image.data).decode("ascii")
    return {"type": "input_image", "image_url": f"data:{image.media_type};base64,{coded}", "detail": "auto"}


def _tool(tool: ToolSpec) -> JSON:
    """Not `strict`, which is the default here: it knows no optional parameters."""
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": False,
    }
