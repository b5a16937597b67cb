"""The optional fields of a question that a model refuses: which one it is, and the question without it.

Owns no memory: what a model has refused is kept in `model_facts`. Only fields that a wire format calls `refusable` are
ever touched; names are dotted where fields are nested.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ..errors import Problem
from ..messages import JSON
from ..wire.json_values import as_object

_THINKING = re.compile("think|reason|effort")


def fields_in(body: dict[str, JSON], names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names that the question has."""
    return tuple(name for name in names if _last(name) in _parent(body, name))


def refused_field(problem: Problem, sent: Iterable[str]) -> str:
    """The one of the fields `sent` that this refusal is about; "" if it is about none of them."""
    names = sorted(sent, key=len, reverse=True)  # what is nested goes before what holds it
    named = _named_by_the_service(problem.field, names)
    match problem.kind:
        case "no_thinking":
            return named or next((name for name in reversed(names) if _THINKING.search(name.lower())), "")
        case "bad_parameter":
            return named or next((name for name in names if _speaks_of(problem.detail, name)), "")
        case "unknown" if problem.status in (400, 422):
            return named
        case _:
            return ""


def without(body: dict[str, JSON], refused: Iterable[str], names: Mapping[str, str]) -> None:
    """Takes refused fields out of the question, or gives them the name that stands for them in `names`.

    What is refused under both its names is left out.
    """
    gone = frozenset(refused)
    for name in gone:
        parent, last = _parent(body, name), _last(name)
        if name in names and last in parent:
            value, instead = parent.pop(last), names[name]
            if instead and instead not in gone:
                _parent(body, instead)[_last(instead)] = value


def _named_by_the_service(field: str, names: list[str]) -> str:
    found = (name for name in names if field == name or field.startswith(name + ".") or name.endswith("." + field))
    return next(found, "") if field else ""


def _speaks_of(text: str, name: str) -> bool:
    """Whether a message has the name as a word, spelled_so or spelledSo."""
    word = re.escape(_plain(_last(name)))
    return re.search(rf"(?<!\w){word}(?!\w)", _plain(text)) is not None


def _plain(text: str) -> str:
    return text.replace("_", "").lower()


def _parent(body: dict[str, JSON], name: str) -> dict[str, JSON]:
    """What holds the field; an empty one where nothing does."""
    for step in name.split(".")[:-1]:
        body = as_object(body.get(step))
    return body


def _last(name: str) -> str:
    return name.rpartition(".")[2]
