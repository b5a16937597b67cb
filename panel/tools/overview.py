"""The tool that looks at a script as a whole: counts, project, files, groups, and the branches above its ends."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ...providers.messages import JSON
from ..hosts.base import Host, NodeRow, Project
from ..nk.graph import frequencies
from .answers import Answer, counted

ENDS = ("Write", "Output", "Viewer")
"""What a branch is looked at from, in this order: files written, else a tool's output, else what is viewed."""

_CHAINS = 12
_CHAIN_LENGTH = 400
_LOOSE = 200
_ON_ITS_WAY = frozenset({"Dot", "NoOp", "TimeOffset"})


def overview(host: Host) -> Answer:
    """Tells what the whole script holds: how many nodes of which class, project format and frame range, files read
    and written, groups, the main branch above each Write or Viewer, disabled nodes, code that runs on load.
    Call it first when the question is about the script and not about one node.
    """
    rows, project = host.nodes(), host.project()
    data: dict[str, JSON] = {
        "title": host.title,
        "kind": host.kind,
        **({"live": True} if host.is_live else {}),
        "nuke_version": project.nuke_version,
        "nodes": len(rows),
        "classes": {**frequencies(row.counted_as for row in rows)},
        "links": sum(source is not None for row in rows for source in row.inputs),
        "max_depth": max((row.name.count(".") for row in rows), default=0),
        "groups": _groups(rows),
        "project": _project(project),
        "reads": _files(rows, reading=True),
        "writes": _files(rows, reading=False),
        "chains": _chains(rows),
        "disabled": [row.name for row in rows if row.disabled],
        "backdrops": [row.label for row in rows if row.class_name == "BackdropNode" and row.label],
        "runs_code": [{"name": row.name, "knobs": list(row.code)} for row in rows if row.code],
        "warnings": [{"line": note.line, "text": note.text} for note in project.notes],
    }
    return Answer(data, tuple(_lines(data)), counted(len(rows), "node"))


def _groups(rows: Sequence[NodeRow]) -> list[JSON]:
    inside = Counter(row.group for row in rows)
    return [{"name": r.name, "class": r.class_name, "nodes": inside[r.name]} for r in rows if r.opens_group]


def _project(project: Project) -> dict[str, JSON]:
    return {
        "format": _format(project.format),
        "fps": project.fps,
        "first_frame": project.first_frame,
        "last_frame": project.last_frame,
        "colour_management": project.colour_management,
    }


_FORMAT = re.compile(r"(\d{1,6}) (\d{1,6})(?: [-\d.]+){4} ([\d.]+)(?: (.+))?")


def _format(text: str) -> JSON:
    """`W H x y r t ASPECT NAME` in parts; the text itself where it is a name only."""
    found = _FORMAT.fullmatch(" ".join(text.split()))
    if not found:
        return text
    return {"width": int(found[1]), "height": int(found[2]), "pixel_aspect": found[3], "name": found[4] or ""}


def _files(rows: Sequence[NodeRow], *, reading: bool) -> list[JSON]:
    """Nodes with a file: those with `Write` in their class write it, the others read it. A group only passes it on."""
    return [
        {"name": row.name, "class": row.class_name, "file": row.file, "disabled": row.disabled}
        for row in rows
        if (row.file or row.class_name in ("Read", "Write"))
        and not row.opens_group
        and ("Write" not in row.class_name) == reading
    ]


def _chains(rows: Sequence[NodeRow]) -> list[JSON]:
    """The branch above each end, source first: up through input 0, or the first input that is connected.

    The last one is the main one: of the last Write, Output or Viewer, else the longest that ends loose.
    """
    known = {row.name: row for row in rows}
    level = _main_level(rows)
    ends = next((found for end in ENDS if (found := _of_class(level, end))), None)
    if ends is None:
        used = {source for row in rows for source in row.inputs}
        loose = [row for row in level if any(row.inputs) and row.name not in used]
        branches = sorted((_branch(row, known) for row in loose[-_LOOSE:]), key=len)
    else:
        branches = [_branch(row, known) for row in ends[-_CHAINS:]]
    return [_shown(nodes) for nodes in branches[-_CHAINS:]]


def _main_level(rows: Sequence[NodeRow]) -> list[NodeRow]:
    """The outermost nodes; of a file that is a single tool those inside it."""
    outer = [row for row in rows if not row.group and row.class_name != "Root"]
    if len(outer) == 1 and outer[0].opens_group:
        return [row for row in rows if row.group == outer[0].name]
    return outer


def _of_class(rows: Sequence[NodeRow], class_name: str) -> list[NodeRow]:
    return [row for row in rows if re.sub(r"\d+$", "", row.class_name) == class_name]


def _branch(end: NodeRow, known: dict[str, NodeRow]) -> list[NodeRow]:
    """From the end upwards."""
    nodes = [end]
    while len(nodes) < _CHAIN_LENGTH:
        source = next((name for name in nodes[-1].inputs if name), None)
        if source is None or source not in known:
            break
        nodes.append(known[source])
    return nodes


def _shown(nodes: list[NodeRow]) -> JSON:
    end, *above = nodes
    rows = [*(row for row in reversed(above) if row.class_name not in _ON_ITS_WAY), end]
    return {"end": end.name, "group": end.group, "nodes": [{"name": r.name, "class": r.class_name} for r in rows]}


def _lines(data: dict[str, JSON]) -> Iterator[str]:
    """One line a fact, in the order of the data."""
    for name, value in data.items():
        if isinstance(value, dict):
            yield f"{name}: " + ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items() if inner)
        elif isinstance(value, list):
            yield f"{name}: {len(value)}"
            yield from (f"  {_plain(item)}" for item in value)
        else:
            yield f"{name}: {_plain(value)}"


def _plain(value: JSON) -> str:
    match value:
        case {"end": end, "nodes": [*nodes], **_group}:
            return f"{end}: " + " > ".join(_plain(node) for node in nodes)
        case {"name": name, "class": class_name, **others}:
            return " ".join([f"{name} ({class_name})", *(f"{k} {_plain(v)}" for k, v in others.items() if v)])
        case dict():
            return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
        case list():
            return ", ".join(_plain(item) for item in value)
        case _:
            return "not stated" if value in (None, "") else str(value)
