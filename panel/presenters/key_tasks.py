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

    def state(self, owner: str) -> KeyState:
        """What was last shown of this key."""
        return self._states.get(owner, KeyState())

    def look_up(self, owner: str, origin: str) -> None:
        """Finds out where the key of this origin is; "" for an address that is none yet."""
        self._origins[owner] = origin
        if not origin:
            self._show(owner, KeyState("none"))
            return
        self._show(owner, KeyState("loading"))
        self._tasks.start(self._find(owner, origin), name=f"key of {owner}")

    def save(self, owner: str, origin: str, secret: Secret) -> None:
        self._origins[owner] = origin
        self._show(owner, KeyState("loading", "Saving\u2026"))
        self._tasks.start(self._save(owner, origin, secret), name=f"save key of {owner}")

    def remove(self, owner: str, origin: str) -> None:
        self._show(owner, KeyState("loading", "Removing\u2026"))
        self._tasks.start(self._remove(owner, origin), name=f"remove key of {owner}")

    def unlock(self, owner: str) -> None:
        """Lets the keyring ask for its password, and looks again."""
        before = self.state(owner)
        self._show(owner, KeyState("loading", WAITING))
        self._tasks.start(self._unlock(owner, self._origins.get(owner, ""), before), name="unlock the keyring")

    async def _find(self, owner: str, origin: str) -> None:
        try:
            state = key_state(await self._keys.find(owner, origin))
        except KeyringTrouble as trouble:
            state = no_key(trouble)
        if origin == self._origins[owner]:  # or another address is shown by now
            self._show(owner, state)
            self.found.emit(owner, state.kind not in ("none", "unavailable"))

    async def _save(self, owner: str, origin: str, secret: Secret) -> None:
        try:
            state = KeyState("keyring", await self._keys.save(owner, origin, secret), secret.ending)
        except KeyringTrouble as trouble:
            # It was typed to be used: it is, until the program ends, and the page says why no longer.
            self._keys.keep_for_session(owner, origin, secret)
            state = KeyState("session", trouble.what, secret.ending, remedy(trouble))
        if origin == self._origins[owner]:
            self._show(owner, state)
            self.found.emit(owner, True)
        self.changed.emit(owner)

    async def _remove(self, owner: str, origin: str) -> None:
        try:
            await self._keys.remove(owner, origin)
        except KeyringTrouble as trouble:
            self._show(owner, no_key(trouble))
            return
        self.changed.emit(owner)
        self.look_up(owner, origin)

    async def _unlock(self, owner: str, origin: str, before: KeyState) -> None:
        try:
            await self._keys.unlock()
            await self._keys.keep_session_key(owner, origin)
        except KeyringTrouble as trouble:
            why = trouble.what if before.kind == "session" else str(trouble)
            self._show(owner, replace(before, where=why, remedy=remedy(trouble)))
            return
        waiting = [each for each, state in self._states.items() if state.kind == "unavailable"]
        for each in (owner, *waiting):
            self.look_up(each, self._origins[each])
        self.changed.emit(owner)

    def _show(self, owner: str, state: KeyState) -> None:
        self._states[owner] = state
        self._show_state(owner, state)
