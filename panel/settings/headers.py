"""What a header of the user's own may say. A key is no part of it: only `{key}` is, in whose place the key is put.

Owns the judgement, as sentences that never repeat a value. It knows no file and sends nothing.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping

from ...providers.api.wire_format import KEY_BLANK
from ...providers.redact import Redactor

MOST = 32
"""Headers of one service."""
_LONGEST_NAME, _LONGEST_VALUE = 64, 1000

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, a token
_VALUE = re.compile(r"[\x20-\x7e]*")
_OURS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""What decides how a request is read, and by whom: never the user's."""
_HOLDS_A_KEY = re.compile(
    r"authorization|cookie|(.*[_-])?(api_?key|key|password|passwd|secret|token|credentials?)s?", re.IGNORECASE
)
_NAMES_SOMETHING = re.compile(r".*(organi[sz]ation|project|tenant|account|(^|-)id)", re.IGNORECASE)
"""Ids look as random as keys and are none; what has the shape of a known key is refused there as well."""
_SCHEME = re.compile(r"\s*(bearer|basic|token|key|api-?key|digest|negotiate)\s+\S+.*", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9]{16,}")
_RANDOM = 3.0
"""Bits a character: words and dates have fewer, keys of letters and digits more."""

_NO_KEY_HERE = f"A key has no place here: write {KEY_BLANK} where it belongs, and put the key into its own field."


def header_problem(name: str, value: str) -> str:
    """Why this header cannot be sent, as a sentence; "" if it can."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        return "The name of a header is made of letters, digits and hyphens."
    if name.lower() in _OURS or name.lower().startswith(("proxy-", "sec-")):
        return "That header is written by the panel itself."
    if not _VALUE.fullmatch(value) or len(value) > _LONGEST_VALUE:
        return "It is too long, or has a line break or another character that headers cannot carry."
    return _NO_KEY_HERE if _holds_a_key(name, value) else ""


def headers_problem(headers: Mapping[str, str]) -> str:
    """The same of several, with the name of the first that is wrong."""
    if len(headers) > MOST:
        return f"There are more than {MOST} headers."
    if len({name.lower() for name in headers}) < len(headers):
        return "A header is there twice."
    wrong = ((name, header_problem(name, value)) for name, value in headers.items())
    return next((f"{_short(name)}: {problem}" for name, problem in wrong if problem), "")


def _holds_a_key(name: str, value: str) -> bool:
    without = value.replace(KEY_BLANK, "")
    if _HOLDS_A_KEY.fullmatch(name) and (KEY_BLANK not in value or len(without.split()) > 1):
        return True
    if _SCHEME.fullmatch(without) or Redactor().clean(without) != without:
        return True
    return not _NAMES_SOMETHING.fullmatch(name) and any(_is_random(word) for word in _WORD.findall(without))


def _is_random(word: str) -> bool:
    if word.isalpha() or word.isdigit():
        return False
    counts = Counter(word).values()
    return -sum(count / len(word) * math.log2(count / len(word)) for count in counts) >= _RANDOM


def _short(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name)[:40]
