"""From commands to nodes and links: the stack rules of the format.

Owns the reading order. A file has no wires: each node pops its inputs from a stack (top = input 0) and is pushed; `set`
names the top, `push` puts a named node back; a group has a stack of its own. [Foundry's documentation of the script
format; held against TCL's own count on public files]
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from .document import MAX_KNOBS, Body, Command, Document, Flaw
from .errors import DamagedScript, TooLarge
from .graph import ROOTS, UNKNOWN_CLASS, Graph, Node

MAX_DEPTH = 100
MAX_NAME = 200
MAX_PATH = 1_000
"""Characters of a group's full name: every node inside has a copy of it."""

_GROUPS = ("Group", "Gizmo")
_INPUTS = re.compile(r"(\d{1,9})(?:\+(\d{1,9}))?")
_STACK = re.compile(r"\[stack (\d{1,9})\]")


def build(document: Document) -> Graph:
    """Raises DamagedScript: a group that is not closed, an end_group too many, nesting beyond MAX_DEPTH."""
    reader = _Reader(document)
    for command in document.commands:
        reader.read(command)
    return reader.finish()


@dataclass
class _Level:
    """One group while it is read: its node (None outside of all groups), its path's length and its own stack."""

    group: Node | None
    path: int = 0
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
        self._knobs = 0

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
                word = self._document.raw(command.words[0])
                self._flaw(command, f"Unknown command, kept and not run: {_shown(word)}")
            case "header":
                pass

    def finish(self) -> Graph:
        group = self._levels[-1].group
        if group is not None:
            raise DamagedScript(group.line, f"{group.class_name} {group.name} is opened here and never closed.")
        return Graph(self._document, tuple(self._nodes), tuple(sorted(self._flaws)))

    def _add(self, command: Command, class_name: str, *, clone: bool = False, original: int | None = None) -> Node:
        body, level = self._body(command), self._levels[-1]
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
            opens_group=command.start in self._openers or (not clone and class_name in _GROUPS),
            command=command,
            body=body,
        )
        self._nodes.append(node)
        if not is_root:
            level.stack.append(node.index)
        if node.opens_group:
            self._open(node)
        return node

    def _body(self, command: Command) -> Body:
        body = self._document.body(command)
        self._knobs += len(body.knobs)
        if self._knobs > MAX_KNOBS:
            raise TooLarge(f"It has more than {MAX_KNOBS} knobs.")
        if body.flaw:
            self._flaws.append(body.flaw)
        return body

    def _open(self, node: Node) -> None:
        path = self._levels[-1].path + len(node.name)
        if len(self._levels) > MAX_DEPTH or path > MAX_PATH:
            text = f"Groups are nested more than {MAX_DEPTH} deep here, or their names are too long."
            raise DamagedScript(node.line, text)
        self._levels.append(_Level(node, path))

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
        knob = body.find("inputs")
        text = self._document.text(knob.value_span) if knob else "1"
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
        knob = body.find("name")
        name = self._document.text(knob.value_span) if knob else ""
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
            depth += class_name in _GROUPS
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
