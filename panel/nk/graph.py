"""The node graph of a script: nodes with their groups, their links and whose clones they are.

Owns what can be asked of them: by name, by knob, by class. How they come out of the file is in `wiring`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from .document import Body, Command, Document, Flaw, Knob

ROOTS = frozenset({"Root", "LiveGroupInfo"})
"""Project settings: they take nothing from the stack and are not pushed."""

UNKNOWN_CLASS = "?"
"""The class of a clone whose original is not in the file (a cut-out piece, a template)."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node block. `inputs[i]` is the index of the node that feeds input `i`, None where nothing does.

    `group` and `original` are indices too: of the group around it, and of the node that a clone repeats. The knobs
    that a clone shares are in its original's block.
    """

    index: int
    name: str
    class_name: str
    group: int | None
    depth: int
    inputs: tuple[int | None, ...]
    is_clone: bool
    original: int | None
    opens_group: bool
    command: Command = field(repr=False)
    body: Body = field(repr=False)

    @property
    def line(self) -> int:
        return self.command.line

    @property
    def counted_as(self) -> str:
        """The class under which it is counted: a clone is not one more of its class."""
        return f"clone {self.class_name}" if self.is_clone else self.class_name

    def knob(self, name: str) -> Knob | None:
        """The knob of its own block."""
        return self.body.find(name)


@dataclass(frozen=True)
class Graph:
    """All nodes in file order."""

    document: Document = field(repr=False)
    nodes: tuple[Node, ...] = field(repr=False)
    flaws: tuple[Flaw, ...] = ()

    @property
    def root(self) -> Node | None:
        return next((node for node in self.nodes if node.class_name in ROOTS), None)

    @property
    def groups(self) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.opens_group)

    @property
    def links(self) -> int:
        """How many inputs are connected."""
        return sum(source is not None for node in self.nodes for source in node.inputs)

    def counts(self) -> dict[str, int]:
        """Nodes by class, the most frequent first; clones under `clone CLASS`."""
        return frequencies(node.counted_as for node in self.nodes)

    def full_name(self, node: Node) -> str:
        """`Group1.Blur1`: unique in the script. A second node of one name (a clone) is `Blur1#2`."""
        names = [node.name]
        while node.group is not None:
            node = self.nodes[node.group]
            names.append(node.name)
        return ".".join(reversed(names))

    def find(self, full_name: str) -> Node | None:
        group: int | None = None
        found: Node | None = None
        for name in full_name.split("."):
            index = self._by_place.get((group, name))
            if index is None:
                return None
            found, group = self.nodes[index], index
        return found

    def owner(self, node: Node) -> Node:
        """The node whose block holds the shared knobs: the original of a clone, else the node itself."""
        return node if node.original is None else self.nodes[node.original]

    def value(self, node: Node, knob: str) -> str | None:
        """What a knob says, unquoted; of a clone what its original says, unless the instance has its own."""
        found = node.knob(knob) or self.owner(node).knob(knob)
        return None if found is None else self.document.text(found.value_span)

    @cached_property
    def _by_place(self) -> dict[tuple[int | None, str], int]:
        return {(node.group, node.name): node.index for node in self.nodes}


def frequencies(names: Iterable[str]) -> dict[str, int]:
    """How often each occurs, the most frequent first, equals by name."""
    counts = Counter(names)
    return {name: counts[name] for name in sorted(counts, key=lambda name: (-counts[name], name))}
