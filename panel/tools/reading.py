"""The tools that look at nodes: list, find, read one, what feeds it, what is selected. None changes anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from ...providers.messages import JSON
from ..hosts.base import Host, KnobValue, NodeRow
from .answers import Answer, Refused, counted
from .finding import is_class, node_named
from .signature import Range
from .tracing import feeding, sources

_VALUE = 4_000  # characters of one knob's text in the data; a baked curve has millions
_EXCERPT = 120


def list_nodes(host: Host, class_name: str = "", group: str = "", limit: Annotated[int, Range(1, 500)] = 100) -> Answer:
    """Lists nodes, all or those of one class or in one group, in the order of the script.

    Args:
        class_name: A class such as Grade or Merge2; "merge" finds every version, "keylight" the OFX plug-in.
        group: Only what lies directly in this group; empty for all levels.
        limit: How many at most.
    """
    inside = node_named(host, group).name if group else None
    rows = [
        row
        for row in host.nodes()
        if (not class_name or is_class(row.class_name, class_name)) and (inside is None or row.group == inside)
    ]
    data: dict[str, JSON] = {
        "class": class_name,
        "group": inside or "",
        "total": len(rows),
        "nodes": [_row(row) for row in rows[:limit]],
        "cut": max(0, len(rows) - limit),
    }
    return Answer(data, tuple(_listing(rows, limit)), counted(len(rows), "node"))


def find_nodes(host: Host, text: str, limit: Annotated[int, Range(1, 200)] = 50) -> Answer:
    """Finds nodes whose name, class, label or any knob holds a text, whatever the case.

    Args:
        text: What to look for, such as a file name, a layer or a word of a label.
        limit: How many at most.
    """
    wanted = text.strip().lower()
    if not wanted:
        raise Refused("text is empty: say what to look for.", "wrong arguments", {"error": "arguments"})
    found = [(row, where) for row in host.nodes() if (where := _where(host, row, wanted))]
    nodes: list[JSON] = [{**_row(row), "where": knob, "excerpt": said} for row, (knob, said) in found[:limit]]
    cut = max(0, len(found) - limit)
    data: dict[str, JSON] = {"text": text, "total": len(found), "nodes": nodes, "cut": cut}
    lines = [f"{len(found)} found", *(f"{_line(row)}; {knob}: {said}" for row, (knob, said) in found[:limit])]
    return Answer(data, (*lines, *_cut(cut)), f"{len(found)} found")


def read_node(host: Host, name: str, knob: str = "") -> Answer:
    """Reads one node: class, inputs, who uses it, and every knob that the script states; or one knob of it.

    A knob that the script does not state is at its default, and the default is not in the script.

    Args:
        name: The node's full name such as Group1.Blur1.
        knob: Only this knob; empty for all.
    """
    row, wanted = node_named(host, name), knob.strip()
    stated = [value for value in host.knobs(row.name) if not wanted or value.name.lower() == wanted.lower()]
    default = _default(host, row.name, wanted) if wanted and not stated else None
    values = [default] if default else stated
    known = {other.name: other for other in host.nodes()}
    data: dict[str, JSON] = {
        **_row(row),
        "position": list(row.position) if row.position else None,
        "sources": [_end(known.get(source) if source else None) for source in row.inputs],
        "users": [other.name for other in host.nodes() if row.name in other.inputs],
        "inside": sum(other.group == row.name for other in host.nodes()) if row.opens_group else 0,
        "knob": knob,
        "knobs": [_knob(value) for value in values],
        **({"at_default": True} if default else {}),
    }
    lines = [_line(row), *(f"{value.name}: {value.value}{_code_mark(value)}" for value in values)]
    if not wanted:
        return Answer(data, tuple(lines), counted(len(values), "knob"))
    if not stated:
        lines.append("it is at its default" if default else _not_stated(wanted))
    return Answer(data, tuple(lines), "read" if values else "not set")


def upstream(host: Host, name: str, depth: Annotated[int, Range(1, 200)] = 20) -> Answer:
    """Tells what feeds a node, step by step against the flow, the nearest first; a mask or A input counts too.

    Args:
        name: The node's full name such as Group1.Blur1.
        depth: How many steps up at most.
    """
    row = node_named(host, name)
    steps, cut = feeding(host, row, depth)
    nodes: list[JSON] = [
        {**_row(step.row), "depth": step.depth, "input": step.input, "feeds": step.feeds} for step in steps
    ]
    ends: list[JSON] = [source.name for source in sources(steps)]
    data: dict[str, JSON] = {**_row(row), "nodes": nodes, "ends": ends, "cut": cut}
    lines = [f"{step.depth}: {_line(step.row)}; feeds {step.feeds} input {step.input}" for step in steps]
    return Answer(data, (_line(row), *lines, *_cut(cut)), counted(len(steps), "node"))


def selected_nodes(host: Host, limit: Annotated[int, Range(1, 500)] = 100) -> Answer:
    """Tells which nodes the user has selected in Nuke right now, at any level.
    Call it when the question says "this", "these" or "selected" and names no node.

    Args:
        limit: How many at most.
    """
    names = host.selection()
    rows = [row for name in names[:limit] if (row := host.node(name))]
    cut = max(0, len(names) - limit)
    data: dict[str, JSON] = {"total": len(names), "nodes": [_row(row) for row in rows], "cut": cut}
    outcome = f"{len(names)} selected"
    return Answer(data, (outcome, *(_line(row) for row in rows), *_cut(cut)), outcome)


def _cut(more: int) -> list[str]:
    return [f"cut: {more} more"] if more else []


def _listing(rows: Sequence[NodeRow], limit: int) -> Iterator[str]:
    yield counted(len(rows), "node")
    yield from (_line(row) for row in rows[:limit])
    yield from _cut(max(0, len(rows) - limit))


def _row(row: NodeRow) -> dict[str, JSON]:
    return {
        "name": row.name,
        "class": row.class_name,
        "group": row.group,
        "inputs": list(row.inputs),
        "label": row.label,
        "disabled": row.disabled,
        "clone_of": row.clone_of,
        "file": row.file,
    }


def _end(row: NodeRow | None) -> JSON:
    return None if row is None else {"name": row.name, "class": row.class_name}


def _line(row: NodeRow) -> str:
    """A node on one line for a model: only what is not ordinary is said."""
    parts = [f"{row.name} ({row.class_name})"]
    if row.inputs:
        parts.append("inputs " + ", ".join(source or "-" for source in row.inputs))
    if row.clone_of is not None:
        parts.append(f"clone of {row.clone_of or 'a node outside'}")
    if row.disabled is not False:
        parts.append("disabled" if row.disabled else "disabled by an expression")
    parts += [f"{name} {text}" for name, text in (("label", row.label), ("file", row.file)) if text]
    return "; ".join(parts)


def _knob(value: KnobValue) -> JSON:
    cut = max(0, len(value.value) - _VALUE)
    return {"name": value.name, "value": value.value[:_VALUE], "cut": cut, "runs_code": value.runs_code}


def _code_mark(value: KnobValue) -> str:
    return " (Nuke runs this text)" if value.runs_code else ""


def _default(host: Host, name: str, knob: str) -> KnobValue | None:
    """A knob at its default, as far as the host knows. A running Nuke knows all: Refused for one that it has not."""
    found = host.at_default(name, knob)
    if found is None and host.is_live:
        data: dict[str, JSON] = {"error": "no such knob", "name": name, "knob": knob[:60]}
        raise Refused(f"There is no knob {knob[:60]!r} on this node.", "no such knob", data, (name,))
    return found


def _not_stated(knob: str) -> str:
    return f"{knob[:60]}: not stated, so it is at its default, or the node has no such knob"


def _where(host: Host, row: NodeRow, wanted: str) -> tuple[str, str] | None:
    """The first place that holds the text, with some of what stands around it."""
    places = [("name", row.name), ("class", row.class_name), ("label", row.label)]
    for name, text in places:
        if wanted in text.lower():
            return name, text[:_EXCERPT]
    for knob in host.knobs(row.name):
        if wanted in knob.name.lower():
            return knob.name, knob.value[:_EXCERPT]
        at = knob.value.lower().find(wanted)
        if at >= 0:
            start = max(0, at - _EXCERPT // 3)
            return knob.name, knob.value[start : start + _EXCERPT]
    return None
