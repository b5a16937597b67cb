"""How tool calls are named in a request: by ids that the service takes, whichever service they are from.

A chat may have begun with another model, whose ids have other characters or repeat with every answer; one such id, and
every further question is refused.
"""

from __future__ import annotations

import re

_STRANGE = re.compile(r"[^a-zA-Z0-9_-]")
_NAME_LENGTH = 128


class CallIds:
    """The ids of one request, each used once. `given` names a call, `of` finds the newest that was called so."""

    def __init__(self) -> None:
        self._newest: dict[str, str] = {}
        self._used: set[str] = set()

    def given(self, identity: str) -> str:
        clean = _STRANGE.sub("_", identity) or "call"
        number, wire = 1, clean
        while wire in self._used:
            number += 1
            wire = f"{clean}_{number}"
        self._used.add(wire)
        self._newest[identity] = wire
        return wire

    def of(self, identity: str) -> str:
        return self._newest.get(identity) or self.given(identity)


def tool_name(name: str) -> str:
    """The name as the service takes it; models invent names, too."""
    return _STRANGE.sub("_", name)[:_NAME_LENGTH] or "unnamed"
