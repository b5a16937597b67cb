"""The node graph of a script: nodes, their groups and their links, after the stack rules of the format.

Owns what the file says without saying it: who feeds whom, what lies in which group, whose clone a node is. It reads
spans through `document` and keeps none of its own.

A file has no wires. Each node pops its inputs from a stack (top = input 0) and is pushed; `set` names the top, `push`
puts a named node back; a group has a stack of its own. [Foundry: "Nuke script format"; checked on real files]
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from .document import Body, Command, Document, Flaw, Knob
from .errors import DamagedScript

ROOTS = frozenset({"Root", "LiveGroupInfo"})
"""Project settings: they take nothing from the stack and are not pushed."""

MAX_DEPTH = 100
MAX_NAME = 200
UNKNOWN_CLASS = "?"
"""The class of a clone whose original is not in the file (a cut-out piece, a template)."""

_INPUTS = re.compile(r"(\d{1,9})(?:\+(\d{1,9}))?")
_STACK = re.compile(r"\[stack (\d{1,9})\]")


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
        """The knob of its own block; of several with one name the last, as Nuke reads them."""
        return next((knob for knob in reversed(self.body.knobs) if knob.name == name), None)


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


def build(document: Document) -> Graph:
    """Raises DamagedScript: a group that is not closed, an end_group too many, nesting beyond MAX_DEPTH."""
    reader = _Reader(document)
    for command in document.commands:
        reader.read(command)
    return reader.finish()


@dataclass
class _Level:
    """One group while it is read: its node (None outside of all groups) and its own stack."""

    group: Node | None
    stack: list[int | None] = field(default_factory=list[int | None])


class _Reader:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._openers = frozenset(_live_groups_with_contents(document))
        self._levels = [_Level(None)]
        self._nodes: list[Node] = []
        self._flaws: list[Flaw] = []
        self._variables: dict[str, int | None] = {}
        self._names: Counter[tuple[int | None, str]] = Counter()

    def read(self, command: Command) -> None:
        match command.kind:
            case "node":
                self._add(command, self._document.word(command, 0))
            case "clone":
                self._clone(command)
            case "set":
                self._set(command)
            case "push":
                self._push(command)
            case "end_group":
                self._end_group(command)
            case "unknown":
                self._flaw(
                    command, f"Unknown command, kept and not run: {_shown(self._document.raw(command.words[0]))}"
                )
            case "header":
                pass

    def finish(self) -> Graph:
        open_group = self._levels[-1].group
        if open_group is not None:
            raise DamagedScript(
                open_group.line, f"{open_group.class_name} {open_group.name} is opened here and never closed."
            )
        return Graph(self._document, tuple(self._nodes), tuple(sorted(self._flaws)))

    def _add(self, command: Command, class_name: str, *, clone: bool = False, original: int | None = None) -> Node:
        body = self._document.body(command)
        if body.flaw:
            self._flaws.append(body.flaw)
        level = self._levels[-1]
        is_root = class_name in ROOTS
        node = Node(
            index=len(self._nodes),
            name=self._unique_name(command, body, class_name, original),
            class_name=class_name,
            group=level.group.index if level.group else None,
            depth=len(self._levels) - 1,
            inputs=() if is_root else tuple(self._pop(command, body)),
            is_clone=clone,
            original=original,
            opens_group=command.start in self._openers or (not clone and class_name in ("Group", "Gizmo")),
            command=command,
            body=body,
        )
        self._nodes.append(node)
        if not is_root:
            level.stack.append(node.index)
        if node.opens_group:
            self._open(node)
        return node

    def _open(self, node: Node) -> None:
        if len(self._levels) > MAX_DEPTH:
            raise DamagedScript(node.line, f"Groups are nested more than {MAX_DEPTH} deep here.")
        self._levels.append(_Level(node))

    def _end_group(self, command: Command) -> None:
        if len(self._levels) == 1:
            raise DamagedScript(command.line, "This end_group closes no group.")
        self._levels.pop()

    def _clone(self, command: Command) -> None:
        """`clone $NAME {...}` is another instance; `clone ID|CLASS|N CLASS {...}` the first one, with all knobs."""
        source = self._document.word(command, 1)
        if len(command.words) == 4:
            node = self._add(command, self._document.word(command, 2), clone=True)
            self._variables[source] = node.index
            return
        original = self._variables.get(source.removeprefix("$"))
        if original is None:
            self._flaw(command, f"The original of this clone is not in the file: {_shown(source)}")
            self._add(command, UNKNOWN_CLASS, clone=True)
            return
        first = self._nodes[original]
        base = first if first.original is None else self._nodes[first.original]
        self._add(command, base.class_name, clone=True, original=base.index)

    def _pop(self, command: Command, body: Body) -> Iterator[int | None]:
        """Input 0 first. An empty stack is the paste target of a fragment: not connected inside this file."""
        text = next((self._document.text(k.value_span) for k in reversed(body.knobs) if k.name == "inputs"), "1")
        found = _INPUTS.fullmatch(text)
        if found is None:
            self._flaw(command, f"inputs is not a number: {_shown(text)}")
        count = int(found[1]) + int(found[2] or 0) if found else 1
        stack = self._levels[-1].stack
        while count and stack:
            yield stack.pop()
            count -= 1

    def _set(self, command: Command) -> None:
        found = _STACK.fullmatch(self._document.word(command, 2))
        if found is None:
            self._flaw(command, f"Only [stack N] can be named: {_shown(self._document.raw(command.words[2]))}")
            return
        stack, back = self._levels[-1].stack, int(found[1])
        self._variables[self._document.word(command, 1)] = stack[-1 - back] if back < len(stack) else None

    def _push(self, command: Command) -> None:
        source = self._document.word(command, 1)
        name = source.removeprefix("$")
        if source != "0" and name not in self._variables and name != "cut_paste_input":
            self._flaw(command, f"Nothing before this line is named {_shown(source)}")
        self._levels[-1].stack.append(None if source == "0" else self._variables.get(name))

    def _unique_name(self, command: Command, body: Body, class_name: str, original: int | None) -> str:
        """Its own name, or for a clone its original's, or for want of one its class."""
        name = next((self._document.text(k.value_span) for k in reversed(body.knobs) if k.name == "name"), "")
        if class_name in ROOTS or not name:
            name = class_name if original is None else self._nodes[original].name.split("#")[0]
        name = ("clone" if name == UNKNOWN_CLASS else name)[:MAX_NAME].replace(".", "_")
        group = self._levels[-1].group
        place = (group.index if group else None, name)
        self._names[place] += 1
        return name if self._names[place] == 1 else f"{name}#{self._names[place]}"

    def _flaw(self, command: Command, text: str) -> None:
        self._flaws.append(Flaw(command.line, text))


def _live_groups_with_contents(document: Document) -> Iterator[int]:
    """Offsets of the LiveGroups whose contents are in the file: those that a left-over end_group must belong to."""
    depth, waiting = 0, list[int]()
    for command in document.commands:
        if command.kind == "node":
            class_name = document.word(command, 0)
            depth += class_name in ("Group", "Gizmo")
            if class_name == "LiveGroup":
                waiting.append(command.start)
        elif command.kind == "end_group":
            if depth:
                depth -= 1
            elif waiting:
                yield waiting.pop()


def _shown(text: str) -> str:
    """Foreign text within a sentence: one line, bounded."""
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else flat[:57] + "..."
