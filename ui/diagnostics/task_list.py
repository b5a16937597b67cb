"""The live tasks, grouped by the scope that ends them, the oldest first."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple, cast

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from ..look.theme import Look
from ..parts.pick_list import place_of
from .steady_list import Index, RowDelegate, SteadyList, SteadyModel, draw_cut
from .values import ScopeRow, TaskRow
from .words import counted, lasting

INDENT = 12
"""Pixels a scope lies further to the right than the one around it, and a task than its scope."""


class TaskLine(NamedTuple):
    """A task with where it stands. (A tuple: a thousand are made at each update.)"""

    task: TaskRow
    scope: ScopeRow


class TaskModel(SteadyModel):
    """Lines are `ScopeRow` (a heading) and `TaskLine`."""

    def key_of(self, row: object) -> Hashable:
        if isinstance(row, ScopeRow):
            return row.path
        line = cast(TaskLine, row)
        return line.scope.path, line.task.name

    def words_of(self, row: object) -> str:
        if isinstance(row, ScopeRow):
            return f"Scope {row.path}, {figures(row)}"
        line = cast(TaskLine, row)
        return ", ".join(filter(None, (line.task.name, line.task.origin, lasting(line.task.seconds))))


class TaskList(SteadyList):
    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(TaskModel(), TaskDelegate(look), "Live tasks by scope", parent)
        look.changed.connect(self.scheduleDelayedItemsLayout)

    def show_scopes(self, scopes: Sequence[ScopeRow]) -> None:
        lines: list[ScopeRow | TaskLine] = []
        for scope in scopes:
            lines.append(scope)
            lines += [TaskLine(task, scope) for task in scope.tasks]
        self.replace(lines)


class TaskDelegate(RowDelegate):
    """A scope: its name and counts, muted. A task: its name, where it was started, its age."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, self._look.theme.control)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line = index.data(SteadyModel.RowRole)
        area, state = place_of(option)
        painter.save()
        lit = self.paint_ground(painter, area, state)
        if isinstance(line, ScopeRow):
            self._paint_scope(painter, area.adjusted(self.PAD + line.depth * INDENT, 0, -self.PAD, 0), line, lit)
        elif isinstance(line, TaskLine):
            left = self.PAD + (line.scope.depth + 1) * INDENT
            self._paint_task(painter, area.adjusted(left, 0, -self.PAD, 0), line.task, lit)
        painter.restore()

    def _paint_scope(self, painter: QPainter, room: QRect, scope: ScopeRow, lit: bool) -> None:
        theme = self._look.theme
        painter.setFont(theme.face(-1))
        painter.setPen(theme.text if lit else theme.muted)
        counts, metrics = figures(scope), QFontMetrics(theme.face(-1))
        name = min(metrics.horizontalAdvance(scope.name) + 2, room.width())
        draw_cut(painter, room.adjusted(name + 12, 0, 0, 0), counts, right=True)
        draw_cut(painter, room.adjusted(0, 0, name - room.width(), 0), scope.name)

    def _paint_task(self, painter: QPainter, room: QRect, task: TaskRow, lit: bool) -> None:
        theme, age = self._look.theme, lasting(task.seconds)
        small, face = theme.face(-1), theme.face()
        painter.setFont(small)
        painter.setPen(theme.text if lit else theme.muted)
        draw_cut(painter, room, age, right=True)
        room = room.adjusted(0, 0, -QFontMetrics(small).horizontalAdvance(age) - 12, 0)
        name = min(QFontMetrics(face).horizontalAdvance(task.name) + 2, room.width())
        if room.width() - name > 60:  # less would be dots only; the whole is in the tooltip
            draw_cut(painter, room.adjusted(name + 12, 0, 0, 0), task.origin, middle=True)
        painter.setFont(face)
        painter.setPen(theme.text)
        draw_cut(painter, room.adjusted(0, 0, name - room.width(), 0), task.name)


def figures(scope: ScopeRow) -> str:
    """ "2 running, 14 done, 1 failed": what is nought goes without saying, but for what runs."""
    counts: dict[str, int] = {
        "waiting": scope.waiting,
        "done": scope.done,
        "failed": scope.failed,
        "cancelled": scope.cancelled,
        "dropped": scope.dropped,
    }
    return ", ".join([f"{scope.running:,} running", *(f"{count:,} {word}" for word, count in counts.items() if count)])


def summary(scopes: Sequence[ScopeRow]) -> str:
    """All scopes together, for the list of pages."""
    running = sum(len(scope.tasks) for scope in scopes)
    oldest = max((task.seconds for scope in scopes for task in scope.tasks), default=None)
    return "Nothing is running" if oldest is None else f"{counted(running, 'task')}, oldest {lasting(oldest)}"
