"""Signed reasoning, which the service wants back as it came, and in its place.

Owns what is kept of it between two questions: one `Opaque` for each block.
"""

from __future__ import annotations

from ..messages import JSON, Opaque
from ..wire.json_values import as_object

PROVIDER = "anthropic"

BEGUN_ANEW = Opaque(PROVIDER, None)
"""Stands where a gateway lost its answer and began another: the blocks before it are of an answer that never was."""

_TYPES = ("thinking", "redacted_thinking")


def kept(block: dict[str, JSON]) -> Opaque:
    return Opaque(PROVIDER, block)


def is_thinking(block: JSON) -> bool:
    return as_object(block).get("type") in _TYPES
