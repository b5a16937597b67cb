"""Connects the key part of each settings page to the key store. Owns no key: it hands each on at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ...providers.catalog import origin_of
from ...providers.errors import ProviderError
from ...providers.redact import Secret
from ...ui.settings.dialog import SettingsDialog
from ...ui.settings.values import KeyState
from ..keys import KeyringTrouble
from ..tasks import TaskScope
from .view_tasks import ViewTasks
from .words import key_state

if TYPE_CHECKING:
    from ..app import Application


class KeyPages(QObject):
    """A look-up, a save or a removal is a task; meanwhile the page says so and the rest of the dialog is alive."""

    changing = Signal(str)
    """The provider's key is about to be another one."""
    changed = Signal(str)
    """It is another one now."""
    found = Signal(str, bool)
    """Whether the provider has a key."""

    def __init__(self, dialog: SettingsDialog, app: Application, scope: TaskScope) -> None:
        super().__init__(dialog)
        self._dialog = dialog
        self._app = app
        self._tasks = ViewTasks(dialog, scope)
        self._states: dict[str, KeyState] = {}
        dialog.key_entered.connect(self._entered)
        dialog.key_removed.connect(self._removed)

    def state(self, provider_id: str) -> KeyState:
        """What was last shown of this provider's key."""
        return self._states.get(provider_id, KeyState())

    def look_up(self, provider_id: str) -> None:
        """Finds out where the key of this provider's address is, and shows it."""
        origin = _origin(self._app.config(provider_id).address)
        if not origin:
            self._show(provider_id, KeyState("none"))
            return
        self._show(provider_id, KeyState("loading"))
        self._tasks.start(self._find(provider_id, origin), name=f"key of {provider_id}")

    async def _find(self, provider_id: str, origin: str) -> None:
        try:
            state = key_state(await self._app.keys.find(provider_id, origin))
        except KeyringTrouble as trouble:
            state = KeyState("unavailable", str(trouble))
        if origin == _origin(self._app.config(provider_id).address):  # or the page shows another address by now
            self._show(provider_id, state)
            self.found.emit(provider_id, state.kind not in ("none", "unavailable"))

    def _show(self, provider_id: str, state: KeyState) -> None:
        self._states[provider_id] = state
        self._dialog.show_key(provider_id, state)

    def _entered(self, provider_id: str, address: str, key: str) -> None:
        origin = _origin(address)
        if not origin:
            self._show(provider_id, KeyState("none"))
            self._dialog.set_status("The key was not saved: it belongs to an address. Fill that in first.")
            return
        self.changing.emit(provider_id)
        self._show(provider_id, KeyState("loading"))
        self._tasks.start(self._save(provider_id, origin, Secret(key)), name=f"save key of {provider_id}")

    async def _save(self, provider_id: str, origin: str, secret: Secret) -> None:
        try:
            place = await self._app.keys.save(provider_id, origin, secret)
            state = KeyState("keyring", place, secret.ending)
        except KeyringTrouble as trouble:
            # It was typed to be used: it is, until the program ends, and the page says why no longer.
            self._app.keys.keep_for_session(provider_id, origin, secret)
            state = KeyState("session", str(trouble), secret.ending)
        self._show(provider_id, state)
        self.found.emit(provider_id, True)
        self.changed.emit(provider_id)

    def _removed(self, provider_id: str, address: str) -> None:
        if origin := _origin(address):
            self.changing.emit(provider_id)
            self._show(provider_id, KeyState("loading"))
            self._tasks.start(self._remove(provider_id, origin), name=f"remove key of {provider_id}")

    async def _remove(self, provider_id: str, origin: str) -> None:
        try:
            await self._app.keys.remove(provider_id, origin)
        except KeyringTrouble as trouble:
            self._show(provider_id, KeyState("unavailable", str(trouble)))
            return
        self.changed.emit(provider_id)
        self.look_up(provider_id)


def _origin(address: str) -> str:
    """The origin of what is in the address field; "" while that is no address."""
    try:
        return origin_of(address) if address else ""
    except ProviderError:
        return ""
