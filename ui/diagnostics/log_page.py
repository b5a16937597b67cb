"""How much is written to the log, and where reports go besides."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ..look.theme import Look
from ..parts.choice_field import ChoiceField
from ..parts.frames import Rule, row
from ..parts.labels import Label
from ..settings.page import NARROW, Page
from ..settings.row import SettingRow
from ..settings.values import FieldSpec
from .facts import FactBox
from .values import FactSection


class LogPage(Page):
    """`level_changed(value)`."""

    level_changed = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.level: ChoiceField | None = None
        self.sinks = FactBox(look)
        self._rule = Rule()
        self._rule.hide()
        self._add(row(Label(look, "Log", delta=3, bold=True), None, height=look.theme.control), 16)
        self._add(self._rule, 16, self.sinks)
        self._layout.addStretch(1)

    def show_level(self, field: FieldSpec | None) -> None:
        if field is None:
            return
        if self.level is None:
            self.level = self._add_level(field)
        if self.level.value != field.value:
            self.level.set_value(str(field.value))

    def show_sinks(self, section: FactSection) -> None:
        self.sinks.show_section(section)

    def _add_level(self, field: FieldSpec) -> ChoiceField:
        level = ChoiceField(self._look, field.label, field.choices, str(field.value))
        level.picked.connect(self.level_changed)
        level.setEnabled(not field.locked_by)
        line = SettingRow(self._look, field.label, level, buddy=level, note=field.locked_by or field.help)
        line.set_narrow(self.width() < NARROW)
        self._rows.append(line)
        self._layout.insertWidget(self._layout.indexOf(self._rule), line)
        self._layout.insertSpacing(self._layout.indexOf(self._rule), 16)
        self._rule.show()
        return level
