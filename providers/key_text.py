"""What people paste as a key, and what can be wrong with it. Owns no key."""

from __future__ import annotations

import unicodedata


class BadKeyText(ValueError):
    """The text cannot be a key; the message says why."""


def tidy_key(text: str) -> str:
    """Without what comes along when a key is copied: blanks, line ends, quotes, `Bearer `. Raises BadKeyText.

    Inner control characters are refused: sent on, they would end the header (aiohttp: "header injection").
    """
    key = text.strip()
    if key[:7].lower() == "bearer ":
        key = key[7:].strip()
    key = key.strip("\"'`").strip()
    if not key:
        raise BadKeyText("This key is empty.")
    for place, character in enumerate(key, 1):
        if unicodedata.category(character) == "Cc":
            raise BadKeyText(f"This key has a control character at place {place}. Copy it again, as one line.")
    return key


def doubt_about(key: str) -> str:
    """A warning that names a character no key has, or "". It was seen to be sent and refused much later."""
    for place, character in enumerate(key, 1):
        if not character.isascii():
            name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
            return f"At place {place} there is a character that keys do not have ({name})."
    return ""
