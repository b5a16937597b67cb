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
from .words import key_state

if TYPE_CHECKING:
    from ..app import Application


class KeyPages(QObject):
    """A look-up, a save or a removal is a task; meanwhile the page says so and the rest of the dialog is alive."""

    changed = Signal(str)
    """The provider's key is another one now."""
    found = Signal(str, bool)
    """Whether the provider has a key."""

    def __init__(self, dialog: SettingsDialog, app: Application, scope: TaskScope) -> None:
        super().__init__(dialog)
        self._dialog = dialog
        self._app = app
        self._scope = scope
        dialog.key_entered.connect(self._entered)
        dialog.key_removed.connect(self._removed)

    def look_up(self, provider_id: str) -> None:
        """Finds out where the key of this provider's address is, and shows it."""
        origin = _origin(self._app.config(provider_id).address)
        if not origin:
            self._dialog.show_key(provider_id, KeyState("none"))
            return
        self._dialog.show_key(provider_id, KeyState("loading"))
        self._scope.start(self._show(provider_id, origin), name=f"key of {provider_id}")

    async def _show(self, provider_id: str, origin: str) -> None:
        try:
            state = key_state(await self._app.keys.find(provider_id, origin))
        except KeyringTrouble as trouble:
            state = KeyState("unavailable", str(trouble))
        self._dialog.show_key(provider_id, state)
        self.found.emit(provider_id, state.kind not in ("none", "unavailable"))

    def _entered(self, provider_id: str, address: str, key: str) -> None:
        if origin := _origin(address):
            self._dialog.show_key(provider_id, KeyState("loading"))
            self._scope.start(self._save(provider_id, origin, Secret(key)), name=f"save key of {provider_id}")

    async def _save(self, provider_id: str, origin: str, secret: Secret) -> None:
        try:
            place = await self._app.keys.save(provider_id, origin, secret)
            state = KeyState("keyring", place, secret.ending)
        except KeyringTrouble as trouble:
            # It was typed to be used: it is, until the program ends, and the page says why not longer.
            self._app.keys.keep_for_session(provider_id, origin, secret)
            state = KeyState("session", str(trouble), secret.ending)
        self._dialog.show_key(provider_id, state)
        self.changed.emit(provider_id)

    def _removed(self, provider_id: str, address: str) -> None:
        if origin := _origin(address):
            self._dialog.show_key(provider_id, KeyState("loading"))
            self._scope.start(self._remove(provider_id, origin), name=f"remove key of {provider_id}")

    async def _remove(self, provider_id: str, origin: str) -> None:
        try:
            await self._app.keys.remove(provider_id, origin)
        except KeyringTrouble as trouble:
            self._dialog.show_key(provider_id, KeyState("unavailable", str(trouble)))
            return
        self.changed.emit(provider_id)
        self.look_up(provider_id)


def _origin(address: str) -> str:
    """The origin of what is in the address field; "" while that is no address."""
    try:
        return origin_of(address) if address else ""
    except ProviderError:
        return ""
