"""Looking up, saving, removing and unlocking of keys, as tasks whose outcome is shown. Owns no key and no widget.

While a keyring thinks, what was asked of it says so and everything else is alive.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ...providers.redact import Secret
from ...ui.settings.values import KeyState
from ..keys import KeyringTrouble, KeyStore
from .view_tasks import ViewTasks
from .words import key_state, no_key, remedy

if TYPE_CHECKING:
    from ..tasks import TaskScope

WAITING = "Waiting for the keyring. It may ask for its password in a window of its own."


class KeyTasks(QObject):
    """`show(id, state)` is called with each new state of the key of a provider or of the proxy."""

    changed = Signal(str)
    """Another key is in use now, or none."""
    found = Signal(str, bool)
    """Whether there is a key."""

    def __init__(self, view: QObject, keys: KeyStore, scope: TaskScope, show: Callable[[str, KeyState], None]) -> None:
        super().__init__(view)
        self._keys = keys
        self._tasks = ViewTasks(view, scope)
        self._show_state = show
        self._states: dict[str, KeyState] = {}
        self._origins: dict[str, str] = {}
        self._asked: dict[str, int] = {}
        """How often something was asked of each key: only what was asked last is shown."""

    def state(self, owner: str) -> KeyState:
        """What was last shown of this key."""
        return self._states.get(owner, KeyState())

    def look_up(self, owner: str, origin: str) -> None:
        """Finds out where the key of this origin is; "" for an address that is none yet."""
        number = self._begin(owner, origin, KeyState("loading" if origin else "none"))
        if origin:
            self._tasks.start(self._find(owner, origin, number), name=f"key of {owner}")

    def save(self, owner: str, origin: str, secret: Secret) -> None:
        number = self._begin(owner, origin, KeyState("loading", "Saving\u2026"))
        self._tasks.start(self._save(owner, origin, secret, number), name=f"save key of {owner}")

    def remove(self, owner: str, origin: str) -> None:
        number = self._begin(owner, origin, KeyState("loading", "Removing\u2026"))
        self._tasks.start(self._remove(owner, origin, number), name=f"remove key of {owner}")

    def unlock(self, owner: str) -> None:
        """Lets the keyring ask for its password, and looks again."""
        before, origin = self.state(owner), self._origins.get(owner, "")
        number = self._begin(owner, origin, KeyState("loading", WAITING))
        self._tasks.start(self._unlock(owner, origin, before, number), name="unlock the keyring")

    def _begin(self, owner: str, origin: str, state: KeyState) -> int:
        self._origins[owner] = origin
        self._asked[owner] = number = self._asked.get(owner, 0) + 1
        self._show(owner, state)
        return number

    async def _find(self, owner: str, origin: str, number: int) -> None:
        try:
            state = key_state(await self._keys.find(owner, origin))
        except KeyringTrouble as trouble:
            state = no_key(trouble)
        self._tell(owner, state, number)

    async def _save(self, owner: str, origin: str, secret: Secret, number: int) -> None:
        try:
            state = KeyState("keyring", await self._keys.save(owner, origin, secret), secret.ending)
        except KeyringTrouble as trouble:
            # It was typed to be used: it is, until the program ends, and the page says why no longer.
            self._keys.keep_for_session(owner, origin, secret)
            state = KeyState("session", trouble.what, secret.ending, remedy(trouble))
        if number == self._asked[owner]:
            self._tell(owner, state, number)
        else:
            self._look_again(owner, origin)  # what was asked meanwhile may have been answered before this
        self.changed.emit(owner)

    async def _remove(self, owner: str, origin: str, number: int) -> None:
        try:
            await self._keys.remove(owner, origin)
        except KeyringTrouble as trouble:
            self._tell(owner, no_key(trouble), number)
            return
        self.changed.emit(owner)
        self._look_again(owner, origin)

    async def _unlock(self, owner: str, origin: str, before: KeyState, number: int) -> None:
        try:
            await self._keys.unlock()
            await self._keys.keep_session_key(owner, origin)
        except KeyringTrouble as trouble:
            why = trouble.what if before.kind == "session" else str(trouble)
            self._tell(owner, replace(before, where=why, remedy=remedy(trouble)), number)
            return
        waiting = [each for each, state in self._states.items() if state.kind == "unavailable"]
        for each in (owner, *waiting):
            self.look_up(each, self._origins[each])
        self.changed.emit(owner)

    def _look_again(self, owner: str, origin: str) -> None:
        if origin == self._origins[owner]:
            self.look_up(owner, origin)

    def _tell(self, owner: str, state: KeyState, number: int) -> None:
        if number == self._asked[owner]:
            self._show(owner, state)
            self.found.emit(owner, state.kind not in ("none", "unavailable"))

    def _show(self, owner: str, state: KeyState) -> None:
        self._states[owner] = state
        self._show_state(owner, state)
