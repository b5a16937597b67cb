"""How services that speak the OpenAI chat format differ from it.

Owns the values only; `wire`, `turns`, `stream` and the model lists follow them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CallIdKind = Literal["any", "openai", "mistral"]
Server = Literal["", "azure", "litellm", "llama_cpp", "lmstudio", "vllm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatQuirks:
    """How one service differs from the format.

    What it is asked:

    `stream_options`: it may be asked for the token counts (Mistral refuses the field and counts anyway).
    `max_tokens_field`: newer OpenAI models know only the long name, local servers and Mistral only the short one.
    `effort`: how it is told how long to think: by a word (OpenAI), by an object (OpenRouter), or by a switch beside
    the word (DeepSeek).
    `known_fields_only`: an optional field goes to a model only if the list says that it takes it (Mistral answers 422
    to fields that it does not know).
    `schema`: an answer can be held to a JSON Schema (DeepSeek knows only "some JSON").

    How it is told the conversation:

    `content_with_calls`: an assistant turn may have text beside its tool calls (not at Mistral).
    `user_after_tools`: a user turn may follow tool results (at Mistral the assistant speaks first).
    `call_ids`: which ids of tool calls it takes from another service: 40 characters at most (OpenAI), nine letters
    and digits (Mistral), or any. A gateway may keep in its own ids what it has to know again (LiteLLM does).
    `reasoning_with_calls`: a turn that called tools goes back with its reasoning text, or it is a 400 (DeepSeek).
    `reasoning_details`: whose opaque reasoning is kept and sent back, by the name under which it is kept; "" for
    services that have none (OpenRouter has).

    Whom it belongs to:

    `server`: whose own endpoints may be asked beside those of the format: who answers there, and what its list says
    beyond names. "" for no others.
    `one_model`: it answers with the model that it has loaded, whichever was asked (llama.cpp, LM Studio).
    `key_path`: an endpoint that proves the key, where the model list is public.
    """

    stream_options: bool = True
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    effort: Literal["word", "object", "switch"] = "word"
    known_fields_only: bool = False
    schema: bool = True
    content_with_calls: bool = True
    user_after_tools: bool = True
    call_ids: CallIdKind = "any"
    reasoning_with_calls: bool = False
    reasoning_details: str = ""
    server: Server = ""
    one_model: bool = False
    key_path: str = ""
