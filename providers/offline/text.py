"""Facts out of a tool's JSON, and Markdown out of facts.

Owns how foreign text is put into Markdown without breaking it. It knows no tool and no wording.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby

from ..messages import JSON

_LONGEST = 60
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_READ = 4_000
"""Characters of a foreign text that are looked at, more than any span shows."""


class Facts:
    """A JSON object, read without surprises: what is missing or of another kind is empty."""

    def __init__(self, data: JSON) -> None:
        self._data: dict[str, JSON] = data if isinstance(data, dict) else {}

    def __bool__(self) -> bool:
        return bool(self._data)

    def text(self, key: str) -> str:
        value = self._data.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> int:
        value = self._data.get(key)
        return value if isinstance(value, int) else 0

    def flag(self, key: str) -> bool:
        return self._data.get(key) is True

    def has(self, key: str) -> bool:
        return self._data.get(key) is not None

    def part(self, key: str) -> Facts:
        return Facts(self._data.get(key))

    def parts(self, key: str) -> list[Facts]:
        """A list of objects; an entry that is none is an empty one."""
        value = self._data.get(key)
        return [Facts(item) for item in value] if isinstance(value, list) else []

    def texts(self, key: str) -> list[str]:
        value = self._data.get(key)
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

    def counts(self, key: str) -> dict[str, int]:
        value = self._data.get(key)
        pairs = value.items() if isinstance(value, dict) else ()
        return {name: count for name, count in pairs if isinstance(count, int)}


def code(text: str, longest: int = _LONGEST) -> str:
    """Foreign text as a code span: one line, bounded, with nothing in it that ends the span or a table cell."""
    flat = " ".join(_visible(text[:_READ]).split()).replace("`", "'").replace("|", "\u00a6")
    if len(flat) > longest:
        flat = f"{flat[: longest - 1]}\u2026"
    return f"`{flat}`" if flat else "(empty)"


def _visible(text: str) -> str:
    """Without what steers a screen or a reading direction: only what is seen is said."""
    return "".join(" " if unicodedata.category(character) in _UNSEEN else character for character in text)


def listed(items: Sequence[str], most: int = 8) -> str:
    """`a, b and c`; beyond `most` the rest is counted."""
    if len(items) > most:
        return f"{', '.join(items[:most])} and {figure(len(items) - most)} more"
    return " and ".join(part for part in (", ".join(items[:-1]), *items[-1:]) if part)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def figure(number: int) -> str:
    """`1767`, `12,480`."""
    return str(number) if number < 10_000 else f"{number:,}"


def counted(number: int, noun: str) -> str:
    return f"{figure(number)} {noun}{'' if number == 1 else 's'}"


def branch(names: Sequence[tuple[str, str]], longest: int = 9) -> str:
    """A chain of (name, class), source first. Runs of one class are drawn together, a long middle is counted; the end
    is always named.
    """
    *above, end = names
    steps: list[tuple[str, int]] = []
    for class_name, run in groupby(above, key=_class):
        members = [name for name, _ in run]
        if len(members) > 2:
            steps.append((f"{len(members)} \u00d7 {code(class_name)}", len(members)))
        else:
            steps += [(code(name), 1) for name in members]
    if len(steps) > longest:
        keep = longest // 2
        left_out = sum(count for _, count in steps[keep:-keep])
        steps = [*steps[:keep], (f"\u2026 {figure(left_out)} more \u2026", left_out), *steps[-keep:]]
    return " \u2192 ".join([*(step for step, _ in steps), code(end[0])])


def _class(named: tuple[str, str]) -> str:
    return named[1]
