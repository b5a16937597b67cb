"""A conversation as the OpenAI chat format wants it told.

Owns the way from messages to turns, and what services want in which order. Reasoning stays here, but where a service
wants its own back.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator

from ..api.call_ids import CallIds, IdRule, call_name
from ..messages import JSON, Image, Message, Opaque, Part, Reasoning, Text, ToolCall, ToolResult, text_of
from ..wire.json_values import as_list, parse_json
from .quirks import CallIdKind, ChatQuirks

_Turn = dict[str, JSON]

_ABOUT_PICTURES = "The pictures that belong to the tool results above:"
_ACKNOWLEDGED = "I have the results."
"""What the assistant is made to say where it has to speak before the user may."""
_UNSAID = "I had not come to an answer."
"""The same where it was cut while it was thinking: Mistral refuses a turn without a word, others two of the user."""
_ID_RULES: dict[CallIdKind, IdRule | None] = {
    "any": None,
    "openai": IdRule(longest=40),
    "mistral": IdRule(longest=9, exact=True),
}
_NAME_LENGTH = 64


def wire_messages(messages: Iterable[Message], quirks: ChatQuirks) -> Iterator[_Turn]:
    """Messages as the wire has them."""
    before = ""
    for turn in _turns(messages, quirks):
        if turn["role"] == "user" and before == "tool" and not quirks.user_after_tools:
            yield {"role": "assistant", "content": _ACKNOWLEDGED}
        before = turn["role"]
        yield turn


def _turns(messages: Iterable[Message], quirks: ChatQuirks) -> Iterator[_Turn]:
    """Pictures of tools follow as a user turn after the last of the results: tool turns take none."""
    ids = CallIds(_ID_RULES[quirks.call_ids])
    pictures: list[Image] = []
    for message in messages:
        if pictures and message.role != "tool":
            yield _shown(pictures)
            pictures = []
        match message.role:
            case "assistant":
                yield _assistant(message, quirks, ids)
            case "tool":
                yield from _results(message, ids)
                pictures += [part for part in message.parts if isinstance(part, Image)]
            case "user":
                yield {"role": "user", "content": _content(message)}
            case "system":
                yield {"role": "system", "content": text_of(message)}
    if pictures:
        yield _shown(pictures)


def _assistant(message: Message, quirks: ChatQuirks, ids: CallIds) -> _Turn:
    text = text_of(message)
    turn: _Turn = {"role": "assistant", "content": text or _UNSAID}
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    if calls:
        turn["content"] = text if text and quirks.content_with_calls else None
        turn["tool_calls"] = [_call(call, ids) for call in calls]
    if calls and quirks.reasoning_with_calls:
        turn["reasoning_content"] = "".join(part.text for part in message.parts if isinstance(part, Reasoning))
    if details := _details(message, quirks.reasoning_details):
        turn["reasoning_details"] = details
    return turn


def _details(message: Message, owner: str) -> list[JSON]:
    """The opaque reasoning that this service sent, unchanged and in its order."""
    kept = (part.data for part in message.parts if isinstance(part, Opaque) and part.provider == owner)
    return [detail for data in kept for detail in as_list(data)]


def _call(call: ToolCall, ids: CallIds) -> JSON:
    function: _Turn = {"name": call_name(call.name, _NAME_LENGTH), "arguments": _arguments(call.arguments)}
    return {"id": ids.given(call.id), "type": "function", "function": function}


def _arguments(text: str) -> str:
    """As the model wrote them if they can be read; servers that read the history themselves fail at others with 500."""
    try:
        readable = isinstance(parse_json(text or "{}"), dict)
    except ValueError:
        readable = False
    return (text or "{}") if readable else json.dumps({"unreadable": text})


def _results(message: Message, ids: CallIds) -> Iterator[_Turn]:
    for part in message.parts:
        if isinstance(part, ToolResult):
            yield {"role": "tool", "tool_call_id": ids.of(part.call_id), "content": part.text}


def _shown(pictures: list[Image]) -> _Turn:
    about: JSON = {"type": "text", "text": _ABOUT_PICTURES}
    return {"role": "user", "content": [about, *(_image(picture) for picture in pictures)]}


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
