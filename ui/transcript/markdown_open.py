"""The boxes and the leaf of a Markdown text that are still open while its lines come in.

A fork, made to look at a line that has not ended, shares the lines and rows of the original as `before` and never
touches them: copying them would cost the whole block for each word.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .markdown_blocks import Align, Block, Code, Paragraph, Place, Table


@dataclass
class OpenBox:
    """A container that is open. `offset`: columns that a line must be indented to belong to an item."""

    kind: str = "root"
    offset: int = 0
    marker: str = ""
    numbered: bool = False
    empty: bool = True
    list_key: str = ""
    """Of the list that is open directly inside: its bullet or delimiter."""
    list_next: int = 0


@dataclass
class OpenText:
    place: Place
    lines: list[str] = field(default_factory=list[str])
    size: int = 0
    last_indent: int = 0

    def block(self) -> Block:
        return Paragraph(self.place, "\n".join(self.lines).rstrip())


@dataclass
class OpenCode:
    place: Place
    fence: str = ""
    indent: int = 0
    language: str = ""
    lines: list[str] = field(default_factory=list[str])
    blanks: list[str] = field(default_factory=list[str])
    before: list[str] | None = None

    def block(self) -> Block:
        if self.before is not None:
            return Code(self.place, self.language, self.before, "".join(self.lines).removesuffix("\n"))
        return Code(self.place, self.language, self.lines)


@dataclass
class OpenTable:
    place: Place
    header: tuple[str, ...]
    aligns: tuple[Align, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    before: list[tuple[str, ...]] | None = None

    def block(self) -> Block:
        if self.before is not None:
            return Table(self.place, self.header, self.aligns, self.before, self.rows[-1] if self.rows else None)
        return Table(self.place, self.header, self.aligns, self.rows)


OpenLeaf = OpenText | OpenCode | OpenTable


def forked(leaf: OpenLeaf) -> OpenLeaf:
    if isinstance(leaf, OpenText):
        return replace(leaf, lines=list(leaf.lines))
    if isinstance(leaf, OpenCode):
        return replace(leaf, lines=[], blanks=list(leaf.blanks), before=leaf.lines)
    return replace(leaf, rows=[], before=leaf.rows)
