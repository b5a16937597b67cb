"""The nodes of a `.nk` file as a host.

Owns the way from a file's nodes to the values of the port. It changes nothing: the file was read once (`script`) and is
never looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from ..nk.graph import Graph, Node
from ..nk.info import ScriptInfo, describe
from ..nk.knobs import CODE_KNOBS, LINK, number, runs_code, switch, user_knob
from .base import Kind, KnobValue, NodeRow, Note, Project

_LABEL = 500
_NOT_KNOBS = frozenset({"addUserKnob", "inputs", "name", "xpos", "ypos", "selected"})


class ScriptHost:
    """The nodes of one file."""

    def __init__(self, path: Path, graph: Graph) -> None:
        self._path = path
        self._graph = graph

    @property
    def title(self) -> str:
        return self._path.name

    @property
    def path(self) -> str | None:
        return str(self._path)

    @property
    def kind(self) -> Kind:
        return self.info.kind

    @cached_property
    def info(self) -> ScriptInfo:
        return describe(self._graph, str(self._path))

    def project(self) -> Project:
        root = self.info.root or {}
        return Project(
            nuke_version=self.info.nuke_version,
            format=root.get("format", ""),
            fps=root.get("fps", ""),
            first_frame=root.get("first_frame", ""),
            last_frame=root.get("last_frame", ""),
            colour_management=root.get("colorManagement", ""),
            notes=tuple(Note(flaw.text, flaw.line) for flaw in self.info.warnings),
        )

    def nodes(self) -> Sequence[NodeRow]:
        return self._rows

    def node(self, name: str) -> NodeRow | None:
        node = self._graph.find(name)
        return None if node is None else self._rows[node.index]

    def knobs(self, name: str) -> tuple[KnobValue, ...]:
        node = self._graph.find(name)
        if node is None:
            return ()
        owner = self._graph.owner(node)
        if owner is node:
            return self._stated[node.index]
        values = {knob.name: knob for knob in (*self._stated[owner.index], *self._stated[node.index])}
        return tuple(values.values())

    @cached_property
    def _stated(self) -> tuple[tuple[KnobValue, ...], ...]:
        """What each node's own block states, of equal names the last; decoded once, as searching goes through all."""
        return tuple(tuple({k.name: k for k in self._values(node)}.values()) for node in self._graph.nodes)

    @cached_property
    def _rows(self) -> tuple[NodeRow, ...]:
        graph = self._graph
        names = [graph.full_name(node) for node in graph.nodes]
        return tuple(self._row(node, names) for node in graph.nodes)

    def _row(self, node: Node, names: list[str]) -> NodeRow:
        value = self._graph.value
        x, y = number(value(node, "xpos")), number(value(node, "ypos"))
        return NodeRow(
            name=names[node.index],
            class_name=node.class_name,
            group="" if node.group is None else names[node.group],
            inputs=tuple(None if source is None else names[source] for source in node.inputs),
            label=(value(node, "label") or "")[:_LABEL],
            disabled=switch(value(node, "disable")),
            clone_of=_clone_of(node, names),
            opens_group=node.opens_group,
            file=value(node, "file") or "",
            code=tuple(knob.name for knob in self._stated[node.index] if knob.runs_code),
            position=None if x is None or y is None else (x, y),
        )

    def _values(self, node: Node) -> Iterator[KnobValue]:
        """The knobs of one block; user knobs only where their definition says something: code or a link."""
        document = self._graph.document
        for knob in node.body.knobs:
            if knob.name == "addUserKnob":
                defined = user_knob(document, knob.value_span)
                if defined and defined.type in CODE_KNOBS and defined.text:
                    yield KnobValue(defined.name, defined.text, runs_code=True)
                elif defined and defined.type == LINK:
                    yield KnobValue(defined.name, f"link to {defined.text}")
            elif knob.name not in _NOT_KNOBS:
                value = document.text(knob.value_span)
                yield KnobValue(knob.name, value, runs_code(knob.name, value))


def _clone_of(node: Node, names: list[str]) -> str | None:
    if not node.is_clone:
        return None
    return "" if node.original is None else names[node.original]
