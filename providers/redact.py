"""Keeps secrets out of text: a value that does not print, and a filter that removes known and key-like strings.

Owns no key: whoever has one tells the `Redactor` about it. What it cannot know are keys of no known shape that nobody
told it of. It takes time in proportion to the text, whatever the text is.
"""

from __future__ import annotations

import base64
import json
import re
import string
from collections.abc import Callable
from typing import final
from urllib.parse import quote, quote_plus

REMOVED = "[key removed]"

_SHORT = 6
"""A key under this length would tear holes into ordinary words: it is removed only where it stands alone."""

_WINDOW = 2**16
"""Characters that are cleaned beyond an excerpt, more than any key has."""

_KEY_NAME = r"(?:proxy-)?authorization|x-api-key|x-goog-api-key|api[-_]?key|access[-_]token|client[-_]secret|password"

_PATTERNS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # user:password@ of an address
    (re.compile(r"://[^\s/?#\"'<>]+@"), f"://{REMOVED}@"),
    # ?key=...
    (
        re.compile(
            r"([?&](?:key|api[-_]?key|token|access_token|auth|signature|sig|password|secret)=)[^&#\s\"'<>]+", re.I
        ),
        lambda found: f"{found[1]}{REMOVED}",
    ),
    # a header or a JSON member that holds a key, with or without its scheme
    (
        re.compile(rf"\b({_KEY_NAME})([\"']?\s*[:=]\s*[\"']?)((?:bearer|basic|token)\s+)?[^\s\"',;&<>}}\[]+", re.I),
        lambda found: f"{found[1]}{found[2]}{REMOVED}",
    ),
    (
        re.compile(r"\b(bearer)\s+(?!auth|token|scheme)[\w.~+/=-]{6,}", re.I),
        lambda found: f"{found[1]} {REMOVED}",
    ),
    # the keys of the known services
    (re.compile(r"(?<![A-Za-z0-9])(?:sk|xai|pplx|nvapi)-[\w-]{8,}"), REMOVED),
    (re.compile(r"(?<![A-Za-z0-9])(?:gsk|hf|tgp)_\w{8,}"), REMOVED),
    (re.compile(r"(?<![A-Za-z0-9])AIza[\w-]{8,}"), REMOVED),
)
"""What looks like a key, and what stands in its place. It is no template such as `\\1`: for one, Python 3.11 imports a
module at each call, and at the interpreter's end there are none."""

_BASE64 = frozenset(string.ascii_letters + string.digits + "+/-_=")


@final
class Secret:
    """A key. It shows in no repr, str, format or traceback; only `reveal` gives it away."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    @property
    def ending(self) -> str:
        """The last four characters, or nothing of a key under twelve: enough to tell two keys apart."""
        return self._value[-4:] if len(self._value) >= 12 else ""

    def __repr__(self) -> str:
        return f"Secret(...{self.ending})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class Redactor:
    """Takes secrets out of any text: the live ones it was told of, and whatever looks like a key."""

    def __init__(self) -> None:
        self._live: dict[str, tuple[str, ...]] = {}

    def add(self, secret: Secret) -> None:
        """From now on this key is removed, in every form that a request or a report could carry it in."""
        key = secret.reveal().strip()
        if key and key not in self._live:
            self._live[key] = _forms(key)

    def excerpt(self, text: str, length: int) -> str:
        """The beginning of a foreign text. It is cut after it was cleaned: half a key would not be recognised."""
        return self.clean(text[: length + _WINDOW])[:length]

    def clean(self, text: str) -> str:
        for key in sorted(self._live, key=len, reverse=True):
            text = _without(text, key, self._live[key])
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text


def _forms(key: str) -> tuple[str, ...]:
    """The key as written, in a URL, in JSON and in a repr, also where one stands inside another; longest first."""
    quoted = quote(key, safe="")
    forms = {key, quoted, quoted.lower(), quote_plus(key), json.dumps(key, ensure_ascii=False)[1:-1]}
    for written in (json.dumps, repr):
        once = written(key)[1:-1]
        forms |= {once, written(once)[1:-1]}
    return tuple(sorted(forms, key=len, reverse=True))


def _without(text: str, key: str, forms: tuple[str, ...]) -> str:
    if len(key) < _SHORT:
        return re.sub(rf"(?<!\w){re.escape(key)}(?!\w)", REMOVED, text)
    for form in forms:
        text = text.replace(form, REMOVED)
    for core in _base64_cores(key):
        text = _without_base64(text, core)
    return text


def _base64_cores(key: str) -> set[str]:
    """The part of base64("anything" + key + "anything") that depends on the key alone, at each of 3 alignments."""
    cores: set[str] = set()
    data = key.encode("utf-8", "surrogatepass")
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + data).decode()
        first = -(-before * 8 // 6)
        last = (before + len(data)) * 8 // 6
        core = coded[first:last]
        cores |= {core, core.replace("+", "-").replace("/", "_")}
    return {core for core in cores if len(core) >= _SHORT}


def _without_base64(text: str, core: str) -> str:
    """The text without every base64 word around `core`."""
    kept: list[str] = []
    done = 0
    while (found := text.find(core, done)) >= 0:
        start, end = found, found + len(core)
        while start > done and text[start - 1] in _BASE64:
            start -= 1
        while end < len(text) and text[end] in _BASE64:
            end += 1
        kept += (text[done:start], REMOVED)
        done = end
    return "".join(kept) + text[done:] if kept else text
