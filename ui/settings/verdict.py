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
        title = Label(look, verdict.title, bold=True)
        words = row(Glyph(look, "check", "ok"), title, Elided(look, verdict.text, "muted", -1), None)
        words.setFixedHeight(look.theme.control)
        line, wrapping = _wrapping(8)
        wrapping.setContentsMargins(12, 0, 0, 0)
        wrapping.addWidget(words)
        self._add_buttons(wrapping, "quiet")
        return line

    def _failed(self) -> QWidget:
        look, verdict = self._look, self._verdict
        buttons, wrapping = _wrapping(8)
        wrapping.setContentsMargins(0, 4, 0, 0)
        self._add_buttons(wrapping, "")
        below: list[QWidget] = [buttons]
        if verdict.detail:
            details = Details(look, verdict.detail)
            wrapping.addWidget(details.button)
            below.append(details)
        title = Label(look, verdict.title, bold=True, wrap=True)
        words = column(title, Label(look, verdict.text, "muted", wrap=True), *below, gap=4)
        glyph = column(Glyph(look, "cross", "bad"), None)
        return row(glyph, grow(words), margins=(11, 11, 11, 11), into=Card(look, "alert"))

    def _add_buttons(self, line: FlowLayout, kind: str) -> None:
        for action in self._verdict.actions[:MOST_ACTIONS]:
            words = _WORDS[action].format(address=self._verdict.address)
            button = Button(self._look, words, kind, gives_way=bool(self._verdict.address))
            button.setProperty("action", action)
            button.clicked.connect(self._act)
            line.addWidget(button)

    def _act(self) -> None:
        if sender := self.sender():
            self.acted.emit(str(sender.property("action")))


def _wrapping(gap: int) -> tuple[QWidget, FlowLayout]:
    box = QWidget()
    return box, FlowLayout(box, gap=gap)
