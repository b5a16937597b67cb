"""A request as the OpenAI chat format wants it written, with the few ways in which services differ.

Owns the way from values to JSON. It sends nothing and reads no answer.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from ..base import Request
from ..messages import JSON, Image, Message, Part, Text, ToolCall, ToolResult, ToolSpec, text_of
from .quirks import ChatQuirks


def request_body(request: Request, quirks: ChatQuirks) -> dict[str, JSON]:
    """The body of `POST /chat/completions`, streamed."""
    body: dict[str, JSON] = {"messages": [*wire_messages(request.messages, quirks)], "stream": True}
    if request.model:
        body["model"] = request.model
    if quirks.stream_options:
        body["stream_options"] = {"include_usage": True}
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if request.max_tokens is not None:
        body[quirks.max_tokens_field] = request.max_tokens
    return body


def wire_messages(messages: Iterable[Message], quirks: ChatQuirks) -> Iterable[JSON]:
    """Messages as the wire has them. Reasoning stays here: no service of this format wants its own back."""
    for message in messages:
        match message.role:
            case "assistant":
                yield _assistant(message, quirks)
            case "tool":
                yield from _tool_results(message)
            case "user":
                yield {"role": "user", "content": _content(message)}
            case "system":
                yield {"role": "system", "content": text_of(message)}


def _assistant(message: Message, quirks: ChatQuirks) -> JSON:
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    text = text_of(message)
    if not calls:
        return {"role": "assistant", "content": text}
    content = text if text and quirks.content_with_calls else None
    return {"role": "assistant", "content": content, "tool_calls": [_call(call) for call in calls]}


def _call(call: ToolCall) -> JSON:
    function: dict[str, JSON] = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": call.id, "type": "function", "function": function}


def _tool_results(message: Message) -> Iterable[JSON]:
    """One message for each result; images follow as a user turn, since tool turns take none."""
    for part in message.parts:
        if isinstance(part, ToolResult):
            yield {"role": "tool", "tool_call_id": part.call_id, "content": part.text}
    images = [part for part in message.parts if isinstance(part, Image)]
    if images:
        yield {"role": "user", "content": [_image(image) for image in images]}


def _content(message: Message) -> JSON:
    """Plain text where that is all: some servers know no lists."""
    if not any(isinstance(part, Image) for part in message.parts):
        return text_of(message)
    return [piece for part in message.parts if (piece := _piece(part)) is not None]


def _piece(part: Part) -> JSON:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if isinstance(part, Image):
        return _image(part)
    return None


def _image(image: Image) -> JSON:
    coded = base64.b64encode(image.data).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:{image.media_type};base64,{coded}"}}


def _tool(tool: ToolSpec) -> JSON:
    function: dict[str, JSON] = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}
