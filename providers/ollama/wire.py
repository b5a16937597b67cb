"""A request as Ollama's native API wants it written.

Owns the way from values to JSON. It sends nothing and reads no answer.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from ..base import Model, Request
from ..messages import JSON, Image, Message, Reasoning, ToolCall, ToolResult, ToolSpec, text_of
from ..wire.json_values import as_object, parse_json
from .context import DEFAULT_CONTEXT

KEEP_ALIVE = "10m"
"""How long the model stays in memory after an answer: a look at the comp between two questions, not a render."""


def request_body(request: Request, known: Model | None) -> dict[str, JSON]:
    """The body of `POST /api/chat`, streamed.

    `truncate` false: a chat that does not fit is refused, where Ollama would by itself drop its beginning unsaid.
    Servers before autumn 2025 do not know the word and cut as they always did.
    """
    body: dict[str, JSON] = {
        "model": request.model,
        "messages": [*wire_messages(request.messages)],
        "stream": True,
        "truncate": False,
        "keep_alive": KEEP_ALIVE,
        "options": _options(request, known),
    }
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if request.schema is not None:
        body["format"] = request.schema
    if request.effort is not None and not (known and known.reasoning is False):
        body["think"] = False if request.effort == "none" else request.effort
    return body


def _options(request: Request, known: Model | None) -> dict[str, JSON]:
    options: dict[str, JSON] = {"num_ctx": request.context or (known and known.context) or DEFAULT_CONTEXT}
    if request.max_tokens is not None:
        options["num_predict"] = request.max_tokens
    if request.temperature is not None:
        options["temperature"] = request.temperature
    return options


def wire_messages(messages: Iterable[Message]) -> Iterable[JSON]:
    """Messages as the wire has them."""
    for message in messages:
        match message.role:
            case "assistant":
                yield _assistant(message)
            case "tool":
                yield from _tool_results(message)
            case _:
                yield _said(message.role, text_of(message), message)


def _said(role: str, text: str, message: Message) -> JSON:
    said: dict[str, JSON] = {"role": role, "content": text}
    images = [base64.b64encode(part.data).decode("ascii") for part in message.parts if isinstance(part, Image)]
    if images:
        said["images"] = [*images]
    return said


def _assistant(message: Message) -> JSON:
    """With its thoughts: models were trained to see theirs again between the calls of one turn."""
    said: dict[str, JSON] = {"role": "assistant", "content": text_of(message)}
    if thinking := "".join(part.text for part in message.parts if isinstance(part, Reasoning)):
        said["thinking"] = thinking
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    if calls:
        said["tool_calls"] = [_call(number, call) for number, call in enumerate(calls)]
    return said


def _call(number: int, call: ToolCall) -> JSON:
    function: dict[str, JSON] = {"index": number, "name": call.name, "arguments": _arguments(call.arguments)}
    return {"id": call.id, "function": function}


def _arguments(text: str) -> dict[str, JSON]:
    """An object, whatever the model wrote: Ollama takes nothing else, and the result says what was wrong with it."""
    try:
        return as_object(parse_json(text))
    except ValueError:
        return {}


def _tool_results(message: Message) -> Iterable[JSON]:
    """One message for each result; images follow as a user turn, since tool turns take none.

    The tool is named twice: older servers know it by its name only, newer ones by the id of the call.
    """
    for part in message.parts:
        if isinstance(part, ToolResult):
            yield {"role": "tool", "tool_name": part.name, "tool_call_id": part.call_id, "content": part.text}
    if any(isinstance(part, Image) for part in message.parts):
        yield _said("user", "", message)


def _tool(tool: ToolSpec) -> JSON:
    function: dict[str, JSON] = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}
