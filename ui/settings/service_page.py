"""The form of a service of the user's own: its name, format, address and headers. Judges no more than empty fields.

Handed on whole, with its button; what is wrong with it is shown under the fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from ..look.theme import Look
from ..parts.choice_field import ChoiceField
from ..parts.controls import Button
from ..parts.frames import Card, column, repolish, row
from ..parts.labels import Label
from .controls import Switch
from .page import Page
from .row import SettingRow
from .values import ServiceDraft

WHAT = "A server of your own, or a service that is not in the list. What it needs to be asked is kept in your settings."
HEADERS = "One a line, as Name: value. {key} stands for the key; a key itself is not taken here."
NEEDS_KEY = "Paste it on the service's own page; it goes into the keyring."
LINES = 3


class HeaderLines(QPlainTextEdit):
    """A few lines of plain text, at which Tab goes on. `box` is what they lie in, and has the ring."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setPlaceholderText("X-Team: comp")
        self.setAccessibleName("Headers")
        self.document().setDocumentMargin(0)
        self.box = column(self, margins=(6, 4, 6, 4), into=Card(look, "field"))
        look.changed.connect(self._restyle)
        self._restyle()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._ring("true")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._ring("")

    def _ring(self, ring: str) -> None:
        if self.box.property("ring") != "bad":
            _set_ring(self.box, ring)

    def _restyle(self) -> None:
        self.setFont(self._look.theme.face(mono=True))
        self.setFixedHeight(self.fontMetrics().lineSpacing() * LINES)


class ServicePage(Page):
    """`given(draft)`: to be judged, and answered with `show_errors` or by closing the form. `left`: not wanted."""

    given = Signal(ServiceDraft)
    left = Signal()

    def __init__(
        self,
        look: Look,
        draft: ServiceDraft,
        formats: Sequence[tuple[str, str]],
        *,
        title: str,
        button: str,
        locked_by: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, parent)
        self.name = QLineEdit()
        self.name.setAccessibleName("Name")
        self.format = ChoiceField(look, "Format", formats, draft.format)
        self.address = QLineEdit()
        self.address.setAccessibleName("Address")
        self.address.setPlaceholderText("https://ai.studio.lan/v1")
        self.headers = HeaderLines(look)
        self.needs_key = Switch(look)
        self.needs_key.setAccessibleName("Needs a key")
        self._give = Button(look, button)
        self._leave = Button(look, "Cancel", "quiet")
        self._notes = {"headers": HEADERS, "needs_key": NEEDS_KEY}
        self._lines = self._make_lines()
        self._fields: dict[str, QWidget] = {"label": self.name, "address": self.address, "headers": self.headers}
        self._build(title, locked_by)
        self._connect()
        self.show_draft(draft)
        look.changed.connect(self._restyle)
        self._restyle()

    def _make_lines(self) -> dict[str, SettingRow]:
        look = self._look
        return {
            "label": SettingRow(look, "&Name", self.name, buddy=self.name),
            "format": SettingRow(look, "&Format", self.format, buddy=self.format),
            "address": SettingRow(look, "&Address", self.address, buddy=self.address),
            "headers": SettingRow(look, "&Headers", self.headers.box, buddy=self.headers, note=HEADERS),
            "needs_key": SettingRow(
                look, "Needs a &key", row(self.needs_key, None), buddy=self.needs_key, note=NEEDS_KEY
            ),
        }

    def _build(self, title: str, locked_by: str) -> None:
        heading = Label(self._look, title, delta=3, bold=True, wrap=True)
        self._add(column(heading, Label(self._look, locked_by or WHAT, "muted", -1, wrap=True), gap=4), 16)
        for line in self._lines.values():
            self._add(line, 12)
            line.setEnabled(not locked_by)
        self._give.setEnabled(not locked_by)
        self._give.setToolTip(locked_by)
        self._add(4, SettingRow(self._look, "", row(self._give, self._leave, None)))
        self._layout.addStretch(1)

    def _connect(self) -> None:
        for edit in (self.name, self.address):
            edit.returnPressed.connect(self._hand_on)
            edit.textEdited.connect(self._forgive)
        self.headers.textChanged.connect(self._forgive)
        self._give.clicked.connect(self._hand_on)
        self._leave.clicked.connect(self.left)

    def draft(self) -> ServiceDraft:
        return ServiceDraft(
            self.name.text().strip(),
            self.format.value,
            self.address.text().strip(),
            self.headers.toPlainText().strip(),
            self.needs_key.isChecked(),
        )

    def show_draft(self, draft: ServiceDraft) -> None:
        self.name.setText(draft.label)
        self.format.set_value(draft.format)
        self.address.setText(draft.address)
        self.headers.setPlainText(draft.headers)
        self.needs_key.setChecked(draft.needs_key)
        self.show_errors({})

    def begin(self) -> None:
        """Whoever opened the form writes in it."""
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """What is wrong, a sentence under each field: "label", "format", "address", "headers". The first is focused."""
        for name, line in self._lines.items():
            wrong = errors.get(name, "")
            line.set_note(wrong or self._notes.get(name, ""), "bad" if wrong else "muted")
            if field := self._fields.get(name):
                self._mark(field, wrong)
        if first := next((field for name, field in self._fields.items() if name in errors), None):
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _mark(self, field: QWidget, wrong: str) -> None:
        field.setAccessibleDescription(wrong)
        ringed = self.headers.box if field is self.headers else field
        around = "true" if field is self.headers and field.hasFocus() else ""
        _set_ring(ringed, "bad" if wrong else around)

    def _hand_on(self) -> None:
        self.given.emit(self.draft())

    def _forgive(self) -> None:
        """While somebody types there is nothing to complain of yet."""
        name = next((name for name, field in self._fields.items() if field is self.sender()), "")
        if name:
            self._lines[name].set_note(self._notes.get(name, ""))
            self._mark(self._fields[name], "")

    def _restyle(self) -> None:
        for edit in (self.name, self.address):
            edit.setFont(self._look.theme.face())


def _set_ring(widget: QWidget, ring: str) -> None:
    if widget.property("ring") != ring:
        widget.setProperty("ring", ring)
        repolish(widget)
