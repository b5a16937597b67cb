"""The settings: a list of pages, the page in front, and what is saved. Each page keeps its own state and its own test.

Takes values and gives signals; saving, keys and connections are the presenter's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from ..look.surface import Surface
from ..look.theme import Look
from ..parts.beside import Beside, Foot
from ..parts.controls import Button
from ..parts.frames import column
from .fields_page import FieldsPage
from .page_list import ListEntry, SettingsList
from .provider_page import ProviderPage
from .search import Search, find
from .service_forms import NEW, ServiceForms
from .values import (
    FieldSpec,
    KeyState,
    ProviderDraft,
    ProviderPageSpec,
    ProviderState,
    ServiceDraft,
    StepRow,
    TestVerdict,
)

__all__ = [
    "FieldSpec",
    "KeyState",
    "ProviderDraft",
    "ProviderPageSpec",
    "SettingsDialog",
    "StepRow",
    "TestVerdict",
]

SAVED = "All changes saved"


def page_id(title: str) -> str:
    """The id of a page that is made from fields: no provider has such a one."""
    return f"#{title.lower()}"


class SettingsDialog(QDialog):
    """Not modal: `show()` it. All signals but the last three begin with the provider's id.

    `service_given(id, draft)`, "" for a new one: to be judged and answered with `show_service_errors` or `end_service`.
    `closed` comes however it is closed; Esc closes. `action_requested(id, action, draft)`: what a verdict has offered.
    `field_changed(id, words)`: to be judged and answered with `show_field` or `show_field_error`. Ctrl+F searches.
    """

    test_requested = Signal(str, ProviderDraft)
    test_cancelled = Signal(str)
    key_entered = Signal(str, str, str)
    key_removed = Signal(str, str)
    unlock_requested = Signal(str)
    address_changed = Signal(str, str)
    model_changed = Signal(str, str)
    provider_chosen = Signal(str)
    service_given = Signal(str, ServiceDraft)
    service_removed = Signal(str)
    action_requested = Signal(str, str, ProviderDraft)
    field_changed = Signal(str, str)
    field_reset = Signal(str)
    secret_entered = Signal(str, str)
    secret_removed = Signal(str)
    secret_unlock_requested = Signal(str)
    closed = Signal()
    _ended = Signal(str)

    def __init__(
        self,
        look: Look,
        providers: Sequence[ProviderPageSpec] = (),
        fields: Sequence[FieldSpec] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._specs: dict[str, ProviderPageSpec] = {}
        self._pages: dict[str, ProviderPage] = {}
        self._offered: Collection[str] | None = None
        self._fields: dict[str, list[FieldSpec]] = {}
        self._field_pages: dict[str, FieldsPage] = {}
        self._forms: ServiceForms | None = None
        self.setWindowTitle("Settings")
        self.setModal(False)
        self.list = SettingsList(look)
        self._close = Button(look, "&Close")
        self._foot = Foot(look, SAVED, self._close)
        self._status = self._foot.words
        self.search = Search(look, self.list)
        self.pages = Beside(look, self.search, self._foot)
        self._build()
        self.search.changed.connect(self._filter)
        self.search.entered.connect(self._go_to_found)
        self.list.page_chosen.connect(self._turn_to)
        queued = Qt.ConnectionType.QueuedConnection  # once it has its place
        self._ended.connect(self._bring_end_into_view, queued)  # pyright: ignore[reportArgumentType] - the stubs of 6.5
        self._close.clicked.connect(self.close)
        self.finished.connect(self._tell_closed)
        self.list.put(ListEntry("", "Providers"))
        self._list_fields(fields)
        for spec in providers:
            self.set_provider(spec)

    def _build(self) -> None:
        surface = Surface(self._look, self)
        column(self.pages, gap=0, into=surface)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        # The page's least width depends on how it is laid out, and that on the width.
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        layout.addWidget(surface)
        self.setMinimumSize(300, 320)
        self.resize(828, 640)

    def show_page(self, page_id: str) -> None:
        self.list.select(page_id)

    def go_to_field(self, field_id: str) -> None:
        """To the page of this setting, ready to change it. Raises StopIteration for one that nobody declared."""
        place = self._place_of(field_id)
        self.show_page(place)
        self._fields_page(place).field(field_id).control.focus.setFocus(Qt.FocusReason.OtherFocusReason)

    def offer_services(self, formats: Sequence[tuple[str, str]], locked_by: str = "") -> None:
        """From now on services of the user's own can be described, unless somebody has decided against it."""
        self._forms = ServiceForms(self._look, self.pages, formats, locked_by, self)
        self._forms.given.connect(self.service_given)
        self._forms.left.connect(self._leave_form)
        self.list.put(ListEntry(NEW, "Add a service\u2026", icon="plus"))

    def show_service_errors(self, service_id: str, errors: Mapping[str, str]) -> None:
        if self._forms:
            self._forms.show_errors(service_id, errors)

    def end_service(self, service_id: str, page: str) -> None:
        """The form was taken; this page comes in its place."""
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)  # with the form it would go on to "Close"
        if self._forms:
            self._forms.close(service_id)
        self._turn_to(page)
        self.show_page(page)

    def drop_provider(self, provider_id: str) -> None:
        """It is not there any more, nor is what was written about it."""
        if self._forms:
            self._forms.close(provider_id)
        del self._specs[provider_id]
        self.list.drop(provider_id)
        if self._pages.pop(provider_id, None):
            self.pages.remove(provider_id)

    def set_provider(self, spec: ProviderPageSpec) -> None:
        """Show a provider's saved values, on a new page or on the one it has."""
        self._specs[spec.id] = spec
        page = self._pages.get(spec.id)
        if page:
            page.show_spec(spec)
        self.list.put(ListEntry(spec.id, spec.label, spec.state, spec.words))

    def set_state(self, provider_id: str, state: ProviderState, words: str) -> None:
        """What the list says of a provider."""
        self.list.set_state(provider_id, state, words)

    def show_key(self, provider_id: str, state: KeyState) -> None:
        self._specs[provider_id] = replace(self._specs[provider_id], key_state=state)
        page = self._pages.get(provider_id)
        if page:
            page.show_key(state)

    def start_test(self, provider_id: str) -> None:
        self.page(provider_id).test.start()

    def show_step(self, provider_id: str, step: StepRow) -> None:
        self.page(provider_id).test.show_step(step)

    def start_download(self, provider_id: str, words: str) -> None:
        """In the place of a test, which may follow; it is cancelled as a test is, and ends as one."""
        self.page(provider_id).test.start_download(words)

    def show_progress(self, provider_id: str, words: str, part: float | None) -> None:
        self.page(provider_id).test.show_progress(words, part)

    def end_test(self, provider_id: str, verdict: TestVerdict) -> None:
        self.page(provider_id).test.end(verdict)
        self._ended.emit(provider_id)

    def show_models(self, provider_id: str, names: Sequence[str]) -> None:
        self._specs[provider_id] = replace(self._specs[provider_id], models=tuple(names))
        page = self._pages.get(provider_id)
        if page:
            page.show_models(names)

    def offer(self, provider_ids: Collection[str]) -> None:
        """The only providers to be shown from now on."""
        self._offered = frozenset(provider_ids)
        self._filter()

    def show_field(self, field: FieldSpec) -> None:
        """Show what is in force."""
        place = page_id(field.page)
        self._fields[place] = [field if each.id == field.id else each for each in self._fields[place]]
        if page := self._field_pages.get(place):
            page.field(field.id).show_field(field)

    def show_field_error(self, field_id: str, sentence: str) -> None:
        """Why what was typed last is not in force."""
        self.field_page(field_id).field(field_id).show_error(sentence)

    def field_page(self, field_id: str) -> FieldsPage:
        """The page that a field stands on. Raises StopIteration for a field that nobody declared."""
        return self._fields_page(self._place_of(field_id))

    def set_status(self, words: str = SAVED) -> None:
        """The line at the bottom: what is saved, or why something is not."""
        self._foot.say(words)

    def page(self, provider_id: str) -> ProviderPage:
        """Its page, made when it is first needed: thirty at once would hold the dialog up for half a second."""
        page = self._pages.get(provider_id)
        if not page:
            page = ProviderPage(self._look, self._specs[provider_id])
            self._pages[provider_id] = page
            self._connect(provider_id, page)
            self.pages.add(provider_id, page)
        return page

    def _place_of(self, field_id: str) -> str:
        return next(page for page, fields in self._fields.items() if field_id in _ids(fields))

    def _list_fields(self, fields: Sequence[FieldSpec]) -> None:
        for field in fields:
            place = page_id(field.page)
            if not self._fields:
                self.list.put(ListEntry("", ""))
            if place not in self._fields:
                self.list.put(ListEntry(place, field.page))
            self._fields.setdefault(place, []).append(field)

    def _fields_page(self, place: str) -> FieldsPage:
        """Made when it is first needed."""
        page = self._field_pages.get(place)
        if not page:
            fields = self._fields[place]
            page = self._field_pages[place] = FieldsPage(self._look, fields[0].page, fields)
            page.given.connect(self.field_changed)
            page.reset.connect(self.field_reset)
            page.secret_entered.connect(self.secret_entered)
            page.secret_removed.connect(self.secret_removed)
            page.unlock_requested.connect(self.secret_unlock_requested)
            self.pages.add(place, page)
            self._filter_page(place, page)
        return page

    def _connect(self, provider_id: str, page: ProviderPage) -> None:
        page.setProperty("provider", provider_id)
        page.test_requested.connect(self._test)
        page.test_cancelled.connect(self._cancel)
        page.key_entered.connect(self._enter_key)
        page.key_removed.connect(self._remove_key)
        page.unlock_requested.connect(self._unlock)
        page.address_changed.connect(self._change_address)
        page.model_changed.connect(self._change_model)
        page.chosen.connect(self._choose)
        page.edit_requested.connect(self._edit)
        page.removed.connect(self._remove)
        page.action_requested.connect(self._act)

    def _from(self) -> str:
        """Which provider's page has just signalled."""
        sender = self.sender()
        return str(sender.property("provider")) if sender else ""

    def _test(self, draft: ProviderDraft) -> None:
        self.test_requested.emit(self._from(), draft)

    def _cancel(self) -> None:
        self.test_cancelled.emit(self._from())

    def _enter_key(self, address: str, key: str) -> None:
        self.key_entered.emit(self._from(), address, key)

    def _remove_key(self, address: str) -> None:
        self.key_removed.emit(self._from(), address)

    def _unlock(self) -> None:
        self.unlock_requested.emit(self._from())

    def _change_address(self, address: str) -> None:
        self.address_changed.emit(self._from(), address)

    def _change_model(self, model: str) -> None:
        self.model_changed.emit(self._from(), model)

    def _edit(self) -> None:
        spec = self._specs[self._from()]
        if self._forms and spec.own:
            self._forms.edit(spec.id, spec.own)

    def _remove(self) -> None:
        self.service_removed.emit(self._from())

    def _leave_form(self, service_id: str) -> None:
        """Back to the page that it was about; from that for a new one to the first page."""
        page = service_id or next(iter(self._specs))
        self.end_service(service_id, page)

    def _choose(self) -> None:
        self.provider_chosen.emit(self._from())

    def _act(self, action: str, draft: ProviderDraft) -> None:
        self.action_requested.emit(self._from(), action, draft)

    def _bring_end_into_view(self, provider_id: str) -> None:
        """What to do about a failure stands at the end of a page, which a narrow dialog does not show whole."""
        if page := self._pages.get(provider_id):
            self.pages.place(provider_id).ensureWidgetVisible(page.test.end_of_it, 0, 16)

    def _turn_to(self, place: str) -> None:
        if place == NEW and self._forms:
            self._forms.show_new()
            return
        if place in self._specs:
            self.page(place)
        else:
            self._fields_page(place)
        self.pages.show_page(place)

    # What is searched for

    def _filter(self) -> None:
        words = self.search.edit.text().strip()
        offered = [spec for spec in self._specs.values() if self._offered is None or spec.id in self._offered]
        found = find(words, offered, self._fields)
        headings = {"", NEW} if not words else set[str]()
        self.list.show_only(found.pages | headings)
        self.search.say(len(found.pages))
        for place, page in self._field_pages.items():
            self._filter_page(place, page)
        if words and self.pages.current not in found.pages:
            self.list.select_first()

    def _filter_page(self, place: str, page: FieldsPage) -> None:
        words = self.search.edit.text().strip()
        page.show_only(find(words, (), {place: self._fields[place]}).fields if words else None)

    def _go_to_found(self) -> None:
        """To the first field that was found; on a provider's page, to the list."""
        page = self._field_pages.get(self.pages.current)
        field = page.first() if page else None
        (field.control.focus if field else self.list).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _tell_closed(self) -> None:
        self.closed.emit()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and _finds(event):
            event.accept()  # or a shortcut of the host would take the key
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _finds(event):
            self.search.begin()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._specs and not self.list.currentItem():  # not sooner: a page takes 20 ms, and another may be wanted
            self.show_page(next(iter(self._specs)))


def _finds(event: QKeyEvent) -> bool:
    return event.matches(QKeySequence.StandardKey.Find)


def _ids(fields: Sequence[FieldSpec]) -> set[str]:
    return {field.id for field in fields}
