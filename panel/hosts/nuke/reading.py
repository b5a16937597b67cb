"""The running script during one reading: what was read once is not asked for again.

A node's knobs are what `writeKnobs` states in one call, in the form of the file, so that they are read by the rules of
files (`stated`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from typing import cast

import nuke

from ..base import KnobValue, NodeRow, Note, Project
from ..stated import Blocks, Stated, code_knobs, is_knob, node_row
from .knobs import alone_value, knob_by_knob, stored
from .levels import Level, at_once, level_steps, open_groups, opened, root_node, sources_of

_ROOT = "Root"
_STORED = nuke.TO_SCRIPT | nuke.WRITE_ALL | nuke.WRITE_NON_DEFAULT_ONLY | nuke.WRITE_USER_KNOB_DEFS
"""As a script is saved. Never with TO_VALUE: that evaluates."""


class Reading:
    """The script during one call, or ahead of it in pieces."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._levels: dict[str, Level] = {}
        self._rows: dict[str, NodeRow] = {}
        self._is_whole = False
        self.is_torn: bool = False
        """A node went while all of them were read."""
        self._knobs: dict[str, tuple[KnobValue, ...]] = {}

    def path(self) -> str | None:
        try:
            return nuke.scriptName() or None
        except (RuntimeError, ValueError):  # never saved; still opening
            return None

    def project(self) -> Project:
        root = root_node()
        if root is None:
            return Project(nuke.NUKE_VERSION_STRING, notes=(Note("Nuke is still opening the script."),))
        stated = self._stated(root).texts

        def setting(name: str) -> str:
            return stated.get(name) or stored(root.knob(name))

        return Project(
            nuke_version=nuke.NUKE_VERSION_STRING,
            format=setting("format"),
            fps=setting("fps"),
            first_frame=setting("first_frame"),
            last_frame=setting("last_frame"),
            colour_management=setting("colorManagement"),
        )

    def rows(self) -> Sequence[NodeRow]:
        at_once(self.steps())
        return tuple(self._rows.values())

    def steps(self) -> Generator[None]:
        """One pass over all nodes, a group's own right behind it. Between two steps the script may change."""
        root = root_node()
        if self._is_whole or root is None:
            return
        self._blocks.next_round()
        self._rows = {}
        waiting: list[tuple[nuke.Node, str]] = [(root, _ROOT)]
        while waiting:
            node, name = waiting.pop()
            try:
                row = self._read(node, name)
                yield
                if inside := root if node is root else opened(node, row.class_name):
                    level: Level = yield from self._level_steps(inside, "" if node is root else name)
                    waiting += reversed(level.names.items())
                    self.is_torn = self.is_torn or level.is_torn
            except ValueError:
                self.is_torn = True
        self._is_whole = True

    def row(self, name: str) -> NodeRow | None:
        if self._is_whole or name in self._rows:
            return self._rows.get(name)
        try:
            node = self._find(name)
            return None if node is None else self._read(node, name)
        except ValueError:
            return None

    def knobs(self, name: str) -> tuple[KnobValue, ...]:
        if name not in self._knobs:
            self.row(name)
        return self._knobs.get(name, ())

    def at_default(self, name: str, knob: str) -> KnobValue | None:
        try:
            node = self._find(name)
            knobs = node.knobs().items() if node else ()
            return next((alone_value(known, found) for known, found in knobs if known.lower() == knob.lower()), None)
        except ValueError:
            return None

    def selection(self) -> tuple[str, ...]:
        """Costs as much as is selected, and a call or two for each group."""
        root, names = root_node(), list[str]()
        for group in (root, *open_groups(root)) if root else ():
            try:
                names += [self._name(node) for node in group.selectedNodes()]
            except ValueError:
                continue
        return tuple(names)

    def _read(self, node: nuke.Node, name: str) -> NodeRow:
        """Raises ValueError for a node that is gone."""
        stated, class_name = self._stated(node), node.Class()
        self._knobs[name] = stated.knobs
        is_root = name == _ROOT
        clone_of = None if is_root else self._original(node, name)
        row = node_row(
            name,
            class_name,
            () if is_root else self._inputs(node, name),
            stated.texts.get,
            clone_of=clone_of,
            opens_group=opened(node, class_name) is not None,
            code=code_knobs(stated.knobs) if clone_of is None else (),  # told once, of the original
        )
        if not row.position and not is_root:
            row = replace(row, position=(node.xpos(), node.ypos()))
        self._rows[name] = row
        return row

    def _stated(self, node: nuke.Node) -> Stated:
        try:
            return self._blocks.read(node.writeKnobs(_STORED))
        except (RuntimeError, TypeError, UnicodeError):  # a knob that cannot be written: then each by itself
            knobs = tuple(knob_by_knob(node))
            return Stated(
                {knob.name: knob.value for knob in knobs}, tuple(knob for knob in knobs if is_knob(knob.name))
            )

    def _inputs(self, node: nuke.Node, name: str) -> tuple[str | None, ...]:
        level = self._levels.get(name.rpartition(".")[0])
        known = level.names if level else {}
        sources = level.inputs.get(node) if level else None
        return tuple(self._source(source, known) for source in (sources_of(node) if sources is None else sources))

    def _source(self, source: nuke.Node | None, known: Mapping[nuke.Node, str]) -> str | None:
        try:
            return None if source is None else known.get(source) or self._name(source)
        except ValueError:  # it was deleted meanwhile
            return None

    def _original(self, node: nuke.Node, name: str) -> str | None:
        """Of a clone: what Nuke 15 and later say; before, the first of its name."""
        if not node.clones():
            return None
        base = cast("Callable[[], nuke.Node | None] | None", getattr(node, "baseNode", None))
        if base and (original := base()):
            return None if original == node else self._name(original)
        first, counted, _ = name.partition("#")
        return first if counted else None

    def _name(self, node: nuke.Node) -> str:
        name = node.fullName()
        if node.clones() and (level := self._level_at(name.rpartition(".")[0])):
            return level.names.get(node, name)
        return name

    def _find(self, name: str) -> nuke.Node | None:
        """By full name, group by group: whatever group Nuke calls the current one plays no part."""
        root = root_node()
        if root is None or name == _ROOT:
            return root
        node: nuke.Node = root
        path = ""
        for part in name.split("."):
            inside = root if node is root else opened(node, node.Class())
            if inside is None:
                return None
            found = self._child(inside, path, part)
            if found is None:
                return None
            node, path = found, f"{path}.{part}" if path else part
        return node

    def _child(self, group: nuke.Group, path: str, part: str) -> nuke.Node | None:
        found = None if "#" in part else group.node(part)
        if "#" in part or (found and found.clones()):
            return self._level(group, path).find(f"{path}.{part}" if path else part)
        return found

    def _level_at(self, path: str) -> Level | None:
        group = self._find(path) if path else root_node()
        return self._level(group, path) if isinstance(group, nuke.Group) else None

    def _level(self, group: nuke.Group, path: str) -> Level:
        return at_once(self._level_steps(group, path))

    def _level_steps(self, group: nuke.Group, path: str) -> Generator[None, None, Level]:
        if path not in self._levels:
            self._levels[path] = yield from level_steps(group, path)
        return self._levels[path]
