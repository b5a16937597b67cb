"""What is imported only when the first answer needs it, and would be felt then (0.1 s): to be done beforehand."""

from __future__ import annotations

from .highlight import Highlighter
from .markdown_inline import spans


def import_late() -> None:
    """Blocking, touches no widget: for a thread, after the first paint."""
    spans("**warm** `up`")
    for language in ("python", "tcl"):
        Highlighter(language).line("set a 1\n")
