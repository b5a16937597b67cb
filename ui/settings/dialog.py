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
from ..parts.own_keys import claims
from .field_pages import FieldPages
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

SAVED = "All changes saved"


class SettingsDialog(QDialog):
    """Not modal: `show()` it. All signals but `closed`, however that comes about, begin with the provider's id.

    `service_given(id, draft)`, "" for a new one: to be judged and answered with `show_service_errors` or `end_service`.
    `action_requested(id, action, draft)`: what a verdict has offered. `fields` are the other pages, with signals of
    their own. Ctrl+F searches, Esc closes.
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
        self._forms: ServiceForms | None = None
        self.setWindowTitle("Settings")
        self.setModal(False)
        self.list = SettingsList(look)
        self._close = Button(look, "&Close")
        self._foot = Foot(look, SAVED, self._close)
        self._status = self._foot.words
        self.search = Search(look, self.list)
        self.pages = Beside(look, self.search, self._foot)
        self.fields = FieldPages(look, self.pages, fields, self)
        self._build()
        self._connect()
        self._list_fields()
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

    def _connect(self) -> None:
        self.search.changed.connect(self._filter)
        self.search.entered.connect(self._go_to_found)
        self.list.page_chosen.connect(self._turn_to)
        queued = Qt.ConnectionType.QueuedConnection  # once it has its place
        self._ended.connect(self._bring_end_into_view, queued)  # pyright: ignore[reportArgumentType] - the stubs of 6.5
        self._close.clicked.connect(self.close)
        self.finished.connect(self._tell_closed)

    def _list_fields(self) -> None:
        self.list.put(ListEntry("", "Providers"))
        if self.fields.titles:
            self.list.put(ListEntry("", ""))
        for place, title in self.fields.titles.items():
            self.list.put(ListEntry(place, title))

    def show_page(self, page_id: str) -> None:
        self.list.select(page_id)

    def go_to_field(self, field_id: str) -> None:
        """To the page of this setting, ready to change it. Raises StopIteration for one that nobody declared."""
        self.show_page(self.fields.place_of(field_id))
        self.fields.field(field_id).control.focus.setFocus(Qt.FocusReason.OtherFocusReason)

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

    def set_status(self, words: str = SAVED) -> None:
        """The line at the bottom: what is saved, or why something is not."""
        self._foot.say(words)

    def page(self, provider_id: str) -> ProviderPage:
        """Its page, made when it is first needed: thirty at once would hold the dialog up for half a second."""
        page = self._pages.get(provider_id)
        if not page:
            page = ProviderPage(self._look, self._specs[provider_id])
            self._pages[provider_id] = page
            self._connect_page(page)
            self.pages.add(provider_id, page)
        return page

    def _connect_page(self, page: ProviderPage) -> None:
        page.test_requested.connect(self.test_requested)
        page.test_cancelled.connect(self.test_cancelled)
        page.key_entered.connect(self.key_entered)
        page.key_removed.connect(self.key_removed)
        page.unlock_requested.connect(self.unlock_requested)
        page.address_changed.connect(self.address_changed)
        page.model_changed.connect(self.model_changed)
        page.chosen.connect(self.provider_chosen)
        page.edit_requested.connect(self._edit)
        page.removed.connect(self.service_removed)
        page.action_requested.connect(self.action_requested)

    def _edit(self, provider_id: str) -> None:
        spec = self._specs[provider_id]
        if self._forms and spec.own:
            self._forms.edit(spec.id, spec.own)

    def _leave_form(self, service_id: str) -> None:
        """Back to the page that it was about; from that for a new one to the first page."""
        page = service_id or next(iter(self._specs))
        self.end_service(service_id, page)

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
            self.fields.page(place)
        self.pages.show_page(place)

    # What is searched for

    def _filter(self) -> None:
        words = self.search.edit.text().strip()
        offered = [spec for spec in self._specs.values() if self._offered is None or spec.id in self._offered]
        found = find(words, offered, self.fields.fields)
        headings = {"", NEW} if not words else set[str]()
        self.list.show_only(found.pages | headings)
        self.search.say(len(found.pages))
        self.fields.search(words)
        if words and self.pages.current not in found.pages:
            self.list.select_first()

    def _go_to_found(self) -> None:
        """To the first field that was found; on a provider's page, to the list."""
        field = self.fields.first_found(self.pages.current)
        (field.control.focus if field else self.list).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _tell_closed(self) -> None:
        self.closed.emit()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and _finds(event):
            event.accept()  # or a shortcut of the host would take the key
            return True
        if event.type() == QEvent.Type.WindowActivate and not self.focusWidget():
            # Not in the search, where a letter typed by mistake would hide pages.
            self.list.setFocus(Qt.FocusReason.ActiveWindowFocusReason)
        return claims(event) or super().event(event)

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
