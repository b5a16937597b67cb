"""A request as Gemini wants it written.

Owns the way from values to JSON. It sends nothing and reads no answer.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from ..base import Model, Request
from ..messages import JSON, Image, Message, Part, Reasoning, Text, ToolCall, ToolResult, ToolSpec
from ..wire.json_values import as_object, parse_json
from .signatures import SignedPart, signed_parts, vouched
from .thinking import thinking_config, wants_signed_calls


def request_body(request: Request, known: Model | None) -> dict[str, JSON]:
    """The body of `POST /models/{id}:streamGenerateContent`. `known`: what the list says of the model."""
    contents = wire_contents(request.messages, strict=wants_signed_calls(request.model))
    body: dict[str, JSON] = {"contents": [*contents]}
    system = (part for message in request.messages if message.role == "system" for part in message.parts)
    if parts := _said(system):
        body["systemInstruction"] = {"parts": parts}
    if request.tools:
        body["tools"] = [{"functionDeclarations": [_tool(tool) for tool in request.tools]}]
        body["toolConfig"] = {"functionCallingConfig": {"mode": "AUTO"}}
    if config := _generation_config(request, known):
        body["generationConfig"] = config
    return body


def wire_contents(messages: Iterable[Message], *, strict: bool = False) -> Iterator[JSON]:
    """Messages as the wire has them, without those that have nothing to say there.

    `strict`: the model takes no calls without a signature, also those that another model made.
    """
    for message in messages:
        match message.role:
            case "assistant":
                yield from _content("model", _answer(message, strict))
            case "tool":
                yield from _content("user", [_result(part) for part in message.parts if isinstance(part, ToolResult)])
                yield from _content("user", _said([part for part in message.parts if isinstance(part, Image)]))
            case "user":
                yield from _content("user", _said(message.parts))
            case "system":
                pass


def _generation_config(request: Request, known: Model | None) -> dict[str, JSON]:
    config: dict[str, JSON] = {}
    if request.max_tokens is not None:
        config["maxOutputTokens"] = request.max_tokens
    if request.temperature is not None:
        config["temperature"] = request.temperature
    if request.schema is not None:
        config |= {"responseMimeType": "application/json", "responseJsonSchema": request.schema}
    if thinking := thinking_config(request.model, request.effort, known):
        config["thinkingConfig"] = thinking
    return config


def _content(role: str, parts: list[JSON]) -> Iterator[JSON]:
    if parts:
        yield {"role": role, "parts": parts}


def _said(parts: Iterable[Part]) -> list[JSON]:
    """Text and pictures, in their order. Empty text is refused."""
    said: list[JSON] = []
    for part in parts:
        if isinstance(part, Text) and part.text:
            said.append({"text": part.text})
        elif isinstance(part, Image):
            coded = base64.b64encode(part.data).decode("ascii")
            said.append({"inlineData": {"mimeType": part.media_type, "data": coded}})
    return said


def _answer(message: Message, strict: bool) -> list[JSON]:
    parts = signed_parts(message.parts)
    written = (_answered(signed) for signed in (vouched(parts) if strict else parts))
    return [part for part in written if part]


def _answered(signed: SignedPart) -> JSON:
    """A part of an answer with its signature; None for what need not go back: thoughts, unless they are signed."""
    signature: dict[str, JSON] = {"thoughtSignature": signed.signature} if signed.signature else {}
    match signed.part:
        case ToolCall(identity, name, arguments):
            return {"functionCall": {"id": identity, "name": name, "args": _arguments(arguments)}, **signature}
        case Text(text) if text or signature:
            return {"text": text, **signature}
        case Reasoning(text) if signature:
            return {"text": text, "thought": True, **signature}
        case _:
            return None


def _arguments(text: str) -> JSON:
    """An object is all that is taken; of what is none, the result says that it was."""
    try:
        return as_object(parse_json(text))
    except ValueError:
        return {}


def _result(result: ToolResult) -> JSON:
    response: JSON = {"result" if result.ok else "error": result.text}
    return {"functionResponse": {"id": result.call_id, "name": result.name, "response": response}}


def _tool(tool: ToolSpec) -> JSON:
    return {"name": tool.name, "description": tool.description, "parametersJsonSchema": tool.parameters}
