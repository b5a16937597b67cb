"""The nodes of the fake Nuke, and the script that they are in.

Owns the live graph: groups with their nodes, links, clones that share knobs, names that stay unique, nodes that are
gone. How a `.nk` text becomes one is in `nuke_loading`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from nuke_knobs import Knob, default_knob, quoted
from nuke_rules import Watched, misuse
from nuke_undo import change

TO_SCRIPT, TO_VALUE, WRITE_USER_KNOB_DEFS, WRITE_ALL, WRITE_NON_DEFAULT_ONLY = 1, 2, 4, 8, 16

_DEFAULTS = {
    "label": "",
    "note_font": "",
    "tile_color": "0",
    "selected": "false",
    "onCreate": "",
    "knobChanged": "",
    "autolabel": "",
    "disable": "false",
    "name": "",
    "xpos": "0",
    "ypos": "0",
}
_INVISIBLE = ("name", "xpos", "ypos", "selected")
"""Written with WRITE_ALL only."""
OWN_OF_A_CLONE = ("xpos", "ypos", "selected")


class Node(Watched):
    def __init__(self, class_name: str, group: Any, knobs: list[Knob]) -> None:
        self._class = class_name
        self._group = group
        self._knobs: list[Knob] = []
        self._inputs: list[Node | None] = []
        self._family: list[Node] = []
        self._odd_writing: Exception | None = None
        for knob in knobs:
            self._put(knob)
        for name, text in _DEFAULTS.items():
            if self._knob(name) is None:
                self._put(default_knob(name, text))

    def _put(self, knob: Knob) -> None:
        knob._node = knob._node or self
        same = [i for i, other in enumerate(self._knobs) if other._name == knob._name and knob._name]
        if same:
            self._knobs[same[0]] = knob
        else:
            self._knobs.append(knob)

    def _knob(self, name: str) -> Knob | None:
        return next((knob for knob in self._knobs if knob._name == name), None)

    def _says(self, name: str) -> str:
        knob = self._knob(name)
        return "" if knob is None else knob._text()

    @property
    def _place(self) -> str:
        """With a dot behind; empty outside of all groups."""
        return "" if self._group is None or isinstance(self._group, Root) else f"{self._group._full()}."

    def _full(self) -> str:
        return f"{self._place}{self._says('name')}"

    def Class(self) -> str:
        return self._class

    def name(self) -> str:
        return self._says("name")

    def fullName(self) -> str:
        return self._full()

    def setName(self, name: str, uncollide: bool = True, updateExpressions: bool = False) -> None:
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise ValueError(f"{name} is not a valid name")
        if updateExpressions:
            misuse("nuke: setName(updateExpressions=True) is not in this fake")
        knob = self._knob("name")
        assert knob is not None
        knob._store(unique(name, self._group, self) if uncollide else name)

    def knob(self, p: str | int, follow_link: bool = True) -> Knob | None:
        return self._knobs[p] if isinstance(p, int) else self._knob(p)

    def knobs(self) -> dict[str, Knob]:
        return {knob._name: knob for knob in self._knobs if knob._name}

    def allKnobs(self) -> list[Knob]:
        return list(self._knobs)

    def numKnobs(self) -> int:
        return len(self._knobs)

    def addKnob(self, knob: Knob) -> None:
        self._put(knob)

    def removeKnob(self, knob: Knob) -> None:
        if knob not in self._knobs:
            raise ValueError("knob is not on this node")
        self._knobs.remove(knob)

    def __getitem__(self, name: str) -> Knob:
        if (knob := self._knob(name)) is None:
            raise NameError(f"knob {name} does not exist")
        return knob

    def writeKnobs(self, flags: int = TO_SCRIPT | TO_VALUE) -> str:
        if flags & TO_VALUE:
            misuse("nuke: writeKnobs(TO_VALUE) evaluates every knob")
        if self._odd_writing:
            raise self._odd_writing
        return "".join(f"\n{line}" for line in self._lines(flags))

    def _lines(self, flags: int) -> Iterator[str]:
        for knob in self._knobs:
            if knob._definition and flags & WRITE_USER_KNOB_DEFS:
                yield f"addUserKnob {knob._definition}"
            stated = knob._raw is not None or not flags & WRITE_NON_DEFAULT_ONLY
            if stated and knob._name and (knob._name not in _INVISIBLE or flags & WRITE_ALL):
                raw = quoted(knob._default) if knob._raw is None else knob._raw
                yield f"{quoted(knob._name)} {raw}" if flags & TO_SCRIPT else quoted(knob._name)

    def inputs(self) -> int:
        return len(self._inputs)

    def input(self, index: int) -> Node | None:
        return self._inputs[index] if 0 <= index < len(self._inputs) else None

    def setInput(self, i: int, node: Node | None) -> bool:
        if node is not None and (node is self or node._group is not self._group or self in node._above()):
            return False
        before = list(self._inputs)
        after = [*before, *[None] * (i + 1 - len(before))]
        after[i] = node

        def do() -> None:
            self._wire(after)

        def undo() -> None:
            self._wire(before)

        change(do, undo)
        return True

    def _wire(self, inputs: list[Node | None]) -> None:
        """`inputs()` is the highest connected one plus one."""
        self._inputs = list(inputs)
        while self._inputs and self._inputs[-1] is None:
            self._inputs.pop()

    def _above(self) -> set[Node]:
        seen, waiting = set[Node](), [self]
        while waiting:
            for source in waiting.pop()._inputs:
                if source is not None and source not in seen:
                    seen.add(source)
                    waiting.append(source)
        return seen

    def clones(self) -> int:
        return max(0, len(self._family) - 1)

    def baseNode(self) -> Node | None:
        return self._family[0] if self._family else None

    def isClone(self) -> bool:
        return bool(self._family)

    def parent(self) -> Any:
        return self._group

    def xpos(self) -> int:
        return round(float(self._says("xpos") or 0))

    def ypos(self) -> int:
        return round(float(self._says("ypos") or 0))

    def screenWidth(self) -> int:
        return 80 if script.gui else 0

    def screenHeight(self) -> int:
        return 18 if script.gui else 0

    def setXYpos(self, x: int, y: int) -> None:
        for name, value in (("xpos", x), ("ypos", y)):
            self._own(name)._store(str(value))

    def isSelected(self) -> bool:
        return self._selected()

    def _selected(self) -> bool:
        return self._says("selected") == "true"

    def setSelected(self, selected: bool) -> None:
        self._own("selected")._store("true" if selected else None)

    def selectOnly(self) -> None:
        for node in self._group._nodes:
            node._own("selected")._store("true" if node is self else None)

    def _own(self, name: str) -> Knob:
        knob = self._knob(name)
        assert knob is not None
        return knob

    def __reduce_ex__(self, protocol: Any) -> Any:
        misuse("nuke: a node was copied or pickled")


class Group(Node):
    def __init__(self, class_name: str, group: Any, knobs: list[Knob]) -> None:
        super().__init__(class_name, group, knobs)
        self._nodes: list[Node] = []

    def nodes(self) -> list[Node]:
        """The newest first, which nobody promises."""
        return self._nodes[::-1]

    def numNodes(self) -> int:
        return len(self._nodes)

    def node(self, s: str) -> Node | None:
        return find(self, s)

    def selectedNodes(self) -> list[Node]:
        return [node for node in self._nodes if node._selected()]

    def selectedNode(self) -> Node | None:
        return next((node for node in self._nodes if node._selected()), None)

    def begin(self) -> Group:
        script.context.append(self)
        return self

    def end(self) -> None:
        if script.context and script.context[-1] is self:
            script.context.pop()

    def __enter__(self) -> Group:
        script.context.append(self)
        return self

    def __exit__(self, *_problem: Any) -> None:
        if script.context and script.context[-1] is self:
            script.context.pop()


class Gizmo(Group):
    def filename(self) -> str:
        return f"{self._class}.gizmo"


class Precomp(Group):
    pass


class LiveGroup(Precomp):
    _published = True

    def published(self) -> bool:
        return self._published


class Viewer(Node):
    pass


class BackdropNode(Node):
    pass


class Root(Group):
    _modified = False

    def __init__(self) -> None:
        super().__init__("Root", None, [])
        for name, text in _PROJECT.items():
            self._put(default_knob(name, text))

    def _full(self) -> str:
        return "root"

    def name(self) -> str:
        return self._says("name") or "Root"

    def fullName(self) -> str:
        return "root"

    def modified(self) -> bool:
        return self._modified

    def setModified(self, modified: bool) -> None:
        self._modified = modified


_PROJECT = {
    "format": "2048 1556 0 0 2048 1556 1 2K_Super_35(full-ap)",
    "fps": "24",
    "first_frame": "1",
    "last_frame": "100",
    "colorManagement": "Nuke",
}

_TYPES: dict[str, type[Node]] = {
    "Group": Group,
    "Gizmo": Gizmo,
    "LiveGroup": LiveGroup,
    "Precomp": Precomp,
    "Viewer": Viewer,
    "BackdropNode": BackdropNode,
}


class Script:
    """The one script of the fake. `gizmos`: class name to the text inside, for classes whose inside is in no script:
    installed gizmos, Precomps, published LiveGroups.
    """

    def __init__(self) -> None:
        self.gui = True
        self.root = Root()
        self.context: list[Group] = []
        self.gizmos: dict[str, str] = {}

    @property
    def current(self) -> Group:
        return self.context[-1] if self.context else self.root


script = Script()


def make(class_name: str, group: Group, knobs: list[Knob], *, opens: bool = False) -> Node:
    """A node at the end of its group, without links."""
    kind = _TYPES.get(class_name, Gizmo if class_name in script.gizmos else Group if opens else Node)
    node = kind(class_name, group, knobs)
    if isinstance(node, LiveGroup):
        node._published = not opens
    group._nodes.append(node)
    return node


def unique(name: str, group: Group, node: Node | None = None) -> str:
    """As Nuke makes a name its own: the number behind it counts up."""
    taken = {other._says("name") for other in group._nodes if other is not node}
    stem, number = re.fullmatch(r"(.*?)(\d*)", name).groups()  # type: ignore[union-attr]
    count = int(number or 1)
    while name in taken:
        count += 1
        name = f"{stem}{count}"
    return name


def find(group: Group, path: str) -> Node | None:
    found: Node | None = group
    for name in path.split("."):
        inside = found._nodes if isinstance(found, Group) else []
        found = next((node for node in inside if node._says("name") == name), None)
    return found


def delete(node: Node) -> None:
    """Users of the node take its input 0; undo brings it back as it was."""
    group, at = node._group, node._group._nodes.index(node)
    users = {user: list(user._inputs) for user in group._nodes if node in user._inputs}
    instead = node._inputs[0] if node._inputs else None

    def do() -> None:
        for user, inputs in users.items():
            user._wire([instead if source is node else source for source in inputs])
        group._nodes.remove(node)
        node._attached = False

    def undo() -> None:
        group._nodes.insert(at, node)
        node._attached = True
        for user, inputs in users.items():
            user._wire(inputs)

    change(do, undo)


def own_knobs(knobs: list[Knob], stated: list[Knob]) -> list[Knob]:
    """Those of a clone: the shared ones, and its own position, selection and whatever its block states."""
    mine = {knob._name: knob for knob in stated}
    kept = [mine.pop(k._name, k) for k in knobs if k._name not in OWN_OF_A_CLONE or k._name in mine]
    return [*kept, *mine.values()]
