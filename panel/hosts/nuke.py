"""The running Nuke as a host: what the artist sees now, unsaved changes included. The only importer of `nuke`.

Owns the calls of Nuke's API, all of them plain reads: nothing here validates the tree, evaluates a text, runs a
callback or changes anything. A node's knobs are what `writeKnobs` states in one call, in the form of the file, so that
they are read by the rules of files (`stated`). It shows the nodes that a saved script would hold: groups open; gizmos,
published LiveGroups and Precomps closed.

Nuke's node objects die with their nodes, so none outlives a call: between calls nodes are known by name. All calls come
from the main thread, which is the shared loop's; Nuke hangs or crashes on any other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import nuke

from ..nk.knobs import runs_code
from .base import Kind, KnobValue, NodeRow, Note, Project
from .order import counted_names, sources_first
from .stated import Blocks, Stated, code_knobs, is_knob, node_row

_ROOT = "Root"
_UNTITLED = "Untitled"
_GROUPS = ("Group", "Gizmo", "LiveGroup")
"""Classes that other nodes may be shown inside of. An installed gizmo is of its own class."""

_STORED = nuke.TO_SCRIPT | nuke.WRITE_ALL | nuke.WRITE_NON_DEFAULT_ONLY | nuke.WRITE_USER_KNOB_DEFS
"""As a script is saved. Never with TO_VALUE: that evaluates."""

_CODE = frozenset({"PyScript_Knob", "Script_Knob", "PyCustom_Knob", "PythonCustomKnob", "Pulldown_Knob"})


class NukeHost:
    """Reads anew at each call; its `snapshot` reads once and is for one call."""

    kind: Kind = "script"
    is_live = True

    def __init__(self) -> None:
        self._blocks = Blocks()
        self._kept: _Reading | None = None

    @property
    def title(self) -> str:
        path = self._now.path()
        return path.replace("\\", "/").rpartition("/")[2] if path else _UNTITLED

    @property
    def path(self) -> str | None:
        return self._now.path()

    def snapshot(self) -> NukeHost:
        host = NukeHost()
        host._kept = _Reading(self._blocks)
        return host

    def project(self) -> Project:
        return self._now.project()

    def nodes(self) -> Sequence[NodeRow]:
        return self._now.rows()

    def node(self, name: str) -> NodeRow | None:
        return self._now.row(name)

    def knobs(self, name: str) -> tuple[KnobValue, ...]:
        return self._now.knobs(name)

    def at_default(self, name: str, knob: str) -> KnobValue | None:
        return self._now.at_default(name, knob)

    def selection(self) -> tuple[str, ...]:
        return self._now.selection()

    @property
    def _now(self) -> _Reading:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("The running Nuke is read on its main thread only: Nuke hangs or crashes on another.")
        return self._kept or _Reading(self._blocks)


@dataclass(frozen=True, slots=True)
class _Level:
    """The nodes directly in one group, sources before their users.

    `names`: their full names. Clones share one name in Nuke; here they are counted, as in files: `Blur1`, `Blur1#2`.
    """

    inputs: dict[nuke.Node, tuple[nuke.Node | None, ...]]
    names: dict[nuke.Node, str]

    def find(self, name: str) -> nuke.Node | None:
        return next((node for node, known in self.names.items() if known == name), None)


class _Reading:
    """The script during one call."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._levels: dict[str, _Level] = {}
        self._rows: dict[str, NodeRow] = {}
        self._is_whole = False
        self._knobs: dict[str, tuple[KnobValue, ...]] = {}

    def path(self) -> str | None:
        try:
            return nuke.scriptName() or None
        except (RuntimeError, ValueError):  # never saved; still opening
            return None

    def project(self) -> Project:
        root = _root()
        if root is None:
            return Project(nuke.NUKE_VERSION_STRING, notes=(Note("Nuke is still opening the script."),))
        stated = self._stated(root).texts

        def setting(name: str) -> str:
            return stated.get(name) or _stored(root.knob(name))

        return Project(
            nuke_version=nuke.NUKE_VERSION_STRING,
            format=setting("format"),
            fps=setting("fps"),
            first_frame=setting("first_frame"),
            last_frame=setting("last_frame"),
            colour_management=setting("colorManagement"),
        )

    def rows(self) -> Sequence[NodeRow]:
        """One pass over all nodes, a group's own right behind it."""
        root = _root()
        if self._is_whole or root is None:
            return tuple(self._rows.values())
        self._blocks.next_round()
        self._rows, self._is_whole = {}, True
        waiting: list[tuple[nuke.Node, str]] = [(root, _ROOT)]
        while waiting:
            node, name = waiting.pop()
            try:
                row = self._read(node, name)
                if inside := root if node is root else _opened(node, row.class_name):
                    waiting += reversed(self._level(inside, "" if node is root else name).names.items())
            except ValueError:  # it was deleted meanwhile
                continue
        return tuple(self._rows.values())

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
            return next((_alone(known, found) for known, found in knobs if known.lower() == knob.lower()), None)
        except ValueError:
            return None

    def selection(self) -> tuple[str, ...]:
        """Costs as much as is selected, and a call or two for each group."""
        root, names = _root(), list[str]()
        for group in (root, *_open_groups(root)) if root else ():
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
            opens_group=_opened(node, class_name) is not None,
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
            knobs = tuple(_knob_by_knob(node))
            return Stated(
                {knob.name: knob.value for knob in knobs}, tuple(knob for knob in knobs if is_knob(knob.name))
            )

    def _inputs(self, node: nuke.Node, name: str) -> tuple[str | None, ...]:
        level = self._levels.get(name.rpartition(".")[0])
        known = level.names if level else {}
        sources = level.inputs.get(node) if level else None
        return tuple(self._source(source, known) for source in (_sources(node) if sources is None else sources))

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
        root = _root()
        if root is None or name == _ROOT:
            return root
        node: nuke.Node = root
        path = ""
        for part in name.split("."):
            inside = root if node is root else _opened(node, node.Class())
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

    def _level_at(self, path: str) -> _Level | None:
        group = self._find(path) if path else _root()
        return self._level(group, path) if isinstance(group, nuke.Group) else None

    def _level(self, group: nuke.Group, path: str) -> _Level:
        if path not in self._levels:
            self._levels[path] = _read_level(group, path)
        return self._levels[path]


def _read_level(group: nuke.Group, path: str) -> _Level:
    prefix = f"{path}." if path else ""
    inputs: dict[nuke.Node, tuple[nuke.Node | None, ...]] = {}
    shared: dict[nuke.Node, str] = {}
    for node in reversed(_inside(group)):
        try:
            shared[node] = prefix + node.name()
            inputs[node] = _sources(node)
        except ValueError:
            continue
    ordered = sources_first(inputs)
    return _Level(inputs, dict(zip(ordered, counted_names(shared[node] for node in ordered), strict=True)))


def _inside(group: nuke.Group) -> list[nuke.Node]:
    """The newest first is usual. Empty where Nuke does not tell, as of an encrypted one."""
    try:
        return group.nodes()
    except RuntimeError:
        return []


def _sources(node: nuke.Node) -> tuple[nuke.Node | None, ...]:
    return tuple(node.input(index) for index in range(node.inputs()))


def _root() -> nuke.Root | None:
    """None while a script is opened: Root is there then, and not attached yet."""
    try:
        root = nuke.root()
        root.Class()
    except ValueError:
        return None
    return root


def _opened(node: nuke.Node, class_name: str) -> nuke.Group | None:
    """The node as a group, if a saved script would hold what is inside."""
    if class_name not in _GROUPS or not isinstance(node, nuke.Group):
        return None
    return None if isinstance(node, nuke.LiveGroup) and node.published() else node


def _open_groups(root: nuke.Root) -> Iterator[nuke.Group]:
    """At every depth, but none inside a closed one."""
    found: list[tuple[str, nuke.Group]] = []
    for class_name in _GROUPS:
        nodes: list[nuke.Node] = nuke.allNodes(class_name, group=root, recurseGroups=True)  # pyright: ignore
        for node in nodes:
            try:
                if group := _opened(node, class_name):
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


def _knob_by_knob(node: nuke.Node) -> Iterator[KnobValue]:
    for name, knob in node.knobs().items():
        not_default = cast("Callable[[], bool] | None", getattr(knob, "notDefault", None))
        if (not_default is None or not_default()) and (alone := _alone(name, knob)).value:
            yield alone


def _alone(name: str, knob: nuke.Knob) -> KnobValue:
    text = _stored(knob)
    return KnobValue(name, text, knob.Class() in _CODE or runs_code(name, text))


def _stored(knob: nuke.Knob | None) -> str:
    """A knob's text as a script has it; empty for a knob that has none, as captions and buttons of old classes."""
    try:
        return knob.toScript(False, None) if knob else ""
    except (RuntimeError, TypeError, ValueError, NameError):
        return ""
