"""What a Markdown text is made of, as values: a flat row of blocks, each of which knows the boxes it stands in.

Flat, because each block becomes one widget that is laid out once; a nested list is a row of paragraphs with
different `boxes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Align = Literal["left", "right", "centre", ""]


@dataclass(frozen=True, slots=True)
class Box:
    """A quote or a list item around a block, outermost first. `marker`: on the first block of its item only."""

    kind: Literal["quote", "item"]
    marker: str = ""
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block stands. `near`: no blank line above it. `joined`: goes on with the paragraph above it."""

    boxes: tuple[Box, ...] = ()
    near: bool = False
    joined: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    place: Place
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`text` is Markdown source, see `markdown_inline.spans`."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """Lines with their line ends; a line without one goes on in the next (an over-long line comes in pieces).

    `lines` is shared and only ever grows while the block is open; `open_line` has not ended yet.
    """

    place: Place
    language: str
    lines: Sequence[str]
    open_line: str = ""

    @property
    def text(self) -> str:
        return ("".join(self.lines) + self.open_line).removesuffix("\n")


@dataclass(frozen=True, slots=True)
class Table:
    """Cells are Markdown source. `rows` is shared and only ever grows while the block is open."""

    place: Place
    header: tuple[str, ...]
    aligns: tuple[Align, ...]
    rows: Sequence[tuple[str, ...]]
    open_row: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Divider:
    place: Place


Block = Heading | Paragraph | Code | Table | Divider


@dataclass(frozen=True, slots=True)
class Update:
    """From block number `first` on, the document now reads `blocks`; those before block number `settled` are final."""

    first: int
    blocks: tuple[Block, ...]
    settled: int
