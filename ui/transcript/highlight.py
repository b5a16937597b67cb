"""Code in three quiet colours, line by line: words of the language, strings, comments.

Pygments has the rules; its lexers want the whole text, so the states of a lexer are walked here and kept from one
line to the next. A line is read once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from pygments.lexer import Lexer, RegexLexer

Voice = Literal["word", "string", "comment"]
Run = tuple[int, int, Voice]
"""Start, length, voice."""

MOST_LINES = 5000
LONGEST = 1000
"""Beyond these, code stays in one colour: it is data, not something to read."""
ALIASES = {"nk": "tcl", "nuke": "tcl", "blinkscript": "cpp", "blink": "cpp", "shell": "bash", "console": "bash"}


class Highlighter:
    """Colours the lines of one text, in order. A language that is not known has no colours."""

    def __init__(self, language: str) -> None:
        self._lexer = _lexer(language)
        self._states = ["root"]
        self._count = 0

    def line(self, text: str) -> tuple[Run, ...]:
        """`text` with or without its line end."""
        self._count += 1
        if self._lexer is None or self._count > MOST_LINES or len(text) > LONGEST:
            return ()
        found, self._states = _read(self._lexer, text.rstrip("\n") + "\n", self._states)
        return tuple(found)

    def peek(self, text: str) -> tuple[Run, ...]:
        """As `line`, for a line that is still being written."""
        if self._lexer is None or self._count > MOST_LINES or len(text) > LONGEST:
            return ()
        return tuple(_read(self._lexer, text + "\n", self._states)[0])


def language_name(language: str) -> str:
    """How a language is called in the head of a block: "py" is "Python"."""
    lexer = _lexer(language)
    if language.lower() in ("nk", "nuke"):
        return "Nuke script"
    return str(lexer.name) if lexer and lexer.name != "Text only" else language[:24]


def _lexer(language: str) -> Lexer | None:
    # Imported late: the panel paints first.
    from pygments.lexers import get_lexer_by_name  # pyright: ignore
    from pygments.util import ClassNotFound

    name = language.lower()
    if not name:
        return None
    try:
        return cast("Lexer", get_lexer_by_name(ALIASES.get(name, name)))  # pyright: ignore
    except ClassNotFound:
        return None


def _read(lexer: Lexer, text: str, states: list[str]) -> tuple[list[Run], list[str]]:
    from pygments.lexer import ExtendedRegexLexer, RegexLexer

    if isinstance(lexer, RegexLexer) and not isinstance(lexer, ExtendedRegexLexer):
        return _walk(lexer, text, states)
    # It reads a text in its own way and cannot be stopped at the end of a line: each line stands for itself.
    found: list[Run] = []
    _note(lexer.get_tokens_unprocessed(text), found)
    return found, states


def _walk(lexer: RegexLexer, text: str, states: list[str]) -> tuple[list[Run], list[str]]:
    """The loop of `RegexLexer.get_tokens_unprocessed`, but its states come in and go out."""
    from pygments.token import _TokenType  # pyright: ignore

    # There is no public way to the states.
    rules: dict[str, list[tuple[Any, Any, Any]]] = vars(type(lexer))["_tokens"]
    states, found, at = list(states), list[Run](), 0
    while at < len(text):
        for matches, action, change in rules[states[-1]]:
            match = matches(text, at)
            if not match:
                continue
            if isinstance(action, _TokenType):
                _note([(at, action, match.group())], found)
            elif action is not None:
                _note(action(lexer, match), found)
            at = match.end()
            _move(states, change)
            break
        else:
            if text[at] == "\n":
                # As pygments does: an unknown line end leaves every state.
                states = ["root"]
            at += 1
    return found, states


def _note(parts: Iterable[tuple[int, Any, str]], found: list[Run]) -> None:
    for start, kind, words in parts:
        voice = _voice(str(kind))
        length = len(words.rstrip("\n"))
        if not voice or not length:
            continue
        if found and found[-1][2] == voice and found[-1][0] + found[-1][1] == start:
            before = found.pop()
            start, length = before[0], before[1] + length
        found.append((start, length, voice))


def _voice(kind: str) -> Voice | None:
    kind = kind.removeprefix("Token.")
    if kind.startswith("Comment"):
        return "word" if kind.startswith("Comment.Preproc") else "comment"
    if kind.startswith("Literal.String"):
        return "string"
    return "word" if kind.startswith(("Keyword", "Operator.Word", "Name.Tag")) else None


def _move(states: list[str], change: Any) -> None:
    """What a rule does to the stack of states, as pygments encodes it."""
    if isinstance(change, tuple):
        for state in change:  # pyright: ignore
            if state == "#pop":
                _pop(states, 1)
            elif state == "#push":
                states.append(states[-1])
            else:
                states.append(str(state))  # pyright: ignore
    elif isinstance(change, int):
        _pop(states, abs(change))
    elif change == "#push":
        states.append(states[-1])


def _pop(states: list[str], count: int) -> None:
    del states[max(1, len(states) - count) :]
