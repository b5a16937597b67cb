"""Foreign JSON, read without trust: a value of the wrong kind is as good as none."""

from __future__ import annotations

import json
from typing import cast

from .messages import JSON


def parse_json(text: str | bytes) -> JSON:
    """The document. Raises ValueError for anything that cannot be read, also if it is nested too deeply."""
    try:
        return cast("JSON", json.loads(text))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def as_object(value: JSON) -> dict[str, JSON]:
    return value if isinstance(value, dict) else {}


def as_document(value: JSON) -> dict[str, JSON] | None:
    """An object, also as the only one of a list, as Google wraps answers and errors; None if it is neither."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, dict) else None


def as_list(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []


def as_text(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def as_count(value: JSON) -> int | None:
    """A number of something, also if it was sent as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        count = int(value)
    except (ValueError, OverflowError):
        return None
    return count if count >= 0 else None
