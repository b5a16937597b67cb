"""Connects the proxy's password on the Network page to the key store, which keeps it as it keeps keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ...providers.redact import Secret
from ...ui.settings.dialog import SettingsDialog
from ...ui.settings.values import FieldSpec, KeyState
from .. import settings as options
from ..keys import PROXY_LOGIN
from ..tasks import TaskScope
from .key_tasks import KeyTasks
from .view_tasks import ViewTasks

if TYPE_CHECKING:
    from ..app import Application

SETTINGS = frozenset({options.PROXY.id, options.PROXY_ADDRESS.id, options.DIRECT_HOSTS.id})
"""Those that decide which proxy it is."""
FIELD = FieldSpec(
    "network.proxy_password",
    "Proxy password",
    "secret",
    KeyState(),
    help="Kept in the keyring, for this one proxy alone.",
    page=options.PROXY_USER.page,
    group=options.PROXY_USER.group,
)


class ProxyPassword(QObject):
    """It belongs to the origin of the proxy, as a key belongs to that of a service."""

    changed = Signal()

    def __init__(self, dialog: SettingsDialog, app: Application, scope: TaskScope) -> None:
        super().__init__(dialog)
        self._dialog = dialog
        self._app = app
        self._tasks = ViewTasks(dialog, scope)
        self._keys = KeyTasks(dialog, app.keys, scope, self._show)
        self._keys.changed.connect(self.changed)
        dialog.fields.secret_entered.connect(self._entered)
        dialog.fields.secret_removed.connect(self._removed)
        dialog.fields.unlock_requested.connect(self._unlock)

    def look_up(self) -> None:
        """Finds out which proxy is in force and where its password is, and shows it."""
        self._tasks.start(self._look_up(), name="password of the proxy")

    async def _look_up(self) -> None:
        origin = await self._app.proxy_origin()
        if origin:
            self._keys.look_up(PROXY_LOGIN, origin)
        else:
            self._dialog.fields.show_field(replace(FIELD, locked_by="There is no proxy: name one above first."))

    def _entered(self, _: str, password: str) -> None:
        self._tasks.start(self._save(Secret(password)), name="save the password of the proxy")

    async def _save(self, secret: Secret) -> None:
        if origin := await self._app.proxy_origin():
            self._keys.save(PROXY_LOGIN, origin, secret)

    def _removed(self, _: str) -> None:
        self._tasks.start(self._remove(), name="remove the password of the proxy")

    async def _remove(self) -> None:
        if origin := await self._app.proxy_origin():
            self._keys.remove(PROXY_LOGIN, origin)

    def _unlock(self, _: str) -> None:
        self._keys.unlock(PROXY_LOGIN)

    def _show(self, _: str, state: KeyState) -> None:
        self._dialog.fields.show_field(replace(FIELD, value=state))
