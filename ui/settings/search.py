"""Finds settings by any of their words: the field for it, and what is found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QWidget

from ..look.theme import Look
from ..parts.frames import column, grow
from ..parts.labels import Label
from .values import FieldSpec, ProviderPageSpec


@dataclass(frozen=True)
class Found:
    """What a search shows: the ids of pages, and of their fields those that were meant."""

    pages: frozenset[str]
    fields: frozenset[str]


class Search(QWidget):
    """The field above the list. `changed(words)` while somebody types, `entered` with Enter; Esc empties it first."""

    changed = Signal(str)
    entered = Signal()

    def __init__(self, look: Look, pages: QWidget) -> None:
        super().__init__()
        self._look = look
        self.edit = _Words()
        keys = QKeySequence(QKeySequence.StandardKey.Find).toString(QKeySequence.SequenceFormat.NativeText)
        self.edit.setPlaceholderText(f"Search ({keys})")
        self.edit.setAccessibleName("Search settings")
        self._nothing = Label(look, "Nothing is called that.", "muted", -1, wrap=True)
        self._nothing.hide()
        column(self.edit, self._nothing, grow(pages), into=self)
        self.edit.textChanged.connect(self.changed)
        self.edit.returnPressed.connect(self.entered)
        look.changed.connect(self._restyle)
        self._restyle()

    def say(self, pages: int) -> None:
        """How much was found."""
        self._nothing.setVisible(not pages)
        self.edit.setAccessibleDescription("" if pages else self._nothing.text())

    def begin(self) -> None:
        """Whoever types now searches."""
        self.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.edit.selectAll()

    def _restyle(self) -> None:
        self.edit.setFont(self._look.theme.face())


class _Words(QLineEdit):
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


def find(words: str, providers: Iterable[ProviderPageSpec], pages: Mapping[str, Iterable[FieldSpec]]) -> Found:
    """Where every word stands: in what a provider is called, or in what a setting is called and for."""
    wanted = words.casefold().split()
    found = [spec.id for spec in providers if _has(wanted, f"{spec.label} {spec.id} {spec.description}")]
    fields = {page: {field.id for field in of if _has(wanted, field.words)} for page, of in pages.items()}
    return Found(
        frozenset((*found, *(page for page, ids in fields.items() if ids))),
        frozenset(field for ids in fields.values() for field in ids),
    )


def _has(wanted: list[str], text: str) -> bool:
    folded = text.casefold()
    return all(word in folded for word in wanted)
