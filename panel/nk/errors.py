"""Why a file cannot be read as a Nuke script.

UnreadableScript
├── EncryptedScript   ciphertext of a Non-commercial or Indie licence
├── NotAScript        no node in it
├── DamagedScript     begins like a script and breaks at a line
└── TooLarge          more than this reader takes
"""

from __future__ import annotations


class UnreadableScript(Exception):
    """`text` is one plain sentence for the user; `line` counts from 1, None where no line is to blame."""

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text if line is None else f"Line {line}: {text}")
        self.text = text
        self.line = line


class EncryptedScript(UnreadableScript):
    pass


class NotAScript(UnreadableScript):
    pass


class TooLarge(UnreadableScript):
    pass


class DamagedScript(UnreadableScript):
    line: int

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text, line)
