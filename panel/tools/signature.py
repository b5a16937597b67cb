"""From a Python function to a tool: its schema, its description and the checking of its arguments.

Owns what a signature and a Google-style docstring say. The first parameter of a tool is the host and is no argument;
the others are `str`, `int`, `float` or `bool`, with limits as `Annotated[int, Range(1, 500)]`.
"""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn, cast, get_args, get_origin, get_type_hints

from ...providers.messages import JSON, ToolSpec
from .answers import Refused

MAX_ARGUMENTS = 100_000
"""Characters of JSON that a call may bring."""

_KINDS: dict[object, tuple[str, str]] = {
    str: ("string", "a text"),
    int: ("integer", "a whole number"),
    float: ("number", "a number"),
    bool: ("boolean", "true or false"),
}


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the greatest value, both allowed."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    type: type
    description: str
    required: bool
    limits: Range | None = None

    def schema(self) -> dict[str, JSON]:
        schema: dict[str, JSON] = {"type": _KINDS[self.type][0], "description": self.description}
        if self.limits:
            schema |= {"minimum": self.limits.least, "maximum": self.limits.most}
        return schema

    def accept(self, value: object) -> object:
        """The value as the function takes it. Raises Refused."""
        if self.type in (int, float) and isinstance(value, float) and value.is_integer():
            value = int(value)
        right = isinstance(value, (int, float) if self.type is float else self.type)
        if not right or (isinstance(value, bool) and self.type is not bool):
            raise _wrong(f"{self.name} must be {_KINDS[self.type][1]}")
        if self.limits and not self.limits.least <= cast(float, value) <= self.limits.most:
            raise _wrong(f"{self.name} must be from {self.limits.least} to {self.limits.most}")
        return value


@dataclass(frozen=True, slots=True)
class Signature:
    name: str
    description: str
    parameters: tuple[Parameter, ...]

    @property
    def spec(self) -> ToolSpec:
        schema: dict[str, JSON] = {
            "type": "object",
            "properties": {parameter.name: parameter.schema() for parameter in self.parameters},
            "required": [parameter.name for parameter in self.parameters if parameter.required],
            "additionalProperties": False,
        }
        return ToolSpec(self.name, self.description, schema)

    def arguments(self, text: str) -> dict[str, object]:
        """The checked arguments of a call's JSON text. Raises Refused with what the model should send instead."""
        given = _object(text)
        known = {parameter.name: parameter for parameter in self.parameters}
        if unknown := [name for name in given if name not in known]:
            raise _wrong(f"{self.name} has no argument {unknown[0][:60]!r}; it takes {', '.join(known) or 'none'}")
        given = {name: value for name, value in given.items() if value is not None or known[name].required}
        if missing := [name for name, parameter in known.items() if parameter.required and name not in given]:
            raise _wrong(f"{self.name} needs {missing[0]}: {known[missing[0]].description}")
        return {name: known[name].accept(value) for name, value in given.items()}


def signature_of(function: Callable[..., object]) -> Signature:
    """Raises TypeError for a function that cannot be a tool: a mistake of ours, found at the first start."""
    description, texts = _docstring(inspect.getdoc(function) or "")
    hints = get_type_hints(function, include_extras=True)
    _host, *parameters = inspect.signature(function).parameters.values()
    if set(texts) != {parameter.name for parameter in parameters}:
        raise TypeError(f"{function.__name__}: the docstring and the parameters differ")
    return Signature(
        function.__name__,
        description,
        tuple(_parameter(parameter, hints[parameter.name], texts[parameter.name]) for parameter in parameters),
    )


def _parameter(parameter: inspect.Parameter, hint: Any, description: str) -> Parameter:
    limits = None
    if get_origin(hint) is Annotated:
        hint, limits = get_args(hint)
    if hint not in _KINDS:
        raise TypeError(f"{parameter.name}: a tool takes text, numbers and truth values")
    return Parameter(parameter.name, hint, description, parameter.default is inspect.Parameter.empty, limits)


def _docstring(text: str) -> tuple[str, dict[str, str]]:
    """What stands before `Args:`, and the text for each argument."""
    before, _, arguments = text.partition("\nArgs:\n")
    found = re.findall(r"^    (\w+): (.+(?:\n {8,}.+)*)", arguments, re.MULTILINE)
    return " ".join(before.split()), {name: " ".join(said.split()) for name, said in found}


def _object(text: str) -> dict[str, object]:
    if len(text) > MAX_ARGUMENTS:
        raise _wrong(f"the arguments are longer than {MAX_ARGUMENTS} characters")
    try:
        value: object = json.loads(text.strip() or "{}", parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise _wrong("the arguments are nested too deeply") from None
    except ValueError as problem:
        raise _wrong(f"the arguments are not valid JSON ({problem})") from None
    if not isinstance(value, dict):
        raise _wrong('the arguments must be one JSON object such as {"name": "Grade1"}')
    return cast(dict[str, object], value)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _wrong(text: str) -> Refused:
    return Refused(f"Wrong arguments: {text}.", "wrong arguments", {"error": "arguments"})
