"""Connects the settings dialog to keys, providers and the settings file.

Owns the dialog, and what a change in it means. The tests of its pages are the affair of `connection_tests`.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from ...providers.catalog import ProviderRow
from ...providers.errors import Problem
from ...providers.manager import ProviderConfig
from ...ui.chat_pane import ChatPane
from ...ui.settings.dialog import SAVED, SettingsDialog
from ...ui.settings.values import KeyState, ProviderPageSpec
from .. import settings as options
from ..settings import ProviderSettings
from ..tasks import TaskScope
from .connection_tests import ConnectionTests
from .fields import SettingFields, fields_of
from .key_pages import KeyPages
from .proxy_password import SETTINGS as PROXY_SETTINGS
from .proxy_password import ProxyPassword
from .services import ServicePages
from .words import first_state

if TYPE_CHECKING:
    from ..app import Application


class SettingsPresenter(QObject):
    """Opens the dialog and keeps it true. A change is in force at once and saved when its field is left."""

    provider_chosen = Signal(str)
    provider_changed = Signal(str)
    """Its address, key or model is another one now."""
    send_key_changed = Signal(str)
    save_failed = Signal(object)
    """The `Problem`, where the dialog is not open to tell it."""

    def __init__(self, pane: ChatPane, app: Application, scope: TaskScope) -> None:
        super().__init__(pane)
        self._pane = pane
        self._app = app
        self._scope = scope
        self._tests: ConnectionTests | None = None
        self._keys: KeyPages | None = None
        self._proxy: ProxyPassword | None = None
        self._services: ServicePages | None = None
        self._fields: SettingFields | None = None
        self.dialog: SettingsDialog | None = None

    def open(self, provider_id: str = "") -> SettingsDialog:
        """Shows the dialog, at this provider's page or at that of the provider in use."""
        if self.dialog is None:
            self.dialog = self._build()
        self.dialog.show_page(provider_id or self._app.settings.get(options.PROVIDER))
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()
        return self.dialog

    def _build(self) -> SettingsDialog:
        pages = [self._page(config) for config in self._app.providers.configs]
        dialog = SettingsDialog(self._pane.look, pages, fields_of(self._app.settings), self._pane)
        dialog.offer(self._app.offered)
        self._fields = SettingFields(dialog, self._app)
        self._fields.changed.connect(self._setting_changed)
        self._keys = KeyPages(dialog, self._app, self._scope)
        self._keys.changing.connect(self._forget_findings)
        self._keys.changed.connect(self._key_changed)
        self._keys.found.connect(self._show_key_state)
        self._proxy = ProxyPassword(dialog, self._app, self._scope)
        self._proxy.changed.connect(self.save)
        self._proxy.look_up()
        for config in self._app.providers.configs:
            self._keys.look_up(config.id)
        self._tests = ConnectionTests(dialog, self._app, self._scope, fixed_of=self._fixed)
        self._services = ServicePages(dialog, self._app, self._scope)
        self._services.described.connect(self._service_described)
        self._services.removed.connect(self._service_removed)
        self._services.keys_removed.connect(self.save)
        for service_id in self._app.settings.own_services:
            dialog.set_provider(self._page(self._app.config(service_id)))
        dialog.address_changed.connect(self._change_address)
        dialog.model_changed.connect(self._change_model)
        dialog.provider_chosen.connect(self._choose)
        if self._app.settings.warnings:
            dialog.set_status(" ".join(self._app.settings.warnings))
        return dialog

    def _page(self, config: ProviderConfig) -> ProviderPageSpec:
        row, settings = config.row, self._app.settings
        state, words = self._tests.state(config) if self._tests else first_state(config)
        return ProviderPageSpec(
            id=row.id,
            label=row.label,
            address=config.address,
            default_address=row.base_url,
            key_state=self._keys.state(row.id) if self._keys else KeyState(),
            model=config.model,
            models=self._tests.models(row.id) if self._tests else (),
            key_page=row.key_page,
            needs_key=row.needs_key,
            local=row.local,
            connects=row.format != "offline",
            own=self._services.draft(row.id) if self._services else None,
            description=_description(row) or settings.service_origin(row.id).decided_by,
            in_use=settings.get(options.PROVIDER) == row.id,
            choice_locked_by=settings.origin(options.PROVIDER).decided_by,
            address_locked_by=settings.provider_origin(row.id, "address").decided_by,
            model_locked_by=settings.provider_origin(row.id, "model").decided_by,
            state=state,
            words=words,
        )

    def _row(self, provider_id: str) -> ProviderRow:
        return self._app.config(provider_id).row

    def _show_page(self, provider_id: str) -> None:
        if self.dialog:
            self.dialog.set_provider(self._page(self._app.config(provider_id)))

    def _show_key_state(self, provider_id: str, found: bool) -> None:
        # What a test proved says more than that there is a key.
        known = self._tests is not None and self._tests.know(provider_id)
        if not known and self.dialog and self._row(provider_id).needs_key:
            self.dialog.set_state(provider_id, "unset", "Key found, not tested" if found else "Key missing")

    def _fixed(self, row: ProviderRow) -> list[str]:
        """What of a provider is not the user's to change in the dialog."""
        fixed = [name for name in ("address", "model") if self._app.settings.provider_origin(row.id, name).decided_by]
        by_variable = self._keys is not None and self._keys.state(row.id).kind == "environment"
        return [*fixed, "key"] if by_variable else fixed

    # Settings are in force at once; the file follows.

    def _change_address(self, provider_id: str, address: str) -> None:
        old = self._app.settings.provider(provider_id)
        standard = self._app.settings.studio_provider(provider_id).address or self._row(provider_id).base_url
        kept = "" if address == standard else address
        if self._change(provider_id, ProviderSettings(kept, old.model)):
            self._forget_findings(provider_id)
            if self._keys:
                self._keys.look_up(provider_id)

    def _change_model(self, provider_id: str, model: str) -> None:
        old = self._app.settings.provider(provider_id)
        self._change(provider_id, ProviderSettings(old.address, model))

    def _change(self, provider_id: str, value: ProviderSettings) -> bool:
        """Whether that is anything new."""
        if value == self._app.settings.provider(provider_id):
            return False
        self._app.change_provider(provider_id, value)
        self.save()
        self._show_page(provider_id)
        self.provider_changed.emit(provider_id)
        return True

    def _forget_findings(self, provider_id: str) -> None:
        if self._tests:
            self._tests.forget(provider_id)
        self._show_page(provider_id)

    def _choose(self, provider_id: str) -> None:
        if self._app.settings.set(options.PROVIDER, provider_id):
            self._setting_changed(options.PROVIDER.id)

    def _setting_changed(self, setting_id: str) -> None:
        """In force at once, saved, and told to whoever shows it."""
        settings = self._app.settings
        self._app.apply_settings()
        self.save()
        if setting_id == options.SEND_KEY.id:
            self.send_key_changed.emit(settings.get(options.SEND_KEY))
        if setting_id == options.OFFERED.id and self.dialog:
            self.dialog.offer(self._app.offered)
        if setting_id in PROXY_SETTINGS and self._proxy:
            self._proxy.look_up()
        if setting_id in (options.PROVIDER.id, options.OFFERED.id):
            self._show_choice()

    def _show_choice(self) -> None:
        for page in self._app.offered:
            self._show_page(page)
        if self._fields:
            self._fields.show(options.PROVIDER)
        self.provider_chosen.emit(self._app.settings.get(options.PROVIDER))

    def _service_described(self, service_id: str) -> None:
        if self.dialog:
            self.dialog.offer(self._app.offered)
        self._forget_findings(service_id)
        if self._keys:
            self._keys.look_up(service_id)
        self._services_changed()
        self.provider_changed.emit(service_id)

    def _service_removed(self, service_id: str) -> None:
        if self._tests:
            self._tests.drop(service_id)
        if self.dialog:
            self.dialog.show_page(self._app.settings.get(options.PROVIDER))
        self._services_changed()
        self.provider_changed.emit(service_id)

    def _services_changed(self) -> None:
        """Who answers may be another one now, and there are others to choose from."""
        self.save()
        self._show_choice()

    def _key_changed(self, provider_id: str) -> None:
        self.save()
        self.provider_changed.emit(provider_id)

    def save(self) -> None:
        """In the background; a failure is told in the dialog, or by `save_failed` where it is not open."""
        self._scope.start(self._save_now(), name="save settings", on_close="finish")

    async def _save_now(self) -> None:
        try:
            await self._app.save_settings()
            problem = None
        except OSError as error:
            problem = _not_saved(error)
        if not isValid(self):
            return
        if self.dialog:
            self.dialog.set_status(f"{problem.title}: {problem.why}" if problem else SAVED)
        if problem and not (self.dialog and self.dialog.isVisible()):
            self.save_failed.emit(problem)


def _not_saved(error: OSError) -> Problem:
    reason = error.strerror or "the disk does not answer"
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return Problem(
        "settings_not_saved",
        "error",
        "The settings could not be saved",
        f"{reason[:1].upper()}{reason[1:]}. What you chose holds until you quit.",
        "Make room on the disk, then try again." if full else "Diagnostics shows their folder. Then try again.",
    )


def _description(row: ProviderRow) -> str:
    if row.format == "offline":
        return (
            "Answers from the open script by rules: what it does, which nodes there are, what feeds a node. "
            "It makes no connection; for anything else choose a model."
        )
    if row.local:
        return row.start_hint.replace("`", "")
    return row.address_hint
