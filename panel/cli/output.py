"""What is written to the terminal: harmless, whole, and with a plain word when it cannot be.

Light on purpose: `--version` and `--help` import nothing else of the panel.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import unicodedata


class OutputLost(Exception):
    """Standard output takes no more. The text says why, for people; it is empty when its reader has left (`| head`)."""


def make_output_safe() -> None:
    """A character that the terminal cannot show, or an output that is closed, must not end an answer."""
    for name in ("stdout", "stderr"):
        stream: object = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", closefd=False))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def printable(text: str) -> str:
    """Text of a model or a script without what steers a terminal: escape sequences and direction overrides."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") or c == "\u200d")


def say(text: str, end: str = "\n") -> None:
    """To standard output, at once. Raises OutputLost."""
    try:
        sys.stdout.write(printable(text) + end)
        sys.stdout.flush()
    except BrokenPipeError:
        raise OutputLost from None
    except OSError as error:
        raise OutputLost(error.strerror or "it is closed") from None


def tell(text: str, end: str = "\n") -> None:
    """To standard error, whether or not anybody can read it."""
    with contextlib.suppress(OSError):
        print(printable(text), end=end, file=sys.stderr, flush=True)
