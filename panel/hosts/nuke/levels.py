"""The groups of the running script: what is directly inside one, sources first, and under which names.

It shows what a saved script would hold: groups open; gizmos, published LiveGroups and Precomps closed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TypeVar

import nuke

from ..order import counted_names, sources_first

T = TypeVar("T")

_GROUPS = ("Group", "Gizmo", "LiveGroup")
"""Classes that other nodes may be shown inside of. An installed gizmo is of its own class."""


@dataclass(frozen=True, slots=True)
class Level:
    """The nodes directly in one group, sources before their users.

    `names`: their full names. Clones share one name in Nuke; here they are counted, as in files: `Blur1`, `Blur1#2`.
    """

    inputs: dict[nuke.Node, tuple[nuke.Node | None, ...]]
    names: dict[nuke.Node, str]
    is_torn: bool
    """A node went while it was read."""

    def find(self, name: str) -> nuke.Node | None:
        return next((node for node, known in self.names.items() if known == name), None)


def root_node() -> nuke.Root | None:
    """None while a script is opened: Root is there then, and not attached yet."""
    try:
        root = nuke.root()
        root.Class()
    except ValueError:
        return None
    return root


def level_steps(group: nuke.Group, path: str) -> Generator[None, None, Level]:
    """Reads one level, a node a step. What is deleted between two steps is left out."""
    prefix = f"{path}." if path else ""
    inputs: dict[nuke.Node, tuple[nuke.Node | None, ...]] = {}
    shared: dict[nuke.Node, str] = {}
    is_torn = False
    for node in reversed(_inside(group)):
        yield
        try:
            name, inputs[node] = node.name(), sources_of(node)
        except ValueError:
            is_torn = True
        else:
            shared[node] = prefix + name
    ordered = sources_first(inputs)
    names = counted_names(shared[node] for node in ordered)
    return Level(inputs, dict(zip(ordered, names, strict=True)), is_torn)


def at_once(steps: Generator[None, None, T]) -> T:
    """All steps without a pause."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def _inside(group: nuke.Group) -> list[nuke.Node]:
    """The newest first is usual. Empty where Nuke does not tell, as of an encrypted one."""
    try:
        return group.nodes()
    except RuntimeError:
        return []


def sources_of(node: nuke.Node) -> tuple[nuke.Node | None, ...]:
    return tuple(node.input(index) for index in range(node.inputs()))


def opened(node: nuke.Node, class_name: str) -> nuke.Group | None:
    """The node as a group, if a saved script would hold what is inside."""
    if class_name not in _GROUPS or not isinstance(node, nuke.Group):
        return None
    return None if isinstance(node, nuke.LiveGroup) and node.published() else node


def open_groups(root: nuke.Root) -> Iterator[nuke.Group]:
    """At every depth, but none inside a closed one."""
    found: list[tuple[str, nuke.Group]] = []
    for class_name in _GROUPS:
        nodes: list[nuke.Node] = nuke.allNodes(class_name, group=root, recurseGroups=True)  # pyright: ignore
        for node in nodes:
            try:
                if group := opened(node, class_name):
                    found.append((node.fullName(), group))
            except ValueError:
                continue
    shown = {""}
    for name, group in sorted(found, key=_depth):
        if name.rpartition(".")[0] in shown:
            shown.add(name)
            yield group


def _depth(found: tuple[str, nuke.Group]) -> int:
    return found[0].count(".")
