"""How tool calls are named in a request: by ids and names that the service takes, whichever service they are from.

A chat may have begun with another model, whose ids have other characters, are longer, or repeat with every answer; one
such id, and every further question is refused. The same history always gets the same names: services remember what
they have read.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_STRANGE = re.compile(r"[^a-zA-Z0-9_-]")
_PLAIN = re.compile(r"[a-zA-Z0-9]*")


@dataclass(frozen=True, slots=True)
class IdRule:
    """What a service takes: letters, digits, _ and -, as many as `longest`; `exact`: just as many, and no signs."""

    longest: int | None = None
    exact: bool = False

    def id_for(self, identity: str, number: int) -> str:
        """What stands for this id. Each number, from 1 on, gives another one."""
        if self.exact:
            if number == 1 and len(identity) == self.longest and _PLAIN.fullmatch(identity):
                return identity
            return hashlib.sha256(f"{identity}\n{number}".encode("utf-8", "replace")).hexdigest()[: self.longest]
        ending = f"_{number}" if number > 1 else ""
        room = self.longest and self.longest - len(ending)
        return (_STRANGE.sub("_", identity) or "call")[:room] + ending


class CallIds:
    """The ids of one request, each used once. `given` names a call, `of` finds the newest that was called so."""

    def __init__(self, rule: IdRule | None) -> None:
        """`rule` None: everything is taken, and stays as it is."""
        self._rule = rule
        self._newest: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._used: set[str] = set()

    def given(self, identity: str) -> str:
        if self._rule is None:
            return identity
        number = self._numbers.get(identity, 0) + 1
        while (wire := self._rule.id_for(identity, number)) in self._used:
            number += 1
        self._numbers[identity] = number
        self._used.add(wire)
        self._newest[identity] = wire
        return wire

    def of(self, identity: str) -> str:
        return self._newest.get(identity) or self.given(identity)


def call_name(name: str, longest: int) -> str:
    """The name of a tool as it is taken; models invent names, too."""
    return _STRANGE.sub("_", name)[:longest] or "unnamed"
