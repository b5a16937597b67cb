"""Chunks of the OpenAI chat format, and what a reader makes of them.

read(delta(content="Hi"), delta("stop"))    the events of an answer
text_in(events), reasoning_in(events), calls_in(events)
"""

from __future__ import annotations

import itertools
import json
from typing import Any

from nuke_ai_panel.providers.answers.reader import Asked
from nuke_ai_panel.providers.errors import Service
from nuke_ai_panel.providers.messages import (
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    ToolCall,
    ToolCallReady,
)
from nuke_ai_panel.providers.openai_chat.quirks import ChatQuirks
from nuke_ai_panel.providers.openai_chat.stream import ChatStream
from nuke_ai_panel.providers.redact import Redactor
from nuke_ai_panel.providers.wire.framing import ServerEvent

SERVICE = Service("x", "X", "x.example")
Chunk = dict[str, Any]


def chat(limit: int = 2**23, quirks: ChatQuirks | None = None, context: int | None = None) -> ChatStream:
    return ChatStream(Asked(SERVICE, Redactor(), "asked", limit, context), quirks)


def read(*chunks: Chunk | str, quirks: ChatQuirks | None = None) -> list[StreamEvent]:
    stream = chat(quirks=quirks)
    events: list[StreamEvent] = []
    for chunk in chunks:
        events += stream.feed(ServerEvent(chunk if isinstance(chunk, str) else json.dumps(chunk)))
    return events + list(stream.finish())


def delta(finish: str | None = None, **said: Any) -> Chunk:
    return {"id": "c", "model": "m", "choices": [{"index": 0, "delta": said, "finish_reason": finish}]}


def call(arguments: Any = None, **piece: Any) -> Chunk:
    name = piece.pop("name", None)
    function = {key: value for key, value in {"name": name, "arguments": arguments}.items() if value is not None}
    return delta(tool_calls=[{**piece, "function": function}])


def calls_in(events: list[StreamEvent]) -> list[ToolCall]:
    return [event.call for event in events if isinstance(event, ToolCallReady)]


def text_in(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def reasoning_in(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, ReasoningDelta))


def in_pieces(text: str, cuts: list[int]) -> list[str]:
    """The text, cut at these places."""
    edges = sorted({cut % (len(text) + 1) for cut in cuts} | {0, len(text)})
    return [text[start:end] for start, end in itertools.pairwise(edges)]
