"""What is said: messages to a model, and the events of its answer.

Owns the values that every floor passes around. It knows no wire format, no network and no Qt; a value never changes
after it was made.

    Message ── parts: Text | Image | ToolCall | ToolResult | Reasoning | Opaque
    StreamEvent = Started | TextDelta | ReasoningDelta | ReasoningOpaque
                | ToolCallStarted | ToolCallDelta | ToolCallReady
                | UsageReported | Waiting | Progress | Finished
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import Literal, TypeAlias

JSON: TypeAlias = "None | bool | int | float | str | list[JSON] | dict[str, JSON]"

Role = Literal["system", "user", "assistant", "tool"]

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "cancelled", "unknown"]
"""Why an answer ended. The service's own word stays in `Finished.raw`."""


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Image:
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to run a tool. `arguments` is the JSON text as the model wrote it, valid or not."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered: `text` (bounded, fenced) for models, `data` (JSON) for the guide and the screen."""

    call_id: str
    name: str
    ok: bool
    text: str
    data: JSON = None


@dataclass(frozen=True, slots=True)
class Reasoning:
    text: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """A blob that `provider` wants back unchanged (a signature, encrypted reasoning); others never get it."""

    provider: str
    data: JSON


Part = Text | Image | ToolCall | ToolResult | Reasoning | Opaque


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as models are told of it. `parameters` is a JSON Schema of type object."""

    name: str
    description: str
    parameters: dict[str, JSON]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer. None: the service did not say."""

    input: int | None = None
    output: int | None = None
    reasoning: int | None = None
    cached: int | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """`model` is who answers according to the service. `swapped`: it is not the model that was asked."""

    model: str
    id: str = ""
    source: str = ""
    swapped: bool = False


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ReasoningOpaque:
    part: Opaque
    source: str = ""


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    index: int
    id: str
    name: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    index: int
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ToolCallReady:
    index: int
    call: ToolCall
    source: str = ""


@dataclass(frozen=True, slots=True)
class UsageReported:
    usage: Usage
    source: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing comes for a known reason. `seconds` is how long still, None when nobody knows."""

    reason: str
    seconds: float | None = None
    attempt: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """`fraction` of 0 to 1 of what `kind` names; None when the total is unknown."""

    kind: str
    fraction: float | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    reason: FinishReason
    raw: str = ""
    source: str = ""


StreamEvent = (
    Started
    | TextDelta
    | ReasoningDelta
    | ReasoningOpaque
    | ToolCallStarted
    | ToolCallDelta
    | ToolCallReady
    | UsageReported
    | Waiting
    | Progress
    | Finished
)


def waiting_text(event: Waiting) -> str:
    """What is waited for, such as "Anthropic is overloaded, trying again in 3 s"."""
    return event.reason if event.seconds is None else f"{event.reason}, trying again in {ceil(event.seconds)} s"


def text_of(message: Message) -> str:
    """The visible text of a message, without reasoning, calls and results."""
    return "".join(part.text for part in message.parts if isinstance(part, Text))
