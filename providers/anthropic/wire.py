"""A request as the Anthropic messages API wants it written.

Owns the way from values to JSON. It sends nothing and reads no answer.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from ..api.call_ids import CallIds, IdRule, call_name
from ..base import Model, Request
from ..messages import JSON, Image, Message, Opaque, Part, Text, ToolCall, ToolResult, ToolSpec, text_of
from ..wire.json_values import parse_json
from .thinking import BEGUN_ANEW, PROVIDER, is_thinking

USUAL_OUTPUT = 8192
"""Tokens that may be written where neither the request nor the model list says how many; every model can."""
_ID_RULE = IdRule()
_NAME_LENGTH = 128


def request_body(request: Request, known: Model | None) -> dict[str, JSON]:
    """The body of `POST /messages`, streamed. The temperature stays here: the API refuses it."""
    body: dict[str, JSON] = {
        "max_tokens": _most_tokens(request, known),
        "messages": wire_messages(request.messages),
        "stream": True,
    }
    if request.model:
        body["model"] = request.model
    if system := _system(request.messages):
        body["system"] = system
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    return body | _manner(request, known)


def wire_messages(messages: Iterable[Message]) -> list[JSON]:
    """Messages as the wire has them: turns of user and assistant, by turns."""
    ids = CallIds(_ID_RULE)
    turns: list[tuple[str, list[JSON]]] = []
    for message in messages:
        role, blocks = _turn(message, ids)
        if not blocks:
            continue
        if turns and turns[-1][0] == role:
            turns[-1][1].extend(blocks)
        else:
            turns.append((role, blocks))
    return [{"role": role, "content": blocks} for role, blocks in turns]


def _system(messages: Iterable[Message]) -> str:
    return "\n\n".join(text_of(message) for message in messages if message.role == "system")


def _most_tokens(request: Request, known: Model | None) -> int:
    limit = known.output if known else None
    if request.max_tokens is None:
        return limit or USUAL_OUTPUT
    return min(request.max_tokens, limit or request.max_tokens)


def _manner(request: Request, known: Model | None) -> dict[str, JSON]:
    """How long to think and what to follow, as far as it is asked for and can be had."""
    fields: dict[str, JSON] = {}
    config: dict[str, JSON] = {}
    effort = None if known and known.reasoning is False else request.effort
    if effort == "none":
        fields["thinking"] = {"type": "disabled"}
    elif effort:
        fields["thinking"] = {"type": "adaptive", "display": "summarized"}
        config["effort"] = effort
    if request.schema is not None:
        config["format"] = {"type": "json_schema", "schema": request.schema}
    return {**fields, "output_config": config} if config else fields


def _turn(message: Message, ids: CallIds) -> tuple[str, list[JSON]]:
    match message.role:
        case "assistant":
            return "assistant", _assistant(message, ids)
        case "user" | "tool":
            results = [_result(part, ids) for part in message.parts if isinstance(part, ToolResult)]
            return "user", [*results, *_content(message.parts)]  # results have to be first
        case "system":
            return "system", []


def _assistant(message: Message, ids: CallIds) -> list[JSON]:
    """Everything in its order. Reasoning goes back as the blocks that it came in, never as text."""
    blocks: list[JSON] = []
    for part in message.parts:
        if part == BEGUN_ANEW:
            blocks = [block for block in blocks if not is_thinking(block)]
        elif isinstance(part, Opaque):
            if part.provider == PROVIDER and is_thinking(part.data):
                blocks.append(part.data)
        elif isinstance(part, ToolCall):
            blocks.append(_call(part, ids))
        else:
            blocks += _content((part,))
    while blocks and is_thinking(blocks[-1]):  # a turn that ends with them is refused
        blocks.pop()
    return blocks


def _call(call: ToolCall, ids: CallIds) -> JSON:
    name = call_name(call.name, _NAME_LENGTH)
    return {"type": "tool_use", "id": ids.given(call.id), "name": name, "input": _input(call.arguments)}


def _input(arguments: str) -> JSON:
    """An object, since nothing else is taken, also of what the model wrote wrongly."""
    try:
        found = parse_json(arguments or "{}")
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"INVALID_JSON": arguments}


def _result(result: ToolResult, ids: CallIds) -> JSON:
    return {
        "type": "tool_result",
        "tool_use_id": ids.of(result.call_id),
        "content": result.text,
        "is_error": not result.ok,
    }


def _content(parts: Iterable[Part]) -> list[JSON]:
    """Texts and pictures. A text without a word is refused."""
    blocks: list[JSON] = []
    for part in parts:
        if isinstance(part, Text) and part.text.strip():
            blocks.append({"type": "text", "text": part.text})
        elif isinstance(part, Image):
            blocks.append(_image(part))
    return blocks


def _image(image: Image) -> JSON:
    coded = base64.b64encode(image.data).decode("ascii")
    return {"type": "image", "source": {"type": "base64", "media_type": image.media_type, "data": coded}}


def _tool(tool: ToolSpec) -> JSON:
    return {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
