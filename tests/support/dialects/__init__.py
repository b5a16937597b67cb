"""One module for each wire format; `ALL` has them by name."""

from __future__ import annotations

from dialect import Dialect

from . import anthropic, gemini, ollama, openai_chat, openai_responses

ALL: dict[str, Dialect] = {
    module.DIALECT.format: module.DIALECT for module in (openai_chat, openai_responses, anthropic, gemini, ollama)
}
