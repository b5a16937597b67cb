"""How services that speak the OpenAI chat format differ from it.

Owns the values only; `wire`, `stream` and `format` follow them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ChatQuirks:
    """How one service differs from the format.

    `stream_options`: it may be asked for the token counts (Mistral refuses the field and counts anyway).
    `max_tokens_field`: newer OpenAI models know only the long name, local servers only the short one.
    `content_with_calls`: an assistant turn may have text beside its tool calls.
    `key_path`: an endpoint that proves the key, where the model list is public.
    """

    stream_options: bool = True
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    content_with_calls: bool = True
    key_path: str = ""
