"""A recording of one connection: which one, the button, how it goes, where the files are. It records nothing itself."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ..look.icons import Glyph
from ..look.theme import Look
from ..parts.choice_field import ChoiceField
from ..parts.controls import Button
from ..parts.frames import column, grow, row
from ..parts.labels import Label
from .facts import FactBox
from .values import FactSection, RecordingFigures

START, STOP = "Record this c&onnection", "Stop rec&ording"
NOTE = (
    "Each answer goes into a file with its question, as the service sent it. Keys and pictures are left out; "
    "the words of the conversation are not: read a file before you share it."
)
NO_CONNECTION = "There is no connection yet. Choose a model first."


class RecordingPart(QWidget):
    """`wanted(connection)`: record this one, "": none any more. `folder_wanted`: show where the files are."""

    wanted = Signal(str)
    folder_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures = RecordingFigures()
        self.choice = ChoiceField(look, "Connection to record", (), "")
        self.button = Button(look, START)
        self._glyph = Glyph(look, "record", "bad", size=14)
        self._words = Label(look, "", wrap=True)
        self._how = row(column(self._glyph, None), grow(self._words))
        self.files = FactBox(look)
        self.folder = Button(look, "Show &folder")
        column(
            Label(look, "Recording", "muted", -1),
            row(grow(self.choice), self.button, height=look.theme.control),
            self._how,
            Label(look, NOTE, "muted", -1, wrap=True),
            self.files,
            row(self.folder, None),
            gap=8,
            into=self,
        )
        self.button.clicked.connect(self._press)
        self.folder.clicked.connect(self.folder_wanted)
        self.show_figures(self._figures)

    @property
    def words(self) -> str:
        return self._words.text()

    def show_figures(self, figures: RecordingFigures) -> None:
        if figures.choices != self._figures.choices:
            self.choice.set_choices(figures.choices)
        self._figures = figures
        if figures.current:
            self.choice.set_value(figures.current)
        self.choice.setEnabled(not figures.current and bool(figures.choices))
        self.button.setText(STOP if figures.current else START)
        self.button.setEnabled(bool(figures.current or figures.choices))
        self.button.setToolTip("" if self.button.isEnabled() else NO_CONNECTION)
        self._show_how(figures)
        self.files.show_section(FactSection("", figures.files))
        self.files.setVisible(bool(figures.files))
        self.folder.setVisible(bool(figures.files))

    def _show_how(self, figures: RecordingFigures) -> None:
        self._glyph.show_icon("record" if figures.current else "cross" if figures.trouble else "check", _voice(figures))
        self._words.setText(figures.words)
        self._how.setVisible(bool(figures.words))

    def _press(self) -> None:
        self.wanted.emit("" if self._figures.current else self.choice.value)


def _voice(figures: RecordingFigures) -> str:
    return "bad" if figures.current or figures.trouble else "ok"
