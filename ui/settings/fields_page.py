"""A settings page made from declared fields."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from ..look.theme import Look
from ..parts.choice_field import ChoiceField
from ..parts.frames import row
from ..parts.labels import Label
from .page import Page
from .row import SettingRow
from .values import FieldSpec


class FieldsPage(Page):
    """Lines made from declared settings. `changed(id, value)` for each that is valid."""

    changed = Signal(str, object)

    def __init__(self, look: Look, title: str, fields: Sequence[FieldSpec], parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._add(row(Label(look, title, delta=3, bold=True), None, height=look.theme.control), 16)
        self._controls: dict[str, ChoiceField | QLineEdit] = {}
        for field in fields:
            self._add_field(field)
        self._layout.addStretch(1)
        look.changed.connect(self._restyle)
        self._restyle()

    def _add_field(self, field: FieldSpec) -> None:
        control: ChoiceField | QLineEdit
        if field.kind == "choice":
            control = ChoiceField(self._look, field.label, field.choices, str(field.value))
            control.picked.connect(self._picked)
        else:
            control = QLineEdit(str(field.value))
            control.setAccessibleName(field.label)
            control.editingFinished.connect(self._typed)
        control.setProperty("setting", field.id)
        control.setProperty("number", field.kind == "number")
        control.setEnabled(not field.locked_by)
        note = f"Decided by {field.locked_by}." if field.locked_by else field.help
        control.setToolTip(note if field.locked_by else "")
        self._controls[field.id] = control
        self._add(SettingRow(self._look, field.label, control, buddy=control, note=note), 12)

    def show_field(self, field: FieldSpec) -> None:
        control = self._controls[field.id]
        if isinstance(control, ChoiceField):
            control.set_value(str(field.value))
        elif not control.hasFocus():
            control.setText(str(field.value))

    def _picked(self, value: str) -> None:
        sender = self.sender()
        if sender:
            self.changed.emit(str(sender.property("setting")), value)

    def _typed(self) -> None:
        sender = self.sender()
        if not isinstance(sender, QLineEdit):
            return
        text = sender.text().strip()
        if not sender.property("number"):
            self.changed.emit(str(sender.property("setting")), text)
        elif text.isascii() and text.isdigit():
            self.changed.emit(str(sender.property("setting")), int(text))

    def _restyle(self) -> None:
        for control in self._controls.values():
            if isinstance(control, QLineEdit):
                control.setFont(self._look.theme.face())
