"""The lines and cards around an answer's text: who is writing, how it ended, what went wrong, what it cost."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ...providers.errors import KINDS, Problem
from ..look.icons import BUSY, Glyph
from ..look.theme import Look
from ..parts.controls import Button, ToolButton
from ..parts.details import Details
from ..parts.flow import FlowLayout
from ..parts.frames import Card, column, grow, row
from ..parts.labels import Elided, Label
from .clean_text import clean_text

SMALL = 14
NARROW = 340
"""Px of an answer in a pane that is narrower than 360."""
QUIET_MS = 200


@dataclass(frozen=True)
class FooterText:
    """`when` as "14:02", `tokens` as "2,184 in, 412 out", each may be empty."""

    when: str
    model: str
    tokens: str


class StatusLine(QWidget):
    """Who is doing what. Its height is there from the start; the words come when it takes longer than a moment."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._arc = Glyph(look, BUSY, "muted", SMALL)
        # Its end counts: for how long, or how long still.
        self._words = Elided(look, "", "muted", -1, mode=Qt.TextElideMode.ElideMiddle)
        self._escape = Label(look, "Esc stops", "muted", -1)
        row(self._arc, self._words, None, self._escape, gap=4, into=self)
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(QUIET_MS)
        self._quiet.timeout.connect(self._speak)
        self._show(False)
        self._quiet.start()
        self._restyle()
        look.changed.connect(self._restyle)

    @property
    def text(self) -> str:
        return self._words.text()

    @property
    def speaking(self) -> bool:
        return not self._arc.isHidden()

    def set_text(self, text: str) -> None:
        self._words.setText(clean_text(text))
        self._words.updateGeometry()

    def _speak(self) -> None:
        self._show(True)

    def _show(self, shown: bool) -> None:
        for part in (self._arc, self._words, self._escape):
            part.setVisible(shown)

    def _restyle(self) -> None:
        self.setFixedHeight(self._look.theme.control)


class StoppedLine(QWidget):
    """What a stopped answer ends with; its text stays."""

    again = Signal()

    def __init__(self, look: Look, when: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = f"Stopped by you at {when}" if when else "Stopped by you"
        self.setAccessibleName(words)
        button = Button(look, "Answer again", "quiet")
        button.clicked.connect(self.again)
        self.stops: list[QWidget] = [button]
        row(Glyph(look, "stop", "muted", SMALL), Elided(look, words, "muted", -1), None, button, gap=4, into=self)


class Footer(QWidget):
    """When, by whom, with how many tokens; copy and answer again. Narrow: tokens only, the rest in the tooltip."""

    copy = Signal()
    again = Signal()

    def __init__(self, look: Look, text: FooterText, *, again: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text, self._look = text, look
        self._words = Elided(look, "", "muted", -1)
        copy = ToolButton(look, "copy", "Copy as Markdown")
        copy.clicked.connect(self.copy)
        self.stops: list[QWidget] = [copy]
        if again:
            button = ToolButton(look, "refresh", "Answer again")
            button.clicked.connect(self.again)
            self.stops.append(button)
        row(self._words, None, *self.stops, gap=0, into=self)
        self._restyle()
        look.changed.connect(self._restyle)

    @property
    def text(self) -> str:
        return self._words.text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        everything = ", ".join(part for part in (self._text.when, self._text.model, self._text.tokens) if part)
        short = self._text.tokens or self._text.when
        text = short if self.width() < NARROW else everything
        if text != self._words.text():
            self._words.setText(text)
            self._words.updateGeometry()
        self._words.set_tip("" if text == everything else everything)

    def _restyle(self) -> None:
        self.setFixedHeight(self._look.theme.control)


class ProblemCard(Card):
    """What happened, why, what next. An error is on the alert ground with its ways out, a notice is a plain card."""

    retry = Signal()
    settings = Signal()

    def __init__(self, look: Look, problem: Problem, parent: QWidget | None = None) -> None:
        error = problem.severity == "error"
        super().__init__(look, "alert" if error else "card", parent)
        self.problem = problem
        self.setAccessibleName(problem.title)
        glyph = Glyph(look, "cross" if error else "warn", "bad" if error else "text")
        title = Label(look, clean_text(problem.title), bold=True, wrap=True)
        # Backticks are for the terminal; here they would be dirt.
        words = clean_text(" ".join(part for part in (problem.why, problem.next) if part)).replace("`", "")
        self.stops: list[QWidget] = []
        if error:
            again = Button(look, "Retry")
            again.clicked.connect(self.retry)
            self.stops.append(again)
        if error and problem.kind in KINDS:  # what is wrong with a file no setting mends
            settings = Button(look, "Open settings")
            settings.clicked.connect(self.settings)
            self.stops.append(settings)
        details = Details(look, clean_text(problem.detail)) if problem.detail else None
        if details:
            self.stops.append(details.button)
        text = column(title, Label(look, words, "muted", -1, wrap=True), gap=4)
        layout = text.layout()
        if self.stops and isinstance(layout, QVBoxLayout):
            layout.addSpacing(8)
            layout.addLayout(_wrapping(self.stops))
        if details and layout:
            layout.addWidget(details)
        row(column(glyph, None), grow(text), gap=8, margins=(12, 11, 12, 11), into=self)


def _wrapping(buttons: list[QWidget]) -> FlowLayout:
    flow = FlowLayout(gap=4)
    for button in buttons:
        flow.addWidget(button)
    return flow
