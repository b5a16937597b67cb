"""Markdown's block structure, line by line: the first phase of CommonMark's own algorithm, with GFM tables.

A line is read once and never again, so the cost is linear in the text whatever its shape. Tests hold the result
against markdown-it's. Given up, because they need the whole text: reference links and footnotes; and HTML blocks,
which are text like any other.
"""

from __future__ import annotations

import re
from copy import copy
from dataclasses import replace

from .markdown_blocks import Block, Box, Divider, Heading, Paragraph, Place
from .markdown_cells import align_of, row_of, split_cells
from .markdown_cursor import Cursor
from .markdown_open import OpenBox, OpenCode, OpenLeaf, OpenTable, OpenText, forked

LONG = 2000
"""Characters after which a paragraph is closed, so that an endless one is not laid out again for each word."""
BULLET = "\u2022"
DEEPEST = 12
"""Boxes in boxes; what would open more is text."""

_HEADING = re.compile(r"(#{1,6})(?=[ \t]|$)")
_FENCE = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$")
_DIVIDER = re.compile(r"([-_*])(?:[ \t]*\1){2,}[ \t]*$")
_UNDERLINE = re.compile(r"(=+|-+)[ \t]*$")
_ITEM = re.compile(r"([-+*])(?=[ \t]|$)|(\d{1,9})([.)])(?=[ \t]|$)")
_DELIMITER = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")


class LineMachine:
    """Takes lines, gives finished blocks. `fork()` is for looking at what a line that has not ended would give."""

    def __init__(self) -> None:
        self.finished: list[Block] = []
        self._boxes = [OpenBox()]
        self._leaf: OpenLeaf | None = None
        self._after_blank = True

    @property
    def leaf(self) -> OpenLeaf | None:
        return self._leaf

    @property
    def open_blocks(self) -> tuple[Block, ...]:
        return (self._leaf.block(),) if self._leaf else ()

    def fork(self) -> LineMachine:
        other = LineMachine()
        other._boxes = [copy(box) for box in self._boxes]
        other._after_blank = self._after_blank
        other._leaf = forked(self._leaf) if self._leaf else None
        return other

    def finish(self) -> None:
        self._replace_leaf(1)

    def line(self, text: str, end: str = "\n") -> None:
        """One line. `end` is empty if it goes on: then `more` brings the rest."""
        cursor = Cursor(text)
        depth = self._still_open(cursor)
        whole = depth == len(self._boxes)
        if whole and isinstance(self._leaf, OpenCode) and self._goes_on_in_code(self._leaf, cursor, end):
            return
        if cursor.blank:
            self._replace_leaf(depth)
            self._after_blank = True
            return
        left = self._start_blocks(cursor, depth, end)
        if left is None:
            return
        if isinstance(self._leaf, OpenText):
            # Also below boxes that this line is not in: CommonMark's lazy continuation.
            self._add_text(cursor)
        elif isinstance(self._leaf, OpenTable) and whole:
            self._leaf.rows.append(row_of(cursor.rest, len(self._leaf.header)))
        else:
            self._replace_leaf(left)
            self._leaf = OpenText(self._place())
            self._add_text(cursor)

    def more(self, text: str, end: str = "\n") -> None:
        """The next piece of an over-long line. Outside of code it goes on as a paragraph of its own."""
        if isinstance(self._leaf, OpenCode):
            self._leaf.lines.append(text + end)
            return
        self._close_leaf()
        if text.strip():
            self._leaf = OpenText(replace(self._place(), joined=True))
            self._add_text(Cursor(text))

    # A line goes through the open boxes, opens new ones, and ends in a leaf.

    def _still_open(self, cursor: Cursor) -> int:
        """Consume what continues the open boxes; how many of them it continues."""
        for depth, box in enumerate(self._boxes):
            if box.kind == "quote":
                if cursor.indent > 3 or not cursor.rest.startswith(">"):
                    return depth
                _enter_quote(cursor)
            elif box.kind == "item":
                if box.empty if cursor.blank else cursor.indent < box.offset:
                    return depth
                cursor.skip_space(box.offset)
        return len(self._boxes)

    def _goes_on_in_code(self, code: OpenCode, cursor: Cursor, end: str) -> bool:
        if code.fence:
            rest = cursor.rest.rstrip(" \t")
            if cursor.indent < 4 and len(rest) >= len(code.fence) and not rest.strip(code.fence[0]):
                self._close_leaf()
            else:
                cursor.skip_space(code.indent)
                code.lines.append(cursor.text + end)
            return True
        if cursor.blank:
            cursor.skip_space(4)
            code.blanks.append(cursor.text + end)
            self._after_blank = True
            return True
        if cursor.indent < 4:
            return False
        cursor.skip_space(4)
        code.lines += [*code.blanks, cursor.text + end]
        code.blanks = []
        self._after_blank = False
        return True

    def _start_blocks(self, cursor: Cursor, depth: int, end: str) -> int | None:
        """Open what the line opens; how many boxes its words are in, or None if it has none."""
        while not cursor.blank:
            if depth > DEEPEST:
                return depth
            text = self._leaf if depth == len(self._boxes) and isinstance(self._leaf, OpenText) else None
            rest, indent = cursor.rest, cursor.indent
            if indent > 3:
                if isinstance(self._leaf, OpenText):
                    return depth
                self._start_indented(cursor, depth, end)
                return None
            if rest.startswith(">"):
                self._replace_leaf(depth)
                _enter_quote(cursor)
                self._open_box(OpenBox("quote"))
            elif self._starts_leaf(rest, indent, depth, text):
                return None
            elif item := self._item(rest, text):
                self._start_item(cursor, item, depth)
            else:
                return depth
            depth = len(self._boxes)
        return None

    def _starts_leaf(self, rest: str, indent: int, depth: int, text: OpenText | None) -> bool:
        if found := _HEADING.match(rest):
            self._replace_leaf(depth)
            self.finished.append(Heading(self._place(), len(found[1]), _title(rest[found.end() :])))
        elif found := _FENCE.match(rest):
            self._replace_leaf(depth)
            words = (found[2] or found[4] or "").split()
            language = words[0] if words else ""
            self._leaf = OpenCode(self._place(), found[1] or found[3], indent, language)
        elif text and self._starts_table(rest, text):
            pass
        elif text and (found := _UNDERLINE.match(rest)):
            self._leaf = None
            level = 1 if found[1][0] == "=" else 2
            self.finished.append(Heading(text.place, level, "\n".join(text.lines).rstrip()))
        elif _DIVIDER.match(rest):
            self._replace_leaf(depth)
            self.finished.append(Divider(self._place()))
        else:
            return False
        return True

    def _starts_table(self, rest: str, text: OpenText) -> bool:
        """A row of dashes below a line with bars makes that line the header."""
        header = text.lines[-1]
        if "|" not in header or text.last_indent > 3 or len(rest.rstrip()) < 2 or not _DELIMITER.match(rest):
            return False
        cells = split_cells(header)
        marks = split_cells(rest)
        if len(cells) != len(marks) or rest.startswith(("- ", "-\t")):
            return False
        text.lines.pop()
        place = text.place
        if text.lines:
            self._close_leaf()
            place = replace(self._place(), near=True)
        self._leaf = OpenTable(place, cells, tuple(align_of(mark) for mark in marks))
        return True

    def _start_indented(self, cursor: Cursor, depth: int, end: str) -> None:
        self._replace_leaf(depth)
        self._leaf = OpenCode(self._place())
        cursor.skip_space(4)
        self._leaf.lines.append(cursor.text + end)

    def _item(self, rest: str, text: OpenText | None) -> re.Match[str] | None:
        """A marker, if one can stand here: only "1." and only with words behind it may cut into a paragraph."""
        found = _ITEM.match(rest)
        if found and text and (not rest[found.end() :].strip() or found[2] not in (None, "1")):
            return None
        return found

    def _start_item(self, cursor: Cursor, found: re.Match[str], depth: int) -> None:
        self._replace_leaf(depth)
        outer, key = self._boxes[-1], found[1] or found[3]
        number = int(found[2] or 0)
        if outer.list_key == key:
            number = outer.list_next
        outer.list_key, outer.list_next = key, number + 1
        indent, width = cursor.indent, len(found.group())
        cursor.skip_space(indent)
        cursor.skip(width)
        space = 1 if cursor.blank or cursor.indent > 4 else cursor.indent
        cursor.skip_space(space)
        marker = BULLET if found[1] else f"{number}{key}"
        self._open_box(OpenBox("item", indent + width + space, marker, numbered=not found[1]))

    def _add_text(self, cursor: Cursor) -> None:
        text = self._leaf
        if not isinstance(text, OpenText):
            return
        words = cursor.rest
        if text.lines and text.size + len(words) > LONG:
            place = replace(text.place, boxes=_unmarked(text.place.boxes), joined=True, near=True)
            self.finished.append(text.block())
            text = self._leaf = OpenText(place)
        text.lines.append(words)
        text.size += len(words) + 1
        text.last_indent = cursor.indent

    # Opening and closing.

    def _open_box(self, box: OpenBox) -> None:
        outer = self._boxes[-1]
        outer.empty = False
        if box.kind == "quote":
            outer.list_key = ""
        self._boxes.append(box)

    def _place(self) -> Place:
        """Where a new leaf stands; it takes the markers of the items that it is the first of."""
        boxes: list[Box] = []
        for box in self._boxes[1:]:
            boxes.append(Box("quote" if box.kind == "quote" else "item", box.marker, box.numbered))
            box.marker = ""
        for box in self._boxes:
            box.empty = False
        self._boxes[-1].list_key = ""
        near, self._after_blank = not self._after_blank, False
        return Place(tuple(boxes), near)

    def _replace_leaf(self, depth: int) -> None:
        """Close what is open, down to `depth` boxes."""
        self._close_leaf()
        self._close_boxes(depth)

    def _close_boxes(self, depth: int) -> None:
        while len(self._boxes) > depth:
            if self._boxes[-1].marker:
                # An item without anything in it still has its bullet.
                self.finished.append(Paragraph(self._place(), ""))
            self._boxes.pop()

    def _close_leaf(self) -> None:
        if self._leaf:
            self.finished.append(self._leaf.block())
            self._leaf = None


def _title(text: str) -> str:
    """The text of a heading, without the hashes that may close it."""
    text = text.strip(" \t")
    open_part = text.rstrip("#")
    return open_part.rstrip(" \t") if not open_part or open_part[-1] in " \t" else text


def _enter_quote(cursor: Cursor) -> None:
    cursor.skip_space(cursor.indent)
    cursor.skip(1)
    cursor.skip_space(1)


def _unmarked(boxes: tuple[Box, ...]) -> tuple[Box, ...]:
    return tuple(replace(box, marker="") for box in boxes)
