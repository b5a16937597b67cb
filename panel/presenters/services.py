"""Connects the forms of the user's own services to the settings: what is typed is judged, kept, and taken out again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Signal

from ...providers.catalog import ProviderRow
from ...providers.formats import FORMATS, FormatName, wire_format
from ...providers.openai_chat.quirks import ChatQuirks
from ...ui.settings.dialog import SettingsDialog
from ...ui.settings.values import ServiceDraft
from .. import settings as options
from ..keys import KeyringTrouble
from ..settings import OwnService
from ..settings.headers import headers_problem
from ..settings.services import LONGEST_LABEL
from ..settings.text_rules import address, entries
from ..tasks import TaskScope
from .view_tasks import ViewTasks

if TYPE_CHECKING:
    from ..app import Application


def formats() -> list[tuple[str, str]]:
    """The wire formats, with what they are called."""
    return [(name, wire_format(name, ChatQuirks()).title) for name in FORMATS]


def draft_of(row: ProviderRow, address: str) -> ServiceDraft:
    """A service as the form has it."""
    headers = "\n".join(f"{name}: {value}" for name, value in row.headers.items())
    return ServiceDraft(row.label, row.format, address, headers, row.needs_key)


class ServicePages(QObject):
    """A service is in force as soon as its form was taken."""

    described = Signal(str)
    """There is a service of this id, or another one than before."""
    removed = Signal(str)
    keys_removed = Signal()

    def __init__(self, dialog: SettingsDialog, app: Application, scope: TaskScope) -> None:
        super().__init__(dialog)
        self._dialog = dialog
        self._app = app
        self._tasks = ViewTasks(dialog, scope)
        dialog.offer_services(formats(), app.settings.services_locked_by or self._not_offered())
        dialog.service_given.connect(self._take)
        dialog.service_removed.connect(self._remove)

    def draft(self, service_id: str) -> ServiceDraft | None:
        """How the user has described it; None for a service that somebody else has."""
        if self._app.settings.service_origin(service_id).layer != "user":
            return None
        return draft_of(self._app.settings.services[service_id], self._app.settings.provider(service_id).address)

    def _not_offered(self) -> str:
        """Who has chosen the services that are offered, if a new one could not be among them."""
        settings = self._app.settings
        return settings.origin(options.OFFERED).decided_by if settings.get(options.OFFERED) else ""

    def _take(self, service_id: str, draft: ServiceDraft) -> None:
        headers, errors = _judged(draft)
        if errors:
            self._dialog.show_service_errors(service_id, errors)
            return
        service = OwnService(
            label=draft.label,
            format=cast(FormatName, draft.format),
            needs_key=draft.needs_key,
            headers=headers,
            quirks=self._app.settings.own_quirks(service_id),
        )
        new = self._app.put_service(service_id, service, draft.address)
        self._offer(new)
        self.described.emit(new)
        self._dialog.end_service(service_id, new)

    def _offer(self, service_id: str) -> None:
        """Where the user has made a choice of providers, the new one is among it."""
        settings = self._app.settings
        if not settings.offers(service_id):
            settings.set(options.OFFERED, ", ".join((*entries(settings.get(options.OFFERED)), service_id)))

    def _remove(self, service_id: str) -> None:
        label = self._app.providers.label(service_id)
        self._app.remove_service(service_id)
        self._dialog.drop_provider(service_id)
        self.removed.emit(service_id)
        self._tasks.start(self._remove_keys(service_id, label), name=f"remove keys of {service_id}")

    async def _remove_keys(self, service_id: str, label: str) -> None:
        try:
            for origin in self._app.keys.origins(service_id):
                await self._app.keys.remove(service_id, origin)
        except KeyringTrouble as trouble:
            with suppress(OSError):  # which whoever saves the settings tells
                await self._app.save_settings()  # or "saved" would be said after this
            self._dialog.set_status(f"{label} is removed, but its key is still in the keyring. {trouble.what}")
            return
        self.keys_removed.emit()


def _judged(draft: ServiceDraft) -> tuple[dict[str, str], dict[str, str]]:
    """The headers, and what is wrong with the form, by the names of its fields."""
    errors: dict[str, str] = {}
    if not draft.label or not draft.label.isprintable() or len(draft.label) > LONGEST_LABEL:
        errors["label"] = f"Give it a name of at most {LONGEST_LABEL} characters."
    if wrong := address(draft.address) if draft.address else "Type the address of the server.":
        errors["address"] = wrong
    headers, wrong = _headers(draft.headers)
    if wrong:
        errors["headers"] = wrong
    return headers, errors


def _headers(text: str) -> tuple[dict[str, str], str]:
    """The headers that these lines are, or what is wrong with them as a sentence."""
    headers: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon:
            return {}, f"Line {number}: write it as Name: value."
        if name.strip() in headers:
            return {}, f"Line {number}: that header is there twice."
        headers[name.strip()] = value.strip()
    return headers, headers_problem(headers)
