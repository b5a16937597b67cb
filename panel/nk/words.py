r"""The words of TCL as byte spans: commands outside, lists inside a node.

Owns where a word begins and ends, and what it says without its quotes. It knows nothing of nodes.

Two grammars (the TCL manual pages `Tcl` and `Tcl_SplitList`):
  command   ends at a newline or `;`; bare and quoted words may hold `[...]`, a backslash before a newline is a blank
  list      white space and newlines are equal; `[`, `$`, `;` and `#` are ordinary
In both, only braces count inside braces, and a backslash shields the next byte.

Every function looks at a byte a fixed number of times, whatever the input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Style = Literal["bare", "quoted", "braced"]


class Word(NamedTuple):
    """A word with its quotes or braces: bytes `start` to `end` (exclusive)."""

    start: int
    end: int
    style: Style


class Unbalanced(ValueError):
    """A word that does not end, or does not end where it must. `at` is the offset of its first byte."""

    def __init__(self, at: int, text: str) -> None:
        super().__init__(text)
        self.at = at
        self.text = text


_BRACES = re.compile(rb"[{}\\]")
_BRACKETS = re.compile(rb"[\[\]\\]")
_QUOTES = re.compile(rb'["\\]')
_COMMAND_QUOTES = re.compile(rb'["\\\[]')

# What separates commands, and what separates words inside one.
_BETWEEN_COMMANDS = re.compile(rb"(?:[ \t\r\f\v\n;]+|\\\r?\n)*")
_BETWEEN_WORDS = re.compile(rb"(?:[ \t\r\f\v]+|\\\r?\n)*")
_COMMENT = re.compile(rb"[^\n\\]*(?:\\.[^\n\\]*)*", re.DOTALL)
_BARE_COMMAND_WORD = re.compile(rb"[^\s;\\\[]*")
_BARE_ELEMENT = re.compile(rb"[^\s\\]*(?:\\.[^\s\\]*)*", re.DOTALL)
_SPACE = re.compile(rb"\s*")
_WORD_ENDS = frozenset(b" \t\r\f\v\n;")
_ELEMENT_ENDS = frozenset(b" \t\r\f\v\n")


def read_command(data: bytes, at: int) -> tuple[list[Word], int]:
    """The words of the next command from `at` on, and where it ends. No words: the data is at its end.

    Raises Unbalanced.
    """
    while True:
        at = _skip(_BETWEEN_COMMANDS, data, at)
        if data[at : at + 1] != b"#":
            break
        at = _skip(_COMMENT, data, at)
    words: list[Word] = []
    while at < len(data) and data[at] not in b"\n;":
        word = _command_word(data, at)
        words.append(word)
        at = _skip(_BETWEEN_WORDS, data, word.end)
    return words, at


def _command_word(data: bytes, at: int) -> Word:
    first = data[at]
    if first == 0x7B:
        end, style = closing_brace(data, at, len(data)), "braced"
    elif first == 0x22:
        end, style = _closing_command_quote(data, at), "quoted"
    else:
        return Word(at, _bare_command_word(data, at), "bare")
    if end < len(data) and data[end] not in _WORD_ENDS and not data.startswith((b"\\\n", b"\\\r\n"), end):
        raise Unbalanced(at, "there is text directly behind a closing brace or quote")
    return Word(at, end, style)


def _bare_command_word(data: bytes, at: int) -> int:
    start = at
    while True:
        at = _skip(_BARE_COMMAND_WORD, data, at)
        if data.startswith(b"[", at):
            at = _closing_bracket(data, at, start)
        elif data.startswith(b"\\", at) and not data.startswith((b"\\\n", b"\\\r\n"), at):
            at = min(at + 2, len(data))
        else:
            return at


def _closing_command_quote(data: bytes, start: int) -> int:
    at = start + 1
    while found := _COMMAND_QUOTES.search(data, at):
        if found[0] == b'"':
            return found.end()
        at = _closing_bracket(data, found.start(), start) if found[0] == b"[" else found.end() + 1
    raise Unbalanced(start, "a quoted text that begins here is never closed")


def _closing_bracket(data: bytes, at: int, word: int) -> int:
    depth = 0
    while found := _BRACKETS.search(data, at):
        at = found.end()
        if found[0] == b"[":
            depth += 1
        elif found[0] == b"\\":
            at += 1
        else:
            depth -= 1
            if not depth:
                return at
    raise Unbalanced(word, "a bracket [ that begins here is never closed")


def closing_brace(data: bytes, start: int, end: int) -> int:
    """The offset behind the brace that closes the one at `start`. Raises Unbalanced."""
    at, depth = start, 0
    search = _BRACES.search
    while found := search(data, at, end):
        byte = data[found.start()]
        at = found.start() + 1
        if byte == 0x7B:
            depth += 1
        elif byte == 0x7D:
            depth -= 1
            if not depth:
                return at
        else:
            at += 1
    raise Unbalanced(start, "a brace { that opens here is never closed")


def elements(data: bytes, start: int, end: int) -> Iterator[Word]:
    """The elements of the list in `data[start:end]`. Raises Unbalanced on reaching one that is not whole."""
    at = _skip(_SPACE, data, start, end)
    while at < end:
        first = data[at]
        if first == 0x7B:
            word = Word(at, closing_brace(data, at, end), "braced")
        elif first == 0x22:
            word = Word(at, _closing_quote(data, at, end), "quoted")
        else:
            word = Word(at, _skip(_BARE_ELEMENT, data, at, end), "bare")
            if word.end < end and data[word.end] == 0x5C:
                word = Word(at, end, "bare")  # a lone backslash ends the list
        if word.end < end and data[word.end] not in _ELEMENT_ENDS:
            raise Unbalanced(at, "there is text directly behind a closing brace or quote")
        yield word
        at = _skip(_SPACE, data, word.end, end)


def _closing_quote(data: bytes, start: int, end: int) -> int:
    at = start + 1
    while found := _QUOTES.search(data, at, end):
        if found[0] == b'"':
            return found.end()
        at = found.end() + 1
    raise Unbalanced(start, "a quoted text that begins here is never closed")


def _skip(pattern: re.Pattern[bytes], data: bytes, at: int, end: int | None = None) -> int:
    found = pattern.match(data, at, len(data) if end is None else end)
    return found.end() if found else at


def decode(data: bytes) -> str:
    """UTF-8, or Latin-1 where it is not: readable text for any bytes. Spans keep the bytes themselves."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def raw(data: bytes, word: Word) -> str:
    """The word as it stands in the file."""
    return decode(data[word.start : word.end])


def unquoted(data: bytes, word: Word) -> str:
    """What the word says: without braces, or without quotes and with its backslashes resolved."""
    if word.style == "braced":
        return decode(data[word.start + 1 : word.end - 1])
    inside = data[word.start + 1 : word.end - 1] if word.style == "quoted" else data[word.start : word.end]
    text = decode(inside)
    return _ESCAPE.sub(_unescape, text) if "\\" in text else text


_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|([0-7]{1,3})|\n[ \t]*|(.)|$)", re.DOTALL)
_NAMED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _unescape(found: re.Match[str]) -> str:
    hexadecimal, four, octal, other = found.groups()
    if hexadecimal or four:
        return chr(int(hexadecimal or four, 16))
    if octal:
        return chr(int(octal, 8) & 0xFF)
    if other:
        return _NAMED.get(other, other)
    return "\\" if found[0] == "\\" else " "
