"""Finds what people mean: a node by a name that is nearly right, a class by the word that artists use."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from ..hosts.base import Host, NodeRow
from .answers import Refused

_NEAR = 3
_COMPARED = 3_000  # names; difflib looks at each for some microseconds


def node_named(host: Host, name: str) -> NodeRow:
    """By full name; else whatever the case; else by last part, if only one has it. Raises Refused with near names."""
    name = name.strip()
    if row := host.node(name):
        return row
    rows, wanted = host.nodes(), name.lower()
    for key in (_full, _last):
        found = [row for row in rows if key(row) == wanted]
        if len(found) == 1:
            return found[0]
        if found:
            raise _refused(name, "several nodes", [row.name for row in found], "Several nodes have this name")
    raise _refused(name, "no such node", _near(wanted, rows), "There is no such node")


def _full(row: NodeRow) -> str:
    return row.name.lower()


def _last(row: NodeRow) -> str:
    return row.name.rpartition(".")[2].lower()


def _depth(row: NodeRow) -> int:
    return row.name.count(".")


def _refused(name: str, outcome: str, names: Sequence[str], text: str) -> Refused:
    near = tuple(names[:8])
    hint = "Perhaps one of these?" if near else "list_nodes gives the names."
    return Refused(f"{text}: {name[:80]}. {hint}", outcome, {"name": name[:80], "near": list(near)}, near)


def _near(wanted: str, rows: Sequence[NodeRow]) -> list[str]:
    """Names that are spelled alike, then nodes whose class is the word."""
    named: dict[str, str] = {}
    for row in sorted(rows, key=_depth):
        if abs(len(_last(row)) - len(wanted)) <= 3 and len(named) < _COMPARED:
            named.setdefault(_last(row), row.name)
    alike = [named[found] for found in difflib.get_close_matches(wanted[:80], named, _NEAR, 0.75)]
    return alike or [row.name for row in rows if is_class(row.class_name, wanted)][:_NEAR]


def is_class(class_name: str, wanted: str) -> bool:
    """Whether a class is meant by a word: any case, without its version, an OFX plug-in by its last part, plural."""
    words = {wanted.lower().strip()}
    words |= {word.removesuffix("s") for word in words} | {word.removesuffix("es") for word in words}
    return not words.isdisjoint(_spoken(class_name))


def _spoken(class_name: str) -> Iterable[str]:
    name = class_name.lower()
    last = name.rpartition(".")[2]
    return {name, re.sub(r"\d+$", "", name), last, re.sub(r"_v\d+$", "", last)}
