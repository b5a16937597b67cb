"""How far from the border of a pane things begin, so that header, text and composer share one left edge."""

from __future__ import annotations

NARROW, WIDE = 360, 560
"""Widths of a pane in px: below the first it takes its narrow form, from the second on it is a window's."""
GUTTERS = (8, 12, 16)
"""Below `NARROW`, in a pane, from `WIDE` on."""
MEASURE = 720
"""Widest text, in px."""


def gutter(width: int) -> int:
    return GUTTERS[(width >= NARROW) + (width >= WIDE)]


def text_width(width: int) -> int:
    """How wide text, and what it is written in, may be in a pane of this width."""
    return max(1, min(MEASURE, width - 2 * gutter(width)))


def text_left(width: int) -> int:
    """Where it begins: a pane that is wider than the text has it in its middle."""
    return (width - text_width(width)) // 2
