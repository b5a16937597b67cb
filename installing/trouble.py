"""What goes wrong, as sentences for the person at the terminal."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence


class Trouble(Exception):
    """Why the work cannot be done, as a sentence for the person who asked for it."""


def why(error: Exception) -> str:
    """As a sentence; of what the system refused, in words."""
    if not isinstance(error, OSError):
        return str(error)
    denied = "Not allowed, or open in another program" if os.name == "nt" else "Not allowed"
    words = {
        errno.ENOSPC: "The disk is full",
        errno.EDQUOT: "Your share of this disk is full",
        errno.EACCES: denied,
        errno.EPERM: denied,
        errno.EROFS: "This disk can only be read",
        errno.ENAMETOOLONG: "The path is too long for this system",
    }.get(error.errno or 0, error.strerror or str(error))
    return f"{words}: {error.filename}" if error.filename else words


def some(names: Sequence[str]) -> str:
    """The first three, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(sorted(names)[:3]) + more


def dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))
