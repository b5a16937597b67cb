"""A request as the OpenAI chat format wants it written, with the few ways in which services differ.

Owns the fields of the question; its turns are written in `turns`. It sends nothing and reads no answer.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..base import Effort, Model, Request
from ..messages import JSON, ToolSpec
from .quirks import ChatQuirks
from .turns import wire_messages

REFUSABLE: Mapping[str, str] = {
    "stream_options": "",
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_tokens",
    "temperature": "",
    "reasoning_effort": "",
    "reasoning": "",
    "thinking": "",
    "response_format": "",
}
"""The fields that some model refuses, each with the name that it may know instead, or "" to do without."""


def request_body(request: Request, quirks: ChatQuirks, known: Model | None = None) -> dict[str, JSON]:
    """The body of `POST /chat/completions`, streamed. `known`: what the service's list says of the model."""
    body: dict[str, JSON] = {"messages": [*wire_messages(request.messages, quirks)], "stream": True}
    if request.model:
        body["model"] = request.model
    if quirks.stream_options:
        body["stream_options"] = {"include_usage": True}
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if request.max_tokens is not None:
        body[quirks.max_tokens_field] = request.max_tokens
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.effort is not None and _thinks(known, quirks):
        body |= _effort(request.effort, quirks)
    if request.schema is not None and quirks.schema:
        body["response_format"] = _schema(request.schema)
    return body


def _tool(tool: ToolSpec) -> JSON:
    function: dict[str, JSON] = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _thinks(known: Model | None, quirks: ChatQuirks) -> bool:
    """Whether the model may be told how long to think; where nobody knows, it is tried."""
    thinks = known.reasoning if known else None
    return thinks is True or (thinks is None and not quirks.known_fields_only)


def _effort(effort: Effort, quirks: ChatQuirks) -> dict[str, JSON]:
    match quirks.effort:
        case "word":
            return {"reasoning_effort": effort}
        case "object":
            return {"reasoning": {"effort": effort}}
        case "switch" if effort == "none":
            return {"thinking": {"type": "disabled"}}
        case "switch":
            return {"thinking": {"type": "enabled"}, "reasoning_effort": effort}


def _schema(schema: dict[str, JSON]) -> JSON:
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
