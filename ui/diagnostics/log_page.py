"""How much is written to the log, and where reports go besides."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ..look.theme import Look
from ..parts.choice_field import ChoiceField
from ..parts.controls import Button
from ..parts.flow import FlowLayout
from ..parts.frames import Rule, row
from ..parts.labels import Label
from ..settings.page import NARROW, Page
from ..settings.row import SettingRow
from ..settings.values import FieldSpec
from .facts import FactBox
from .values import FactSection


class LogPage(Page):
    """`level_changed(value)`; `again_wanted(sink)`: it is to try again at once."""

    level_changed = Signal(str)
    again_wanted = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.level: ChoiceField | None = None
        self.sinks = FactBox(look)
        self._stuck: dict[str, Button] = {}
        self._buttons = QWidget()
        self._buttons.hide()
        self._wrapping = FlowLayout(self._buttons, gap=8)
        self._rule = Rule()
        self._rule.hide()
        self._add(row(Label(look, "Log", delta=3, bold=True), None, height=look.theme.control), 16)
        self._add(self._rule, 16, self.sinks, 8, self._buttons)
        self._layout.addStretch(1)

    def show_level(self, field: FieldSpec | None) -> None:
        if field is None:
            return
        if self.level is None:
            self.level = self._add_level(field)
        if self.level.value != field.value:
            self.level.set_value(str(field.value))

    def show_sinks(self, section: FactSection, stuck: Sequence[str] = ()) -> None:
        """`stuck`: those of them that may be tried again."""
        self.sinks.show_section(section)
        for name in stuck:
            if name not in self._stuck:
                self._stuck[name] = self._add_again(name)
        for name, button in self._stuck.items():
            button.setVisible(name in stuck or button.hasFocus())  # it may be pressed once more
        self._buttons.setVisible(any(not button.isHidden() for button in self._stuck.values()))

    def again(self, sink: str) -> Button:
        """The button of a sink that is, or was, in trouble. Raises KeyError."""
        return self._stuck[sink]

    def _add_again(self, name: str) -> Button:
        button = Button(self._look, f"Try {name} again")
        button.clicked.connect(partial(self._want_again, name))
        self._wrapping.addWidget(button)
        return button

    def _want_again(self, name: str) -> None:
        self.again_wanted.emit(name)

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
