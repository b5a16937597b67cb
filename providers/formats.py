"""The wire formats by name. Owns the names; a format's ways are in the folder that is called like it."""

from __future__ import annotations

from typing import Literal, get_args

from .anthropic.format import AnthropicFormat
from .api.wire_format import WireFormat
from .gemini.format import GeminiFormat
from .ollama.format import OllamaFormat
from .openai_chat.format import OpenAIChatFormat
from .openai_chat.quirks import ChatQuirks
from .openai_responses.format import OpenAIResponsesFormat

FormatName = Literal["openai_chat", "openai_responses", "anthropic", "gemini", "ollama"]
FORMATS: tuple[FormatName, ...] = get_args(FormatName)


def wire_format(name: FormatName, quirks: ChatQuirks) -> WireFormat:
    """`quirks` are of services that speak the OpenAI chat format."""
    match name:
        case "openai_chat":
            return OpenAIChatFormat(quirks)
        case "openai_responses":
            return OpenAIResponsesFormat()
        case "anthropic":
            return AnthropicFormat()
        case "gemini":
            return GeminiFormat()
        case "ollama":
            return OllamaFormat()
