"""What is running now, by the scope that will end it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from ..look.theme import Look
from ..parts.frames import row
from ..parts.labels import Elided, Label
from ..settings.page import Page
from .task_list import TaskList, summary
from .values import ScopeRow


class TasksPage(Page):
    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        control = look.theme.control
        self._count = Elided(look, "", "muted", -1)
        self._empty = Label(look, "Nothing is running.", "muted", wrap=True)
        self.list = TaskList(look)
        self._add(row(Label(look, "Tasks", delta=3, bold=True), None, self._count, height=control), 16, self._empty)
        self._layout.addWidget(self.list, 1)
        self.list.setMinimumHeight(6 * control)

    def show_scopes(self, scopes: Sequence[ScopeRow]) -> None:
        self._count.setText(summary(scopes))
        self._empty.setVisible(not any(scope.tasks for scope in scopes))
        self.list.show_scopes(scopes)
