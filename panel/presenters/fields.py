"""Declared settings as fields of the dialog: what each shows, and what becomes of what is typed there.

Owns no value: `Settings` does, and what a change sets in motion is told by `changed`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ...ui.settings.dialog import SettingsDialog
from ...ui.settings.values import FieldSpec
from .. import settings as options
from ..settings import AnySetting, Settings
from .proxy_password import FIELD as PROXY_PASSWORD

if TYPE_CHECKING:
    from ..app import Application

_SETTINGS = {setting.id: setting for setting in options.SETTINGS}


def field_of(settings: Settings, setting: AnySetting) -> FieldSpec:
    """A setting as the dialog shows it now."""
    origin, declared = settings.origin(setting), settings.declared(setting)
    return FieldSpec(
        id=setting.id,
        label=setting.label,
        kind=setting.kind,
        value=setting.typed(settings.get(setting)),
        choices=declared.choices,
        help=f"{setting.help} {setting.limits}." if setting.limits else setting.help,
        locked_by=origin.decided_by,
        page=setting.page,
        group=setting.group,
        unit=setting.unit,
        standard=settings.without_user(setting) if origin.layer == "user" else "",
    )


def fields_of(settings: Settings) -> list[FieldSpec]:
    """Those of the declared settings, and the proxy's password after its user."""
    fields = [field_of(settings, setting) for setting in options.SETTINGS]
    after = next(place for place, field in enumerate(fields) if field.id == options.PROXY_USER.id)
    return [*fields[: after + 1], PROXY_PASSWORD, *fields[after + 1 :]]


class SettingFields(QObject):
    """Judges what is typed in one dialog. `changed(id)`: another value is in force."""

    changed = Signal(str)

    def __init__(self, dialog: SettingsDialog, app: Application) -> None:
        super().__init__(dialog)
        self._dialog = dialog
        self._app = app
        dialog.fields.given.connect(self._change)
        dialog.fields.reset.connect(self._reset)

    def show(self, setting: AnySetting) -> None:
        """It was changed elsewhere."""
        self._dialog.fields.show_field(field_of(self._app.settings, setting))

    def _change(self, field_id: str, words: str) -> None:
        setting = _SETTINGS[field_id]
        try:
            self._app.settings.set_words(setting, words)
        except options.Unusable as why:
            self._dialog.fields.show_error(field_id, str(why))
            return
        self._tell(setting)

    def _reset(self, field_id: str) -> None:
        setting = _SETTINGS[field_id]
        self._app.settings.reset(setting)
        self._tell(setting)

    def _tell(self, setting: AnySetting) -> None:
        self.show(setting)
        self.changed.emit(setting.id)
