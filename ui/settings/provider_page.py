"""The settings page of a provider: address, key, default model, connection test. Saves nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from ...providers.address import address_problem
from ..look.theme import Look
from ..parts.choice_field import SuggestField
from ..parts.controls import Button
from ..parts.frames import Rule, column, repolish, row
from ..parts.labels import Elided, Label
from .connection_test import TestPanel
from .key_field import KeyField
from .own_service import OwnServiceBar
from .page import Page
from .row import SettingRow
from .values import KeyState, ProviderDraft, ProviderPageSpec


class ProviderPage(Page):
    """Address, key, default model, connection test.

    All signals begin with the provider's id: `test_requested(id, draft)`, `test_cancelled`, `key_entered(id, address,
    key)`, `key_removed(id, address)`, `unlock_requested`, `address_changed(id, address)`, `model_changed(id, model)`,
    `chosen` (use for chat), of one's own service `edit_requested` and `removed`, `action_requested(id, action, draft)`:
    a button of the verdict that this page cannot do by itself.
    """

    test_requested = Signal(str, ProviderDraft)
    test_cancelled = Signal(str)
    key_entered = Signal(str, str, str)
    key_removed = Signal(str, str)
    unlock_requested = Signal(str)
    address_changed = Signal(str, str)
    model_changed = Signal(str, str)
    chosen = Signal(str)
    edit_requested = Signal(str)
    removed = Signal(str)
    action_requested = Signal(str, str, ProviderDraft)

    def __init__(self, look: Look, spec: ProviderPageSpec, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._spec = spec
        self._test_after_key = False
        self._heading = Elided(look, spec.label, delta=3, bold=True)
        self._use = Button(look, "&Use for chat")
        self._used = Label(look, "Used for chat", "muted", -1)
        self._description = Label(look, spec.description, "muted", -1, wrap=True)
        self.own = OwnServiceBar(look)
        self.address = QLineEdit()
        self.key = KeyField(look, placeholder="Paste or type a key" if spec.needs_key else "Only if the server asks")
        self.model = SuggestField(look, "Default model")
        self.test = TestPanel(look)
        self._address_row = SettingRow(look, "&Address", self.address, buddy=self.address)
        self._key_row = SettingRow(look, "&Key", self.key, buddy=self.key.edit)
        self._model_row = SettingRow(look, "Default &model", self.model, buddy=self.model.edit)
        self._build(spec)
        self._connect()
        look.changed.connect(self._restyle)
        self._restyle()
        self.show_spec(spec)

    def _build(self, spec: ProviderPageSpec) -> None:
        self.address.setAccessibleName("Address")
        head = row(self._heading, None, self._used, self._use)
        self._add(column(column(head, self._description, gap=4), self.own), 16)
        if spec.connects:
            test_row = SettingRow(self._look, "Connection", self.test)
            self._add(self._address_row, 12, self._key_row, 12, self._model_row, 16, Rule(), 16, test_row)
        else:
            for line in (self._address_row, self._key_row, self._model_row, self.test):
                line.setParent(self)
                line.hide()
        self._layout.addStretch(1)

    def _connect(self) -> None:
        self.address.textChanged.connect(self._judge_address)
        self.address.editingFinished.connect(self._save_address)
        self.key.entered.connect(self._save_key)
        self.key.removed.connect(self._remove_key)
        self.key.unlock_requested.connect(self._unlock)
        self.model.changed.connect(self._save_model)
        self.test.start_clicked.connect(self._test)
        self.test.cancel_clicked.connect(self._cancel_test)
        self.test.action_clicked.connect(self._act)
        self._use.clicked.connect(self._choose)
        self.own.edit_requested.connect(self._edit)
        self.own.removed.connect(self._remove)

    @property
    def spec(self) -> ProviderPageSpec:
        return self._spec

    def show_spec(self, spec: ProviderPageSpec) -> None:
        """Show what is saved. A field that has the focus keeps what is being typed."""
        self._spec = spec
        self._heading.setText(spec.label)
        self._description.setText(spec.description)
        self._description.setVisible(bool(spec.description))
        self.own.show_service(spec.label)
        self.own.setVisible(spec.own is not None)
        self.address.setPlaceholderText(spec.default_address or "http://127.0.0.1:8080/v1")
        if not self.address.hasFocus():
            self.address.setText(spec.address)
        if not self.model.edit.hasFocus():
            self.model.set_text(spec.model)
        self.show_models(spec.models)
        self.show_key(spec.key_state)
        self._use.setVisible(not spec.in_use)
        self._used.setVisible(spec.in_use)
        self._show_locks(spec)
        self._judge_address()

    def _show_locks(self, spec: ProviderPageSpec) -> None:
        """What somebody else decides is shown and cannot be changed, and says who that is."""
        self._use.setEnabled(not spec.choice_locked_by)
        self._use.setToolTip(spec.choice_locked_by)
        for field, decided in ((self.address, spec.address_locked_by), (self.model, spec.model_locked_by)):
            field.setEnabled(not decided)
            field.setToolTip(decided)
        self._model_row.set_note(spec.model_locked_by)

    def show_key(self, state: KeyState) -> None:
        self._spec = replace(self._spec, key_state=state)
        self.key.show_state(state)
        self._key_row.set_drop(0 if state.kind in ("none", "unavailable") else 8)

    def show_models(self, names: Sequence[str]) -> None:
        self.model.set_choices(names)
        # A service's list begins with anything: there the user chooses, elsewhere the first one answers.
        unlisted = "Choose one" if names else "Test connection lists them"
        self.model.set_placeholder(unlisted if self._spec.needs_key else "The first one that is listed")

    def draft(self) -> ProviderDraft:
        return ProviderDraft(self._address(), self.key.typed_key(), self.model.text())

    def _address(self) -> str:
        return self.address.text().strip() or self._spec.default_address

    def _judge_address(self) -> None:
        problem = address_problem(self._address())
        shown = problem if self.address.text().strip() else ""
        self._address_row.set_note(shown or self._spec.address_locked_by, "bad" if shown else "muted")
        ring = "bad" if shown else ""
        if self.address.property("ring") != ring:
            self.address.setProperty("ring", ring)
            repolish(self.address)
        self.test.set_possible(problem)

    def _save_address(self) -> None:
        address = self._address()
        if address != (self._spec.address or self._spec.default_address) and not address_problem(address):
            self.address_changed.emit(self._spec.id, address)

    def _save_key(self, key: str) -> None:
        again, self._test_after_key = self._test_after_key, False
        draft = ProviderDraft(self._address(), key, self.model.text())
        self.key_entered.emit(self._spec.id, draft.address, key)
        if again:
            # The key's field has gone; whoever waits for the verdict waits here.
            self.test.button.setFocus(Qt.FocusReason.OtherFocusReason)
            self.test_requested.emit(self._spec.id, draft)

    def _remove_key(self) -> None:
        self.key_removed.emit(self._spec.id, self._address())

    def _unlock(self) -> None:
        self.unlock_requested.emit(self._spec.id)

    def _save_model(self, model: str) -> None:
        self.model_changed.emit(self._spec.id, model)

    def _choose(self) -> None:
        self.chosen.emit(self._spec.id)

    def _edit(self) -> None:
        self.edit_requested.emit(self._spec.id)

    def _remove(self) -> None:
        self.removed.emit(self._spec.id)

    def _test(self, ask: bool) -> None:
        self.test_requested.emit(self._spec.id, replace(self.draft(), ask=ask))

    def _cancel_test(self) -> None:
        self.test_cancelled.emit(self._spec.id)

    def _act(self, action: str) -> None:
        match action:
            case "replace_key":
                self._test_after_key = True
                self.key.replace()
            case "choose_model":
                _write_into(self.model.edit)
            case "edit_address":
                _write_into(self.address)
            case "use_address":
                self.address.setText(self.test.proposed_address)
                self._save_address()
                self._test(ask=False)
            case _:
                self._save_address()  # what is downloaded goes to the server of the settings
                self.action_requested.emit(self._spec.id, action, self.draft())

    def _restyle(self) -> None:
        self.address.setFont(self._look.theme.face())


def _write_into(field: QLineEdit) -> None:
    field.setFocus(Qt.FocusReason.OtherFocusReason)
    field.selectAll()
