"""A Markdown text that is still being written, as blocks: finished ones once, the open one again at each change.

Owns the cutting of the stream into lines, and how a half-written line is shown. The rules of blocks are in
`markdown_lines`, the inside of paragraphs in `markdown_inline`.
"""

from __future__ import annotations

import re

from .clean_text import TextCleaner
from .markdown_blocks import Block, Code, Paragraph, Place, Table, Update
from .markdown_cells import split_cells
from .markdown_lines import LONG, LineMachine
from .markdown_open import OpenCode, OpenTable, OpenText

MOST_BLOCKS = 4000
MOST_ROWS = 20_000
"""More than these, and the rest of the answer is one block of plain text: nobody reads it, and it must not freeze."""

_ONLY_MARKUP = re.compile(r"[ \t]*(?:[-+*=_~`#>|: \t]+|(?P<number>\d{1,9}[.)]?))[ \t]*$")
_SENTENCE_END = re.compile(r"[.!?:][ \t]+|[\u3002\uff01\uff1f]")


class BlockStream:
    """`feed` pieces of a text, then `end`. Any way of cutting it gives the same blocks, at a cost linear in it."""

    def __init__(self) -> None:
        self._cleaner = TextCleaner()
        self._machine = LineMachine()
        self._line = ""
        self._in_line = False
        self._settled = 0
        self._rest: list[str] | None = None

    def feed(self, piece: str) -> Update:
        self._take(self._cleaner.feed(piece))
        return self._update(self._open_blocks())

    def end(self) -> Update:
        self._take(self._cleaner.end())
        if self._line:
            self._read(self._line, "")
            self._line = ""
        self._machine.finish()
        rest = self._rest
        return self._update((_plain(rest),) if rest else (), final=True)

    def _take(self, text: str) -> None:
        at = 0
        while (end := text.find("\n", at)) >= 0:
            self._line += text[at:end]
            self._cut_line()
            self._read(self._line, "\n")
            self._line, at = "", end + 1
        self._line += text[at:]
        self._cut_line()

    def _cut_line(self) -> None:
        while len(self._line) > LONG:
            at = _cut(self._line)
            self._read(self._line[:at], "")
            self._line = self._line[at:]

    def _read(self, text: str, end: str) -> None:
        if self._rest is not None:
            self._rest.append(text + end)
        elif self._in_line:
            self._machine.more(text, end)
        else:
            self._machine.line(text, end)
        self._in_line = not end
        if self._rest is None and end and self._too_much():
            self._machine.finish()
            self._rest = []

    def _too_much(self) -> bool:
        leaf = self._machine.leaf
        return self._settled + len(self._machine.finished) >= MOST_BLOCKS or (
            isinstance(leaf, OpenTable) and len(leaf.rows) >= MOST_ROWS
        )

    def _update(self, still_open: tuple[Block, ...], *, final: bool = False) -> Update:
        finished, self._machine.finished = self._machine.finished, []
        first, self._settled = self._settled, self._settled + len(finished)
        blocks = (*finished, *still_open)
        return Update(first, blocks, first + len(blocks) if final else self._settled)

    def _open_blocks(self) -> tuple[Block, ...]:
        """What the text ends with, as it looks if the line stays as it is."""
        if self._rest is not None:
            return (_plain(self._rest, self._line),)
        machine = self._machine
        if self._line and not self._held():
            machine = machine.fork()
            if self._in_line:
                machine.more(self._line, "")
            else:
                machine.line(self._line, "")
        elif isinstance(machine.leaf, OpenCode | OpenTable):
            machine = machine.fork()
        finished = machine.finished if machine is not self._machine else []
        blocks = (*finished, *machine.open_blocks)
        if blocks and isinstance(blocks[-1], Paragraph):
            return (*blocks[:-1], *_as_table(blocks[-1]))
        return blocks

    def _held(self) -> bool:
        """A line of nothing but markup says too little: "-" may become an item, a rule or a heading's underline."""
        found = None if self._in_line else _ONLY_MARKUP.match(self._line)
        if not found:
            return False
        return not found["number"] or isinstance(self._machine.leaf, OpenText)


def _cut(line: str) -> int:
    """Where to cut an over-long line: behind the last sentence of it, or a space, or in the middle of a word."""
    ends = [end.end() for end in _SENTENCE_END.finditer(line, LONG // 2, LONG)]
    return ends[-1] if ends else line.rfind(" ", LONG // 2, LONG) + 1 or LONG


def _plain(lines: list[str], open_line: str = "") -> Code:
    return Code(Place(), "", lines, open_line)


def _as_table(text: Paragraph) -> tuple[Block, ...]:
    """A line that begins with a bar is nearly always a table's header: shown as one before the dashes are here."""
    above, _, last = text.text.rpartition("\n")
    if not last.startswith("|"):
        return (text,)
    header = split_cells(last)
    if not any(header):
        return (Paragraph(text.place, above),) if above else ()
    place = Place(text.place.boxes, True) if above else text.place
    table = Table(place, header, ("",) * len(header), [])
    return (Paragraph(text.place, above), table) if above else (table,)
