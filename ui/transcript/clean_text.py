"""Text from strangers made safe to show: no control characters, no lone surrogates, no bidi overrides, no zalgo.

A model, a script and a tool's result may hold anything that JSON can carry. What is shown is what Copy gives, so
both get the cleaned text.
"""

from __future__ import annotations

import re

SHOWN = "\ufffd"
"""What stands for a character that cannot be shown."""
MARKS = 8
"""Combining marks kept on one letter; more only paint over the lines above."""

_PLAIN = re.compile(r"[\t\n\x20-\x7e]*")
_PAIR = re.compile("([\ud800-\udbff])([\udc00-\udfff])")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_COMBINING = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_PILE = re.compile(f"[{_COMBINING}]+")
_BREAKS = str.maketrans({"\u2028": "\n", "\u2029": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n"})


class TextCleaner:
    """Cleans a text that comes in pieces: any way of cutting it gives the same result.

    Line ends become "\\n". Bidi overrides are dropped (the text then shows in the order it is in), the other
    unshowable characters become U+FFFD.
    """

    def __init__(self) -> None:
        self._held = ""
        self._marks = 0

    def feed(self, piece: str) -> str:
        text = self._held + piece
        self._held = ""
        if text[-1:] == "\r" or "\ud800" <= text[-1:] <= "\udbff":
            # The other half of a line end or of a character may be in the next piece.
            text, self._held = text[:-1], text[-1]
        return self._clean(text)

    def end(self) -> str:
        held, self._held = self._held, ""
        return self._clean(held)

    def _clean(self, text: str) -> str:
        if not text:
            return ""
        if _PLAIN.fullmatch(text):
            self._marks = 0
            return text
        text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_BREAKS)
        text = _BAD.sub(SHOWN, _PAIR.sub(_joined, _BIDI.sub("", text)))
        return self._thinned(text)

    def _thinned(self, text: str) -> str:
        if not text:
            return ""
        out: list[str] = []
        at = 0
        for pile in _PILE.finditer(text):
            before = self._marks if pile.start() == 0 else 0
            out += (text[at : pile.start()], pile.group()[: max(0, MARKS - before)])
            at = pile.end()
            self._marks = before + len(pile.group())
        out.append(text[at:])
        if at < len(text):
            self._marks = 0
        return "".join(out)


def clean_text(text: str) -> str:
    """`TextCleaner` for a text that is whole."""
    cleaner = TextCleaner()
    return cleaner.feed(text) + cleaner.end()


def _joined(pair: re.Match[str]) -> str:
    high, low = (ord(half) for half in pair.groups())
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
