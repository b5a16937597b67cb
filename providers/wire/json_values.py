"""Foreign JSON, read without trust: a value of the wrong kind is as good as none."""

from __future__ import annotations

import json
import re

from ..messages import JSON

_HALF = re.compile(r"[\ud800-\udfff]")
"""Half a character: JSON writes those beyond the first 65,536 in two, and services cut between them."""

_LARGEST_COUNT = 2**53
"""What every reader of JSON can hold, and far more than there is of anything."""

_BLANKS = " \t\r\n"
_read_document = json.JSONDecoder().raw_decode
"""What `json.loads` does within; around it, that costs as much again for the small documents of a stream."""


def parse_json(text: str | bytes) -> JSON:
    """The document. Raises ValueError for anything that cannot be read, also if it is nested too deeply."""
    try:
        if isinstance(text, bytes):
            return json.loads(text)
        text = text.strip(_BLANKS)
        document, end = _read_document(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if end < len(text):
        raise ValueError("more than one document")
    return document


def as_object(value: JSON) -> dict[str, JSON]:
    return value if isinstance(value, dict) else {}


def as_document(value: JSON) -> dict[str, JSON] | None:
    """An object, also as the only one of a list, as Google wraps answers and errors; None if it is neither."""
    if isinstance(value, dict):
        return value
    only = value[0] if isinstance(value, list) and len(value) == 1 else None
    return only if isinstance(only, dict) else None


def as_list(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []


def as_text(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def as_flag(value: JSON) -> bool | None:
    """A yes or a no; None where neither is said."""
    return value if isinstance(value, bool) else None


def as_count(value: JSON) -> int | None:
    """A number of something, also if it was sent as text. What is too large for any count is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):  # a union is made anew each time
        return None
    try:
        count = int(value)
    except (ValueError, OverflowError):
        return None
    return count if 0 <= count <= _LARGEST_COUNT else None


def whole_characters(text: str) -> str:
    """The text with its halves of characters joined; one that is alone becomes U+FFFD, as no file could hold it."""
    if text.isascii() or not _HALF.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class CharacterJoiner:
    """Text in pieces, some of them cut inside a character."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, piece: str) -> str:
        """What of the text so far is new and whole."""
        if not self._half and piece.isascii():
            return piece
        text = self._half + piece
        self._half = text[-1] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return whole_characters(text[:-1] if self._half else text)

    def finish(self) -> str:
        """What is left at the end: nothing, or a half that stayed alone."""
        half, self._half = self._half, ""
        return whole_characters(half)
