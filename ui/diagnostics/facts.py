"""Lines of name and value in a sunken box, as the steps of a connection test stand there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from ..look.icons import Glyph
from ..look.theme import Look
from ..parts.frames import Card, column
from ..parts.labels import Elided, Label
from .values import Fact, FactSection, FactState

NAME_WIDTH = 104
NARROW = 420
"""Width in px of a box below which values that would be cut too much get a line of their own."""
_GLYPHS: dict[FactState, tuple[str, str]] = {
    "ok": ("check", "ok"),
    "bad": ("cross", "bad"),
    "none": ("dash", "muted"),
}


class FactLine(QWidget):
    """A state in a shape, a name, a value that gives way, a note at the right. Folded: the value below the name."""

    def __init__(self, look: Look, fact: Fact) -> None:
        super().__init__()
        self._look = look
        self._fact: Fact | None = None
        self._folded = False
        self._glyph = Glyph(look, "dash", size=14)
        self._name = Elided(look)
        self._value = Elided(look, "", "muted", mode=Qt.TextElideMode.ElideMiddle)
        self._note = Elided(look, "", "muted", -1, mode=Qt.TextElideMode.ElideMiddle)
        self._value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # it gives way before the note
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(2, 1)
        for place, part in enumerate((self._glyph, self._name, self._value, self._note)):
            self._grid.addWidget(part, 0, place)
        look.changed.connect(self._restyle)
        self._restyle()
        self.show_fact(fact)

    def show_fact(self, fact: Fact) -> None:
        if fact == self._fact:
            return
        self._fact = fact
        self._glyph.setVisible(bool(fact.state))
        if fact.state:
            self._glyph.show_icon(*_GLYPHS[fact.state])
        self._name.setText(fact.name)
        self._value.setText(fact.value)
        self._value.set_voice("" if fact.state == "bad" else "muted")
        self._note.setText(fact.note)
        self.setAccessibleName(f"{fact.name}: {', '.join(filter(None, (fact.value, fact.note)))}")

    def name_width(self) -> int:
        return self._name.sizeHint().width()

    def squeezed(self, names: int, glyphs: bool, room: int) -> bool:
        """Whether the value is cut too much where everything is on one line and names take `names`.

        Beside a note it is in words; alone it is a version or a place, which can be read without a third of it.
        """
        left = room - (22 if glyphs else 0) - names - 8
        if self._note.text():
            return left - 8 - self._note.sizeHint().width() < self._value.sizeHint().width()
        return left * 3 < self._value.sizeHint().width() * 2

    def place(self, names: int, glyphs: bool, folded: bool, room: int) -> None:
        """`names`: how wide the column of names is; `glyphs`: a line without a state begins where those with one do."""
        policy = self._glyph.sizePolicy()
        if policy.retainSizeWhenHidden() != glyphs:
            policy.setRetainSizeWhenHidden(glyphs)
            self._glyph.setSizePolicy(policy)
        if folded != self._folded:
            self._folded = folded
            self._grid.removeWidget(self._value)
            self._grid.addWidget(self._value, *((1, 1, 1, 3) if folded else (0, 2)))
        # Folded, the name shares its line with the note, and is worth more.
        self._name.setMinimumWidth(min(self.name_width(), room * 2 // 3) if folded else names)
        self._name.setMaximumWidth(16777215 if folded else names)
        self._restyle()

    def _restyle(self) -> None:
        control = self._look.theme.control
        self.setFixedHeight(control * 2 - 4 if self._folded else control)


class FactBox(QWidget):
    """A heading and its facts; lines are kept and only told anew, so that nothing flickers twice a second."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._title = Label(look, "", "muted", -1)
        self._words = Label(look, "", "muted", wrap=True)
        self._card = Card(look, "code")
        self._lines: list[FactLine] = []
        self._glyphs = False
        self._box = QVBoxLayout(self._card)
        self._box.setContentsMargins(11, 3, 11, 3)
        self._box.setSpacing(0)
        column(self._title, self._card, self._words, gap=4, into=self)

    def facts(self) -> list[str]:
        """The lines in words."""
        return [line.accessibleName() for line in self._lines]

    def words(self) -> str:
        """What stands below the lines, or in their place."""
        return self._words.text()

    def show_section(self, section: FactSection) -> None:
        self._title.setText(section.title)
        self._title.setVisible(bool(section.title))
        self._show_facts(section.facts)
        words = section.note if section.facts else section.empty
        self._words.setText(words)
        self._words.setVisible(bool(words))
        self._card.setVisible(bool(section.facts))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _show_facts(self, facts: Sequence[Fact]) -> None:
        for line, fact in zip(self._lines, facts, strict=False):
            line.show_fact(fact)
        for fact in facts[len(self._lines) :]:
            line = FactLine(self._look, fact)
            self._lines.append(line)
            self._box.addWidget(line)
        while len(self._lines) > len(facts):
            line = self._lines.pop()
            self._box.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._glyphs = any(fact.state for fact in facts)
        self._place()

    def _place(self) -> None:
        """All lines of a box alike, or a reader would look for values in two places."""
        narrow, room = self.width() < NARROW, self.width() - 24
        longest = max((line.name_width() for line in self._lines), default=0)
        names = longest if narrow else max(NAME_WIDTH, round(self._look.theme.base * 26 / 3), min(longest, room // 3))
        fold = narrow and any(line.squeezed(names, self._glyphs, room) for line in self._lines)
        for line in self._lines:
            line.place(names, self._glyphs, fold, room)


class FactColumn(QWidget):
    """Boxes below one another."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._boxes: list[FactBox] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(16)

    def boxes(self) -> list[FactBox]:
        """Those that are shown."""
        return [box for box in self._boxes if not box.isHidden()]

    def show_sections(self, sections: Sequence[FactSection]) -> None:
        while len(self._boxes) < len(sections):
            box = FactBox(self._look)
            self._boxes.append(box)
            self._column.addWidget(box)
        for place, box in enumerate(self._boxes):
            box.setVisible(place < len(sections))
        for box, section in zip(self._boxes, sections, strict=False):
            box.show_section(section)
