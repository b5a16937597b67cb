"""The empty chat once a provider is chosen: who answers, about what, and a few questions to begin with."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from .look.measures import gutter
from .look.theme import Look
from .parts.controls import Button
from .parts.frames import Scroll, column
from .parts.labels import Label

QUESTIONS = ("What does this script do?", "Which files does it read and write?", "Which nodes are disabled?")


class EmptyChat(QWidget):
    """Signals: `question_chosen(text)`, `open_requested` (a script)."""

    question_chosen = Signal(str)
    open_requested = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._who = ""
        self._script = ""
        self._title = Label(look, "", delta=3, bold=True, wrap=True)
        self._text = Label(look, "", "muted", wrap=True)
        self._open = Button(look, "Open a script")
        self._questions = [Button(look, question) for question in QUESTIONS]
        self._choices = column(*self._questions, gap=4)
        self._body = column(self._title, 8, self._text, 16, self._open, self._choices, None, gap=0)
        column(Scroll(self._body), gap=0, into=self)
        self._open.clicked.connect(self.open_requested)
        for button in self._questions:
            button.clicked.connect(self._choose)
        self._show()

    def set_who(self, name: str) -> None:
        """The model that answers, or the service while none is named."""
        self._who = name
        self._show()

    def set_script(self, name: str) -> None:
        """The open script's name; "" for none."""
        self._script = name
        self._show()

    def title(self) -> str:
        return self._title.text()

    def _show(self) -> None:
        self._title.setText(f"Ask about {self._script}" if self._script else "No script is open")
        what = "It is read, not changed." if self._script else "Open one, or ask about anything else."
        self._text.setText(f"{what} {self._who} answers." if self._who else what)
        self._open.setVisible(not self._script)
        self._choices.setVisible(bool(self._script))

    def _choose(self) -> None:
        sender = self.sender()
        if isinstance(sender, Button):
            self.question_chosen.emit(sender.text())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side = gutter(self.width())
        layout = self._body.layout()
        if layout:
            layout.setContentsMargins(side, 20, side, 12)
