"""How the session before this one ended, in the words that a ticket needs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from ..look.theme import Look
from ..parts.controls import ToolButton
from ..parts.frames import Card, column, grow, row
from ..parts.labels import Label
from ..settings.page import Page
from .values import LastSession

NONE = "No earlier session could be read."


class LastSessionPage(Page):
    """`copy_clicked`: the text, as it is shown."""

    copy_clicked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._title = Label(look, NONE, wrap=True)
        self._summary = Label(look, "", "muted", wrap=True)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setTabChangesFocus(True)
        self._text.setAccessibleName("The last session")
        self._text.document().setDocumentMargin(0)
        self._text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        copy = ToolButton(look, "copy", "Copy what is known of the last session")
        copy.clicked.connect(self.copy_clicked)
        self._box = Card(look, "code")
        row(grow(self._text), column(copy, None), gap=4, margins=(11, 7, 5, 7), into=self._box)
        self._box.setMinimumHeight(6 * look.theme.control)
        self._box.hide()
        title = Label(look, "Last session", delta=3, bold=True)
        self._add(row(title, None, height=look.theme.control), 16, column(self._title, self._summary, gap=4), 8)
        self._layout.addWidget(self._box, 1)
        self._layout.addStretch(0)
        look.changed.connect(self._restyle)
        self._restyle()

    def show_session(self, session: LastSession | None) -> None:
        self._title.setText(session.title if session else NONE)
        self._title.set_voice("" if session else "muted", bold=session is not None)
        self._summary.setText(session.summary if session else "")
        self._summary.setVisible(bool(session and session.summary))
        text = session.text if session else ""
        self._box.setVisible(bool(text))
        if text != self._text.toPlainText():
            self._text.setPlainText(text)

    def text(self) -> str:
        return self._text.toPlainText()

    def _restyle(self) -> None:
        self._text.setFont(self._look.theme.face(mono=True))
