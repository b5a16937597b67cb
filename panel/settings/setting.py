"""What one declaration says, and what can be used as its value. Knows no file, no layer and no widget."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar, cast

Value: TypeAlias = bool | int | float | str
V = TypeVar("V", bound=Value, covariant=True)
AnySetting: TypeAlias = "Setting[Value]"
Kind = Literal["switch", "choice", "number", "text", "path", "list"]
"""How a setting is written and shown. A list is text with commas; in a file it may be a list of texts as well."""

_LONGEST = 4000
_ON, _OFF = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_FEW = 4


class Unusable(ValueError):
    """Why a value cannot be used, as a sentence that does not repeat it: it may hold what nobody should read."""


@dataclass(frozen=True, slots=True)
class Setting(Generic[V]):
    """One setting. `id` is `section.name` of the file; its type is that of `default`.

    `page` and `group` say where the dialog has it. `text`: what a text is; `rule`: what is wrong with it, "" if nothing
    is. `lockable`: whether a studio may decide it for everybody.
    """

    id: str
    default: V
    label: str
    help: str
    page: str = ""
    group: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    """`(value, words)` pairs where only these are allowed."""
    low: float | None = None
    high: float | None = None
    unit: str = ""
    text: Literal["text", "path", "list"] = "text"
    rule: Callable[[str], str] | None = None
    lockable: bool = True

    @property
    def section(self) -> str:
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        return self.id.partition(".")[2]

    @property
    def variable(self) -> str:
        """The environment variable that decides it."""
        return f"NUKE_AI_PANEL_{self.id.replace('.', '_').upper()}"

    @property
    def kind(self) -> Kind:
        if isinstance(self.default, bool):
            return "switch"
        if isinstance(self.default, (int, float)):
            return "number"
        return "choice" if self.choices else self.text

    def accepts(self, value: object) -> bool:
        """Whether it can be used as it stands in a file."""
        try:
            self.read(value)
        except Unusable:
            return False
        return True

    def read(self, value: object) -> V:
        """The value that a file means. Raises Unusable."""
        kind = self.kind
        if kind == "switch":
            found: object = _switch(value)
        elif kind == "number":
            found = self._number(value)
        elif kind == "choice":
            found = self._choice(value)
        else:
            found = self._text(value)
        return cast(V, found)

    def parse(self, words: str) -> V:
        """The value that is meant by what was typed, or stands in the environment. Raises Unusable."""
        words = words.strip()
        if self.kind == "switch" and words.lower() in (*_ON, *_OFF):
            return self.read(words.lower() in _ON)
        if self.kind == "number":
            return self.read(_number(words))
        return self.read(words)

    def typed(self, value: Value) -> str:
        """A value as it is typed or picked: what `parse` reads back."""
        return value if isinstance(value, str) else self.shown(value).removesuffix(f" {self.unit}")

    def shown(self, value: Value) -> str:
        """A value of this setting in words: "10 s", "As this system says", "on"; a text as it is."""
        if isinstance(value, bool):
            return "on" if value else "off"
        if isinstance(value, (int, float)):
            return f"{_digits(value)} {self.unit}".strip()
        return dict(self.choices).get(value, value)

    @property
    def limits(self) -> str:
        """What may be typed, in words; "" where anything may."""
        if self.kind == "number" and self.low is not None and self.high is not None:
            return f"{_digits(self.low)} to {_digits(self.high)} {self.unit}".strip()
        return ""

    def _number(self, value: object) -> object:
        whole = isinstance(self.default, int)
        wanted = "a whole number" if whole else "a number"
        sentence = f"It has to be {wanted}" + (f", {self.limits}." if self.limits else ".")
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            raise Unusable(sentence)
        low, high = -math.inf if self.low is None else self.low, math.inf if self.high is None else self.high
        if not low <= value <= high or not _finite(value):
            raise Unusable(sentence)
        return int(value) if whole else float(value)

    def _choice(self, value: object) -> object:
        if isinstance(value, str) and value in dict(self.choices):
            return value
        if len(self.choices) > _FEW:
            raise Unusable("It is none of those that there are.")
        raise Unusable(f"It has to be one of {', '.join(choice for choice, _ in self.choices)}.")

    def _text(self, value: object) -> object:
        if self.text == "list" and isinstance(value, list):
            entries = cast(list[object], value)
            if all(isinstance(entry, str) for entry in entries):
                value = ", ".join(cast(list[str], entries))
        if not isinstance(value, str):
            raise Unusable("It has to be text.")
        value = value.strip()
        if not value.isprintable() or len(value) > _LONGEST:
            raise Unusable("It is too long, or has a line break or another character that cannot be shown.")
        if value and self.rule and (wrong := self.rule(value)):
            raise Unusable(wrong)
        return value


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Unusable("It has to be on or off.")


def _number(words: str) -> object:
    """As it would stand in a file; words that are no number stay words."""
    try:
        return int(words) if words.lstrip("+-").isdecimal() else float(words)
    except ValueError:
        return words


def _finite(value: int | float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _digits(value: float) -> str:
    """Without an end of zeros."""
    return f"{value:.10g}"
