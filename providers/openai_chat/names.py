"""When two names mean the same model: servers answer with a path, a date or a kind of compression more than was asked.

Owns the comparison. It is for servers that answer with what they have loaded, whichever model was asked; the names of
services that know many models are theirs to resolve.
"""

from __future__ import annotations

import re

_VARIANT = re.compile(
    r"(?:[-_.@:](?:latest|gguf|safetensors|mlx|awq|gptq|ud|\d{4}-\d\d-\d\d|\d{4,8}|(?:bf|fp|f)(?:8|16|32)|int[48]"
    r"|[48]bit|i?q\d(?:_[a-z0-9]+)*+)|:\d+)++$"
)
"""A tag, a file's kind, a date, a compression, or the number of an instance. What was found is never given back: the
ways in which a name can be cut double with each variant.
"""

_LONGEST = 200
"""Characters of a name that are compared: variants are looked for from each of them on."""


def is_swapped(asked: str, answered: str) -> bool:
    """Whether another model than the asked one answers. Where a name is missing, nobody can say so."""
    return bool(asked and answered) and _plain(asked[:_LONGEST]) != _plain(answered[:_LONGEST])


def _plain(name: str) -> str:
    """Without folders, the provider's prefix and variants."""
    last = re.split(r"[/\\]", name.strip().lower().rstrip("/\\"))[-1]
    return _VARIANT.sub("", last) or last
