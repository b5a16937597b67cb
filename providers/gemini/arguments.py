"""The arguments of a tool call that come as values with their paths: JSON text that grows with them.

Owns the way from `partialArgs` to text. Google cuts them from a text that the model writes from front to back, so they
are put into text in the order in which they come; a value that has no place there is left out.
"""

from __future__ import annotations

import json
import re
from itertools import takewhile

from ..messages import JSON
from ..wire.json_values import as_text

Step = str | int
Path = tuple[Step, ...]

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d{1,9})\]|\[(['\"])(.*?)\3\]")
_DEEPEST = 64
_VALUES = ("stringValue", "numberValue", "boolValue", "nullValue")


class ArgumentText:
    """The text of one call's arguments. What `add` and `close` give, in a row, is a JSON object."""

    def __init__(self) -> None:
        self._path: Path = ()
        """Of the last value."""
        self._inside_string = False

    def add(self, piece: dict[str, JSON]) -> str:
        """What this piece adds: `{"jsonPath": "$.city", "stringValue": "Os", "willContinue": true}`."""
        path = _path(as_text(piece.get("jsonPath")))
        if self._inside_string and path == self._path:
            return self._string(piece)
        name = next((name for name in _VALUES if name in piece and not isinstance(piece[name], list | dict)), "")
        shared = sum(1 for _ in takewhile(_same, zip(self._path, path, strict=False)))
        if not name or not self._has_place(path, shared):
            return ""
        text = self._end_string() + (_closing(self._path[shared + 1 :]) + "," if self._path else "{")
        self._path = path
        return text + _opening(path[shared:]) + self._value(name, piece)

    def close(self) -> str:
        """The end of the object; "" if nothing had come."""
        text = self._end_string() + _closing(self._path)
        self._path = ()
        return text

    def _has_place(self, path: Path, shared: int) -> bool:
        """Beside the last value: neither inside it nor around it, and in the same kind of container."""
        if not path or not self._path:
            return bool(path) and isinstance(path[0], str)
        inside = shared == min(len(path), len(self._path))
        return not inside and isinstance(path[shared], str) == isinstance(self._path[shared], str)

    def _value(self, name: str, piece: dict[str, JSON]) -> str:
        if name == "stringValue":
            self._inside_string = True
            return '"' + self._string(piece)
        return json.dumps(None if name == "nullValue" else piece[name])

    def _string(self, piece: dict[str, JSON]) -> str:
        text = json.dumps(as_text(piece.get("stringValue")), ensure_ascii=False)[1:-1]
        return text if piece.get("willContinue") is True else text + self._end_string()

    def _end_string(self) -> str:
        ended, self._inside_string = self._inside_string, False
        return '"' if ended else ""


def _path(text: str) -> Path:
    """The steps of a JSONPath such as `$.shots[0].name`; none for one that cannot be followed."""
    steps: list[Step] = []
    at = 1
    while text.startswith("$") and at < len(text) and len(steps) < _DEEPEST:
        found = _STEP.match(text, at)
        if found is None:
            return ()
        steps.append(int(found[2]) if found[2] else found[1] or found[4] or "")
        at = found.end()
    return tuple(steps) if at >= len(text) else ()


def _same(steps: tuple[Step, Step]) -> bool:
    return steps[0] == steps[1]


def _opening(steps: Path) -> str:
    """The names and brackets that lead to a value, in a container that is open."""
    first, *rest = (json.dumps(step, ensure_ascii=False) + ":" if isinstance(step, str) else "" for step in steps)
    brackets = ("{" if isinstance(step, str) else "[" for step in steps[1:])
    return first + "".join(bracket + name for bracket, name in zip(brackets, rest, strict=True))


def _closing(steps: Path) -> str:
    """The brackets of the containers that hold these steps, from the inside out."""
    return "".join("}" if isinstance(step, str) else "]" for step in reversed(steps))
