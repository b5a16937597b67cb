"""Files that the program reads: prompts, what the common node classes do, icons."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def path(name: str) -> Path:
    """The file of a resource such as `prompts/system.md`."""
    return _FOLDER / name
