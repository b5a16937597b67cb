"""A settings page made from declared fields, in groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ..look.theme import Look
from ..parts.frames import column, row
from ..parts.labels import Label
from .controls import SecretControl
from .field import Field
from .key_field import KeyField
from .page import Page
from .values import FieldSpec

GAP = 12
TAKEN = "c"
"""Letters of mnemonics that stand beside every page: Close."""


class FieldsPage(Page):
    """Lines made from declared settings. `given(id, words)` and `reset(id)` of each; of a secret `secret_entered(id,
    text)`, `secret_removed(id)` and `unlock_requested(id)` instead.
    """

    given = Signal(str, str)
    reset = Signal(str)
    secret_entered = Signal(str, str)
    secret_removed = Signal(str)
    unlock_requested = Signal(str)

    def __init__(self, look: Look, title: str, fields: Sequence[FieldSpec], parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._add(row(Label(look, title, delta=3, bold=True), None, height=look.theme.control), 16)
        self._fields: dict[str, Field] = {}
        self._groups: list[tuple[QWidget, list[Field]]] = []
        names = iter(with_mnemonics(field.label for field in fields))
        for title, group in groupby(fields, key=_group):
            self._add_group(title, list(group), names)
        self._layout.addStretch(1)

    def field(self, field_id: str) -> Field:
        """Raises KeyError."""
        return self._fields[field_id]

    def show_only(self, found: Collection[str] | None) -> None:
        """Hides all fields but these, and marks them; None shows all, unmarked."""
        for name, field in self._fields.items():
            field.setVisible(found is None or name in found)
            field.mark(found is not None and name in found)
        for box, fields in self._groups:
            box.setVisible(any(not field.isHidden() for field in fields))

    def first(self) -> Field | None:
        """The first that is shown and can be changed."""
        shown = (field for field in self._fields.values() if not field.isHidden() and field.control.isEnabled())
        return next(shown, None)

    def _add_group(self, title: str, fields: list[FieldSpec], names: Iterator[str]) -> None:
        made = [Field(self._look, field, next(names)) for field in fields]
        heading = Label(self._look, title, bold=True)
        heading.setVisible(bool(title))
        # A column closes up around what a search hides.
        self._add(box := column(heading, *made, gap=GAP), 24)
        self._groups.append((box, made))
        self._rows += made
        for field in made:
            field.given.connect(self.given)
            field.reset.connect(self.reset)
            self._fields[field.field.id] = field
            if isinstance(field.control, SecretControl):
                self._connect_secret(field.field.id, field.control.key)

    def _connect_secret(self, field_id: str, key: KeyField) -> None:
        key.setProperty("field", field_id)
        key.entered.connect(self._enter_secret)
        key.removed.connect(self._remove_secret)
        key.unlock_requested.connect(self._unlock)

    def _from(self) -> str:
        """Which secret has just signalled."""
        sender = self.sender()
        return str(sender.property("field")) if sender else ""

    def _enter_secret(self, secret: str) -> None:
        self.secret_entered.emit(self._from(), secret)

    def _remove_secret(self) -> None:
        self.secret_removed.emit(self._from())

    def _unlock(self) -> None:
        self.unlock_requested.emit(self._from())


def with_mnemonics(names: Iterable[str]) -> list[str]:
    """Each name with an & before a letter that no other has, where one is left."""
    taken, marked = set(TAKEN), list[str]()
    for name in names:
        at = next((place for place, letter in enumerate(name) if letter.isalpha() and letter.lower() not in taken), -1)
        if at >= 0:
            taken.add(name[at].lower())
        marked.append(f"{name[:at]}&{name[at:]}" if at >= 0 else name)
    return marked


def _group(field: FieldSpec) -> str:
    return field.group
