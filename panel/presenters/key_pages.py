"""Connects the key part of each provider's page to the key store. Owns no key: it hands each on at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ...providers.catalog import origin_of
from ...providers.errors import ProviderError
from ...providers.redact import Secret
from ...ui.settings.dialog import SettingsDialog
from ...ui.settings.values import KeyState
from ..tasks import TaskScope
from .key_tasks import KeyTasks

if TYPE_CHECKING:
    from ..app import Application


class KeyPages(QObject):
    """A key belongs to the origin of the address on its page: another address shows another key."""

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
        self._keys = KeyTasks(dialog, app.keys, scope, self._show)
        self._keys.changed.connect(self.changed)
        self._keys.found.connect(self._found)
        dialog.key_entered.connect(self._entered)
        dialog.key_removed.connect(self._removed)
        dialog.unlock_requested.connect(self._keys.unlock)

    def state(self, provider_id: str) -> KeyState:
        """What was last shown of this provider's key."""
        return self._keys.state(provider_id)

    def look_up(self, provider_id: str) -> None:
        """Finds out where the key of this provider's address is, and shows it."""
        self._keys.look_up(provider_id, _origin(self._app.config(provider_id).address))

    def _entered(self, provider_id: str, address: str, key: str) -> None:
        origin = _origin(address)
        if not origin:
            self._keys.look_up(provider_id, "")
            self._dialog.set_status("The key was not saved: it belongs to an address. Fill that in first.")
            return
        self.changing.emit(provider_id)
        self._keys.save(provider_id, origin, Secret(key))

    def _removed(self, provider_id: str, address: str) -> None:
        if origin := _origin(address):
            self.changing.emit(provider_id)
            self._keys.remove(provider_id, origin)

    # A service may have been removed while the keyring was asked for its key.

    def _show(self, provider_id: str, state: KeyState) -> None:
        if provider_id in self._app.settings.services:
            self._dialog.show_key(provider_id, state)

    def _found(self, provider_id: str, found: bool) -> None:
        if provider_id in self._app.settings.services:
            self.found.emit(provider_id, found)


def _origin(address: str) -> str:
    """The origin of what is in the address field; "" while that is no address."""
    try:
        return origin_of(address) if address else ""
    except ProviderError:
        return ""
