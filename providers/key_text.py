"""What a pasted key becomes, and what is wrong with it. No widget, no store."""

from __future__ import annotations

import re
import unicodedata

_QUOTES = "\"'`\u201c\u201d\u2018\u2019"
_BEARER = re.compile(r"^(?:authorization:\s*)?bearer\s+(?=\S)", re.IGNORECASE)


def clean_key(text: str) -> str:
    """Without what comes along when a key is copied: blanks, line ends, quotes, `Bearer `."""
    previous = None
    while text != previous:
        previous = text
        text = _BEARER.sub("", text.strip().strip(_QUOTES))
    return text


def key_problem(text: str) -> str:
    """Why a (cleaned) key cannot be right, as a sentence; "" if it can. Such a key is not accepted."""
    for character in text:
        if character.isspace() and character in "\n\r\u2028\u2029":
            return "There is a line break inside. Paste one key only."
        if character.isspace():
            return "There is a blank inside. Paste one key only."
        if unicodedata.category(character).startswith("C"):
            return f"There is a character inside that cannot be seen ({_name(character)}). Copy the key again."
    return ""


def key_warning(text: str) -> str:
    """What is odd about a key that may still be right: characters that keys are not made of, by name."""
    odd = next((character for character in text if ord(character) > 126), "")
    return f"\u201c{odd}\u201d is unusual in a key ({_name(odd)}). Was it typed in another script?" if odd else ""


def password_problem(text: str) -> str:
    """The same of a password, which is taken as it is: blanks, quotes and all scripts may be part of it."""
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text):
        return "There is a line break inside, or another character that cannot be typed."
    return ""


def _name(character: str) -> str:
    return unicodedata.name(character, f"U+{ord(character):04X}").lower()
