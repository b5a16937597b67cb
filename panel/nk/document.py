"""A Nuke script as bytes with spans: commands, node blocks, knobs.

Owns where things stand in the file. It keeps every byte (`Document.data`), so that whoever changes a script replaces
spans and nothing else moves. It knows no links and no groups (`graph`), and runs nothing of what it reads.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from .errors import DamagedScript, EncryptedScript, NotAScript, TooLarge
from .words import Unbalanced, Word, elements, raw, read_command, unquoted

MAX_BYTES = 256 * 2**20
MAX_COMMANDS = 1_000_000
MAX_KNOBS = 3_000_000
"""In one script. Nuke writes some 50 bytes a knob; a file of tiny ones would fill the memory."""

Kind = Literal["node", "clone", "set", "push", "end_group", "header", "unknown"]

_HEADERS = frozenset({"version", "add_layer", "define_window_layout", "define_window_layout_xml"})

# TCL's own commands that take one braced word and so have the shape of a node: never one.
_TCL = frozenset(
    "after apply array catch close concat error eval exec exit expr file foreach global glob if info interp join "
    "knob knobs lassign lindex list llength load message namespace open package proc puts python pythonx read rename "
    "return source subst switch tcl time trace unknown unset uplevel update upvar variable vwait while".split()
)
_CLASS = re.compile(r"[^\s$\[\]{}\"\\;#]+")
_ENCRYPTED = re.compile(rb"Nuke [^\n]{0,40}encrypted text")
_BOM = b"\xef\xbb\xbf"


class Knob(NamedTuple):
    """One pair of a node's body: the spans of its name and of its value, quotes and braces included."""

    name: str
    name_span: Word
    value_span: Word


class Flaw(NamedTuple):
    """Something odd that does not stop the reading."""

    line: int
    text: str


@dataclass(frozen=True)
class Body:
    """The knobs of a node block in file order. `flaw` says why the list ends before the block does."""

    knobs: tuple[Knob, ...]
    flaw: Flaw | None = None

    def find(self, name: str) -> Knob | None:
        """Of several with one name the last, as Nuke reads them."""
        return next((knob for knob in reversed(self.knobs) if knob.name == name), None)


class Command(NamedTuple):
    """One command: what it is, its words as spans, and the line where it begins (from 1)."""

    kind: Kind
    words: tuple[Word, ...]
    line: int

    @property
    def start(self) -> int:
        return self.words[0].start

    @property
    def end(self) -> int:
        return self.words[-1].end

    @property
    def body(self) -> Word:
        """The braced block of a node or clone."""
        return self.words[-1]


@dataclass(frozen=True)
class Document:
    """A script as read. `data` is what was given, byte for byte."""

    data: bytes = field(repr=False)
    commands: tuple[Command, ...] = field(repr=False)

    def text(self, word: Word) -> str:
        """What a word says, without quotes or braces."""
        return unquoted(self.data, word)

    def raw(self, word: Word) -> str:
        """A word as it stands in the file."""
        return raw(self.data, word)

    def word(self, command: Command, index: int) -> str:
        return self.text(command.words[index])

    def body(self, command: Command) -> Body:
        """The knobs of a node or clone block."""
        return _read_body(self, command.body)

    def line_at(self, offset: int) -> int:
        """The line, from 1, of a byte offset."""
        return bisect_right(self._line_starts, offset)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer(rb"\n", self.data))]


def parse(data: bytes) -> Document:
    """Reads a script, fragment or gizmo.

    Raises EncryptedScript, NotAScript, TooLarge, or DamagedScript with the line where the damage begins.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(f"It has {len(data) >> 20} MB; this reader takes {MAX_BYTES >> 20} MB.")
    if _ENCRYPTED.match(data):
        raise EncryptedScript("It is encrypted: a Non-commercial or Indie Nuke saved it, and only Nuke can read it.")
    if not data.strip():
        raise NotAScript("The file is empty.")
    commands: list[Command] = []
    try:
        commands.extend(_commands(data))
    except Unbalanced as problem:
        if not _began_as_a_script(data, commands, problem.at):
            raise NotAScript("There is no Nuke node in it.") from problem
        raise DamagedScript(data.count(b"\n", 0, problem.at) + 1, f"Here {problem.text}.") from problem
    if not any(command.kind in ("node", "clone") for command in commands):
        raise NotAScript("There is no Nuke node in it.")
    return Document(data, tuple(commands))


def _commands(data: bytes) -> Iterator[Command]:
    at, line, counted = len(_BOM) if data.startswith(_BOM) else 0, 1, 0
    for _ in range(MAX_COMMANDS):
        words, at = read_command(data, at)
        if not words:
            return
        line += data.count(b"\n", counted, words[0].start)
        counted = words[0].start
        yield Command(_kind(data, words), tuple(words), line)
    raise TooLarge(f"It has more than {MAX_COMMANDS} commands.")


def _kind(data: bytes, words: list[Word]) -> Kind:
    head, count = unquoted(data, words[0]), len(words)
    if words[0].style != "bare":
        return "unknown"
    if head == "clone":
        return "clone" if count in (3, 4) and words[-1].style == "braced" else "unknown"
    if head == "set":
        return "set" if count == 3 else "unknown"
    if head == "push":
        return "push" if count == 2 else "unknown"
    if head == "end_group":
        return "end_group" if count == 1 else "unknown"
    if head in _HEADERS:
        return "header"
    shaped = count == 2 and words[1].style == "braced" and head not in _TCL
    return "node" if shaped and _CLASS.fullmatch(head) else "unknown"


_OPENS_A_BLOCK = re.compile(rb"(?:^|[\s;])(?:[A-Z][\w.]*|clone[ \t]\S{1,200}|define_window_layout(?:_xml)?)[ \t]+$")


def _began_as_a_script(data: bytes, commands: list[Command], at: int) -> bool:
    """Whether a file that breaks off at `at` was a script before: damaged then, not something else."""
    if any(command.kind != "unknown" for command in commands):
        return True
    first_line = data[: data.find(b"\n")] if data.startswith(b"#!") else b""
    return b"uke" in first_line or bool(_OPENS_A_BLOCK.search(data[max(0, at - 250) : at]))


def _read_body(document: Document, body: Word) -> Body:
    data, knobs = document.data, list[Knob]()
    name: Word | None = None
    try:
        for word in elements(data, body.start + 1, body.end - 1):
            if name is None:
                name = word
            else:
                knobs.append(Knob(unquoted(data, name), name, word))
                name = None
                if len(knobs) > MAX_KNOBS:
                    raise TooLarge(f"It has more than {MAX_KNOBS} knobs.")
    except Unbalanced as problem:
        return Body(
            tuple(knobs), Flaw(document.line_at(problem.at), f"Here {problem.text}; the node's rest is unread.")
        )
    if name is not None:
        text = f"A knob name or value is missing: {document.raw(name)[:60]} stands alone."
        return Body(tuple(knobs), Flaw(document.line_at(name.start), text))
    return Body(tuple(knobs))
