"""The forms of the settings dialog in which services are described: one for a new one, one for each that is edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, Signal

from ..look.theme import Look
from ..parts.beside import Beside
from .service_page import ServicePage
from .values import ServiceDraft

NEW = "+"
"""The place of the form for a new service; that of another one is this and its id."""


class ServiceForms(QObject):
    """`given(id, draft)`: "" for a new one. `left(id)`: the form is not wanted any more."""

    given = Signal(str, ServiceDraft)
    left = Signal(str)

    def __init__(
        self, look: Look, pages: Beside, formats: Sequence[tuple[str, str]], locked_by: str, parent: QObject
    ) -> None:
        """`formats`: pairs of id and words. `locked_by`: who decides that there are no services of the user's own."""
        super().__init__(parent)
        self._look = look
        self._pages = pages
        self._formats = formats
        self._locked_by = locked_by
        self._forms: dict[str, ServicePage] = {}

    def show_new(self) -> None:
        """What was typed there before is there still."""
        if "" not in self._forms:
            draft = ServiceDraft(format=self._formats[0][0])
            self._add(
                "",
                ServicePage(
                    self._look, draft, self._formats, title="Add a service", button="Add", locked_by=self._locked_by
                ),
            )
        self._pages.show_page(NEW)

    def edit(self, service_id: str, draft: ServiceDraft) -> None:
        self.close(service_id)
        form = ServicePage(self._look, draft, self._formats, title=f"Edit {draft.label}", button="Save")
        self._add(service_id, form)
        self._pages.show_page(NEW + service_id)
        form.begin()

    def show_errors(self, service_id: str, errors: Mapping[str, str]) -> None:
        self._forms[service_id].show_errors(errors)

    def close(self, service_id: str) -> None:
        """Forgets the form with what was typed in it."""
        if self._forms.pop(service_id, None):
            self._pages.remove(NEW + service_id)

    def _add(self, service_id: str, form: ServicePage) -> None:
        self._forms[service_id] = form
        form.setProperty("service", service_id)
        form.given.connect(self._give)
        form.left.connect(self._leave)
        self._pages.add(NEW + service_id, form)

    def _from(self) -> str:
        """Which form has just signalled."""
        sender = self.sender()
        return str(sender.property("service")) if sender else ""

    def _give(self, draft: ServiceDraft) -> None:
        self.given.emit(self._from(), draft)

    def _leave(self) -> None:
        self.left.emit(self._from())
