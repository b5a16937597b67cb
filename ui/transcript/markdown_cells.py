"""One line of a Markdown table: its cells, and what the dashes below the header say."""

from __future__ import annotations

import re

from .markdown_blocks import Align

_CELL_END = re.compile(r"(?<!\\)\|")


def split_cells(row: str) -> tuple[str, ...]:
    """Split at bars that are not escaped, as GFM does: also inside of code."""
    row = row.strip()
    row = row.removeprefix("|")
    if row.endswith("|") and not row.endswith("\\|"):
        row = row[:-1]
    return tuple(cell.strip().replace("\\|", "|") for cell in _CELL_END.split(row))


def row_of(text: str, count: int) -> tuple[str, ...]:
    cells = split_cells(text)[:count]
    return cells + ("",) * (count - len(cells))


def align_of(mark: str) -> Align:
    if mark.startswith(":"):
        return "centre" if mark.endswith(":") and len(mark) > 1 else "left"
    return "right" if mark.endswith(":") else ""
