"""What `script info` tells of a script: its counts as plain values."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Literal

from ...providers.messages import JSON
from .document import Document, Flaw
from .graph import Graph
from .wiring import build

_WRITTEN_BY = re.compile(rb"^#![^\n]{0,400}?Nuke(\d{1,2}\.\d{1,2}(?:v\d{1,2})?)", re.MULTILINE)
_FIRST_LINES = 4096

_NOT_A_SETTING = re.compile(r"addUserKnob|inputs")

Kind = Literal["script", "fragment", "gizmo"]


@dataclass(frozen=True, slots=True)
class ScriptInfo:
    """`nodes` counts every block at every depth; `classes` the same by class, a clone under `clone CLASS`.

    `max_depth` 0: no node lies in a group. `links` are connected inputs. `root` has the project's knobs as text.
    """

    file: str
    kind: Kind
    nuke_version: str | None
    nodes: int
    classes: dict[str, int]
    groups: int
    max_depth: int
    links: int
    root: dict[str, str] | None
    warnings: tuple[Flaw, ...]

    def to_json(self) -> dict[str, JSON]:
        values: dict[str, JSON] = asdict(self)
        values["warnings"] = [{"line": flaw.line, "text": flaw.text} for flaw in self.warnings]
        return values


def info(document: Document, file: str = "") -> ScriptInfo:
    """Raises DamagedScript where groups do not fit together."""
    return describe(build(document), file)


def describe(graph: Graph, file: str = "") -> ScriptInfo:
    return ScriptInfo(
        file=file,
        kind=kind(graph),
        nuke_version=nuke_version(graph.document),
        nodes=len(graph.nodes),
        classes=graph.counts(),
        groups=len(graph.groups),
        max_depth=max((node.depth for node in graph.nodes), default=0),
        links=graph.links,
        root=project(graph),
        warnings=graph.flaws,
    )


def kind(graph: Graph) -> Kind:
    """By content, never by file name: project settings make a script, a Gizmo block a gizmo."""
    classes = {node.class_name for node in graph.nodes}
    if "Root" in classes:
        return "script"
    return "gizmo" if "Gizmo" in classes else "fragment"


def nuke_version(document: Document) -> str | None:
    """`13.2v4` of `version 13.2 v4`, or of the first line's path to Nuke; None where the file does not say."""
    for command in document.commands:
        if command.kind == "header" and document.word(command, 0) == "version" and len(command.words) > 1:
            return "".join(document.raw(word) for word in command.words[1:3])[:40]
    found = _WRITTEN_BY.search(document.data[:_FIRST_LINES])
    return found[1].decode() if found else None


def project(graph: Graph) -> dict[str, str] | None:
    """The Root's knobs that the file holds, unquoted. A knob at its default is not in the file."""
    if graph.root is None:
        return None
    knobs = graph.root.body.knobs
    return {k.name: graph.document.text(k.value_span) for k in knobs if not _NOT_A_SETTING.fullmatch(k.name)}
