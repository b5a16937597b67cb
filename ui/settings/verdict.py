"""How a connection test ended, with the buttons that help: a line if it passed, a card if it did not."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ..look.icons import Glyph
from ..look.theme import Look
from ..parts.controls import Button
from ..parts.details import Details
from ..parts.flow import FlowLayout
from ..parts.frames import Card, column, grow, row
from ..parts.labels import Elided, Label
from .values import TestAction, TestVerdict

MOST_ACTIONS = 2
_WORDS: dict[TestAction, str] = {
    "ask": "Send one question",
    "replace_key": "Replace key",
    "open_key_page": "Open key page",
    "open_billing_page": "Open billing page",
    "choose_model": "Choose a model",
    "download": "Download",
    "edit_address": "Change address",
    "use_address": "Use {address}",
    "open_network": "Proxy settings",
    "open_certificates": "Choose certificates",
    "open_limits": "Change the limits",
    "retry": "Retry",
}


class Verdict(QWidget):
    """One verdict. `acted(action)`: one of its buttons was pressed."""

    acted = Signal(str)

    def __init__(self, look: Look, verdict: TestVerdict, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._verdict = verdict
        column(self._passed() if verdict.ok else self._failed(), into=self)

    @property
    def address(self) -> str:
        return self._verdict.address

    def _passed(self) -> QWidget:
        look, verdict = self._look, self._verdict
        title, text = Elided(look, verdict.title, bold=True), Elided(look, verdict.text, "muted", -1)
        words, beside = _wrapping()
        for part in (title, text):
            part.setFixedHeight(title.sizeHint().height())
            beside.addWidget(part)
        buttons = self._buttons()
        glyph = column(Glyph(look, "check", "ok"), None)
        return row(glyph, grow(column(words, buttons)), margins=(12, 4, 0, 0))

    def _failed(self) -> QWidget:
        look, verdict = self._look, self._verdict
        details = Details(look, verdict.detail) if verdict.detail else None
        below = [self._buttons(details)]
        if details:
            below.append(details)
        title = Label(look, verdict.title, bold=True, wrap=True)
        words = column(title, Label(look, verdict.text, "muted", wrap=True), *below, gap=4)
        glyph = column(Glyph(look, "cross", "bad"), None)
        return row(glyph, grow(words), margins=(11, 11, 11, 11), into=Card(look, "alert"))

    def _buttons(self, details: Details | None = None) -> QWidget:
        box, wrapping = _wrapping()
        wrapping.setContentsMargins(0, 4, 0, 0)
        for action in self._verdict.actions[:MOST_ACTIONS]:
            words = _WORDS[action].format(address=self._verdict.address)
            button = Button(self._look, words, gives_way=bool(self._verdict.address))
            button.setProperty("action", action)
            button.clicked.connect(self._act)
            wrapping.addWidget(button)
        if details:
            wrapping.addWidget(details.button)
        if not wrapping.count():
            box.hide()
        return box

    def _act(self) -> None:
        if sender := self.sender():
            self.acted.emit(str(sender.property("action")))


def _wrapping() -> tuple[QWidget, FlowLayout]:
    box = QWidget()
    return box, FlowLayout(box, gap=8)
