"""What single knobs mean: switches, user knobs, and text that Nuke executes.

Owns the reading of values that have one meaning everywhere. It evaluates nothing.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .document import Document
from .words import Unbalanced, Word, elements

CALLBACKS = frozenset(
    "onCreate onScriptLoad onScriptSave onScriptClose onDestroy knobChanged updateUI autolabel beforeRender "
    "beforeFrameRender afterFrameRender afterRender renderProgress".split()
)
"""Knobs whose text Nuke runs by itself."""

CODE_KNOBS = frozenset({22, 32, 35, 52})
"""User knob types that hold code: Python button, TCL button, pulldown, custom Python knob."""

LINK = 41

_COMMAND = re.compile(r"(?<!\\)\[\s*(?:python|pythonx|exec|file|source|eval|open)\b")


class UserKnob(NamedTuple):
    """`addUserKnob {TYPE name l LABEL T TEXT ...}`. `text` is code (CODE_KNOBS), the target (LINK) or a caption."""

    type: int
    name: str
    label: str
    text: str


def user_knob(document: Document, definition: Word) -> UserKnob | None:
    """None for a definition that is none."""
    start, end = definition.start + 1, definition.end - 1
    if definition.style != "braced":
        return None
    try:
        words = [document.text(word) for word in elements(document.data, start, end)]
    except Unbalanced:
        return None
    if not words or not re.fullmatch(r"\d{1,3}", words[0]):
        return None
    said = _keywords(words[2:])
    return UserKnob(int(words[0]), words[1] if len(words) > 1 else "", said.get("l", ""), said.get("T", ""))


def _keywords(words: list[str]) -> dict[str, str]:
    """`l LABEL t TIP M ITEMS R MIN MAX T TEXT n N`, with flags such as +STARTLINE anywhere between."""
    found: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word[:1] not in "+-":
            found[word] = next(rest, "")
            if word == "R":
                next(rest, "")
    return found


def runs_code(name: str, value: str) -> bool:
    """Whether Nuke executes this text by itself: a callback, or a command inside a value that is evaluated."""
    return (name in CALLBACKS and bool(value.strip())) or bool(_COMMAND.search(value))


def switch(value: str | None) -> bool | None:
    """A Boolean knob: None where an expression or a curve decides, False where the file says nothing."""
    text = (value or "").strip().lower()
    if text in ("", "false", "0"):
        return False
    return True if text in ("true", "1") else None


def number(value: str | None) -> int | None:
    """A position, rounded to whole units; None for anything that is no plain number."""
    if value is None or not re.fullmatch(r"[-+]?\d{1,9}(?:\.\d*)?(?:[eE][-+]?\d)?", value.strip()):
        return None
    return round(float(value))
