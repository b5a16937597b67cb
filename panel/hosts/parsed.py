"""The nodes of a `.nk` file as a host.

Owns the way from a file's nodes to the values of the port. It changes nothing: the file was read once (`script`) and is
never looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path

from ..nk.graph import Graph, Node
from ..nk.info import ScriptInfo, describe
from .base import Kind, KnobValue, NodeRow, Note, Project, Still
from .stated import code_knobs, node_row, stated_knobs


class ScriptHost(Still):
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
        return tuple(stated_knobs(self._graph.document, node.body) for node in self._graph.nodes)

    @cached_property
    def _rows(self) -> tuple[NodeRow, ...]:
        graph = self._graph
        names = [graph.full_name(node) for node in graph.nodes]
        return tuple(self._row(node, names) for node in graph.nodes)

    def _row(self, node: Node, names: list[str]) -> NodeRow:
        return node_row(
            names[node.index],
            node.class_name,
            tuple(None if source is None else names[source] for source in node.inputs),
            partial(self._graph.value, node),
            clone_of=_clone_of(node, names),
            opens_group=node.opens_group,
            code=code_knobs(self._stated[node.index]),
        )


def _clone_of(node: Node, names: list[str]) -> str | None:
    if not node.is_clone:
        return None
    return "" if node.original is None else names[node.original]
