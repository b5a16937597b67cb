"""A key: a field to type or paste one, or a card that says where it is kept.

A saved key is never shown, copied or held here; the field is emptied the moment its key is handed on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLineEdit, QWidget

from ...providers.key_text import clean_key, key_problem, key_warning, password_problem
from ..look.icons import BUSY, Glyph
from ..look.theme import Look
from ..parts.controls import Button, ToolButton
from ..parts.frames import Card, column, grow, repolish, row
from ..parts.labels import Label
from .values import KeyState

_HINTS = (
    Qt.InputMethodHint.ImhSensitiveData
    | Qt.InputMethodHint.ImhHiddenText
    | Qt.InputMethodHint.ImhNoPredictiveText
    | Qt.InputMethodHint.ImhNoAutoUppercase
)


@dataclass(frozen=True)
class SecretKind:
    """What is typed: `cleaned` of what comes along, refused with a `problem`, taken with a `warning`."""

    name: str
    cleaned: Callable[[str], str]
    problem: Callable[[str], str]
    warning: Callable[[str], str]


KEY = SecretKind("key", clean_key, key_problem, key_warning)
PASSWORD = SecretKind("password", str, password_problem, lambda _: "")
"""Taken as it is: blanks and quotes may be part of it."""


class SecretEdit(QLineEdit):
    """A line that is hidden unless peeked at. `enter_pressed` instead of the dialog's default button; `escaped`."""

    enter_pressed = Signal()
    escaped = Signal()

    def __init__(self, look: Look, kind: SecretKind = KEY, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._kind = kind
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setInputMethodHints(_HINTS)
        self.setAccessibleName(kind.name.capitalize())
        self.textChanged.connect(self._clean)
        look.changed.connect(self._restyle)
        self._restyle()

    def peek(self, shown: bool) -> None:
        self.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)
        self.setInputMethodHints(_HINTS)

    def mark_bad(self, bad: bool) -> None:
        ring = "bad" if bad else ""
        if self.property("ring") != ring:
            self.setProperty("ring", ring)
            repolish(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.enter_pressed.emit()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    def _clean(self, text: str) -> None:
        cleaned = self._kind.cleaned(text)
        if cleaned != text:
            self.setText(cleaned)

    def _restyle(self) -> None:
        self.setFont(self._look.theme.face())


class KeyField(QWidget):
    """Signals: `entered(key)` by Enter or Save, `removed`, `edited` (what is typed changed), `unlock_requested`."""

    entered = Signal(str)
    removed = Signal()
    edited = Signal()
    unlock_requested = Signal()

    def __init__(
        self,
        look: Look,
        *,
        kind: SecretKind = KEY,
        placeholder: str = "",
        save: str = "Save",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._kind = kind
        self._state = KeyState()
        self.edit = SecretEdit(look, kind)
        self.edit.setPlaceholderText(placeholder)
        self._peek = ToolButton(look, "eye", "Show what is typed")
        self._peek.setCheckable(True)
        self._save = Button(look, save)
        self._cancel = Button(look, "Cancel", "quiet")
        self._note = Label(look, "", "muted", -1, wrap=True)
        self._glyph = Glyph(look, "key")
        self._words = Label(look, wrap=True)
        self._replace = Button(look, "Replace")
        self._remove = Button(look, "Remove")
        self._unlock = Button(look, "Unlock")
        self._build()
        self._connect()
        self.show_state(KeyState())

    def _build(self) -> None:
        self._entry = row(grow(self.edit), self._peek, self._save, self._cancel, gap=4)
        self._card = Card(self._look)
        self._card_layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._card)
        self._card_layout.setContentsMargins(11, 7, 7, 7)
        self._card_layout.setSpacing(8)
        self._card_layout.addWidget(row(self._glyph, grow(self._words)), 1)
        self._card_layout.addWidget(row(self._replace, self._remove, None))
        self._help = row(self._unlock, None)
        column(self._entry, self._card, self._note, self._help, gap=4, into=self)

    def _connect(self) -> None:
        self.edit.textChanged.connect(self._judge)
        self.edit.enter_pressed.connect(self.save)
        self.edit.escaped.connect(self._give_up)
        self._save.clicked.connect(self.save)
        self._cancel.clicked.connect(self._give_up)
        self._peek.toggled.connect(self.edit.peek)
        self._replace.clicked.connect(self.replace)
        self._remove.clicked.connect(self.removed)
        self._unlock.clicked.connect(self.unlock_requested)

    @property
    def state(self) -> KeyState:
        return self._state

    def typed_key(self) -> str:
        """What is typed and not saved, if it can be a key."""
        return "" if self._kind.problem(self.edit.text()) else self.edit.text()

    def show_state(self, state: KeyState) -> None:
        """Say where the key is. What is typed meanwhile stays."""
        self._state = state
        writing = state.kind in ("none", "unavailable") or (bool(self.edit.text()) and state.kind != "loading")
        self._show_card(state)
        self._show_entry(writing)
        self._unlock.setText("Unlock" if state.remedy == "unlock" else "Try again")
        self._help.setVisible(bool(state.remedy))

    def replace(self) -> None:
        """Ask for another key."""
        if self._state.kind in ("environment", "loading"):
            return
        self._show_entry(True)
        self.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def save(self) -> None:
        """Hand the typed key on, and forget it."""
        key = self.typed_key()
        if not key:
            return
        self._clear()
        self._state = KeyState("loading", f"Saving the {self._kind.name}\u2026")
        self.show_state(self._state)
        self.entered.emit(key)

    def _give_up(self) -> None:
        self._clear()
        self.show_state(self._state)
        if self._card.isVisibleTo(self):
            self._replace.setFocus(Qt.FocusReason.OtherFocusReason)

    def _clear(self) -> None:
        self.edit.clear()
        self._peek.setChecked(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def _fold(self) -> None:
        """Buttons go below the words where both do not fit: where a key is kept is said whole."""
        buttons = self._replace.sizeHint().width() + self._remove.sizeHint().width()
        needed = 16 + 8 + self._words.sizeHint().width() + 8 + buttons + 8 + 18
        directions = QBoxLayout.Direction
        folded = self.width() < needed and self._replace.isVisibleTo(self)
        self._card_layout.setDirection(directions.TopToBottom if folded else directions.LeftToRight)

    def _show_entry(self, writing: bool) -> None:
        self._entry.setVisible(writing)
        self._card.setVisible(not writing)
        self._cancel.setVisible(self._state.kind in ("session", "keyring"))
        self._judge()

    def _show_card(self, state: KeyState) -> None:
        ending = f" - ends \u2026{state.ending}" if state.ending else ""
        name = self._kind.name.capitalize()
        words = {
            "loading": state.where or f"Looking for the {self._kind.name}\u2026",
            "session": f"{name} kept until you quit{ending}{f'. {state.where}' if state.where else ''}",
            "environment": f"Set in {state.where}{ending}",
            "keyring": f"{name} saved in {state.where}{ending}",
        }.get(state.kind, "")
        self._words.setText(words)
        self._glyph.show_icon(BUSY if state.kind == "loading" else "key")
        fixed = state.kind == "environment"
        why = f"To use another key, unset {state.where} and start again." if fixed else ""
        for button in (self._replace, self._remove):
            button.setVisible(state.kind != "loading")
            button.setEnabled(not fixed)
            button.setToolTip(why)
        self._fold()

    def _judge(self) -> None:
        text = self.edit.text()
        problem = self._kind.problem(text)
        no_store = self._state.where if self._state.kind == "unavailable" else ""
        note = problem or self._kind.warning(text) or no_store
        self.edit.mark_bad(bool(problem))
        self._note.setText(note)
        self._note.set_voice("bad" if problem else "muted")
        self._note.setVisible(bool(note) and self._entry.isVisibleTo(self))
        self._save.setEnabled(bool(text) and not problem)
        self._save.setToolTip("" if text else f"Paste a {self._kind.name} first")
        self._peek.setVisible(bool(text))
        self.edited.emit()
