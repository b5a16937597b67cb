"""A connection test: its button, the steps as they come, and the verdict below them. Runs nothing itself.

A download that a verdict has offered is shown in the same place: it ends with a verdict as well.
"""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QPlainTextEdit, QVBoxLayout, QWidget

from ..look.icons import BUSY, Glyph
from ..look.theme import Look
from ..parts.controls import Button, ToolButton
from ..parts.frames import Card, Meter, column, row
from ..parts.labels import Elided
from .step_line import StepLine
from .values import StepRow, TestVerdict
from .verdict import Verdict

HINT = "Free. Tests what is on this page, saved or not."


class TestPanel(QWidget):
    """Signals: `start_clicked(ask)` (whether to end with a question), `cancel_clicked`, `action_clicked(action)`."""

    __test__ = False  # pytest: not a test class

    start_clicked = Signal(bool)
    cancel_clicked = Signal()
    action_clicked = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._running = False
        self._asks = False
        self._when_stopped = ""
        self._reason = ""
        self._report = ""
        self._lines: dict[str, StepLine] = {}
        self._result: Verdict | None = None
        self.button = Button(look, "Test connection")
        self._arc = Glyph(look, BUSY, size=14)
        self._meter = Meter(look)
        self._hint = Elided(look, HINT, "muted", -1)
        self._copy = ToolButton(look, "copy", "Copy report")
        self._steps = Card(look, "code")
        self._step_layout = QVBoxLayout(self._steps)
        self._step_layout.setContentsMargins(11, 3, 11, 3)
        self._step_layout.setSpacing(0)
        for part in (self._arc, self._meter, self._copy, self._steps):
            part.hide()
        head = row(self.button, self._arc, self._meter, self._hint, None, self._copy)
        column(head, self._steps, into=self)
        self.button.clicked.connect(self._press)
        self._copy.clicked.connect(self._copy_report)

    @property
    def running(self) -> bool:
        return self._running

    @property
    def words(self) -> str:
        """What stands beside the button."""
        return self._hint.text()

    @property
    def proposed_address(self) -> str:
        """What the last verdict has found to work, "" if nothing."""
        return self._result.address if self._result else ""

    @property
    def end_of_it(self) -> QWidget:
        """The lowest part."""
        return self._result or self.button

    def steps(self) -> list[StepRow]:
        return [line.step for line in self._lines.values()]

    def set_possible(self, reason: str) -> None:
        """Why there is nothing to test, as a sentence; "" if there is."""
        self._reason = reason
        self._show_button()

    def start(self) -> None:
        self._drop_lines([*self._lines.values()])
        self._steps.hide()
        self._begin("Testing\u2026", "Cancel", "Cancelled.")

    def start_download(self, words: str) -> None:
        """The steps of the test before it stay."""
        self._begin(words, "Stop", "Stopped. What has been fetched is kept.")

    def show_progress(self, words: str, part: float | None) -> None:
        """How far a download is: `part` of 0 to 1, None where nobody knows."""
        if self._running:
            self._say(words)
            self._meter.setVisible(part is not None)
            self._meter.set_part(part or 0.0)

    def show_step(self, step: StepRow) -> None:
        """Add a step, or say how one that was shown goes on. After a cancel nothing is taken any more.

        Of the steps that run only the newest is shown: one may turn out not to be needed.
        """
        if not self._running:
            return
        self._drop_lines([line for line in self._running_lines if line.step.name != step.name])
        line = self._lines.get(step.name)
        if line:
            line.show_step(step)
            return
        line = StepLine(self._look, step)
        self._lines[step.name] = line
        self._step_layout.addWidget(line)
        self._steps.show()

    def end(self, verdict: TestVerdict) -> None:
        if not self._running:
            return
        self._drop_lines(self._running_lines)
        asked_here = self._focused() is self.button
        self._finish(verdict.summary or HINT, "Test connection" if verdict.ok else "Test again")
        self._report = verdict.report
        self._copy.setVisible(bool(verdict.report))
        self._show_result(Verdict(self._look, verdict))
        if asked_here and not verdict.ok and self._result:
            first = self._result.findChild(Button)
            if isinstance(first, Button):
                first.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def _running_lines(self) -> list[StepLine]:
        return [line for line in self._lines.values() if line.step.state == "run"]

    def _drop_lines(self, lines: list[StepLine]) -> None:
        for line in lines:
            self._step_layout.removeWidget(line)
            del self._lines[line.step.name]
            line.hide()
            line.deleteLater()

    def _begin(self, words: str, stop: str, when_stopped: str) -> None:
        self._running = True
        self._when_stopped = when_stopped
        self._drop_result()
        self._meter.hide()
        self._copy.hide()
        self._say(words)
        self.button.setText(stop)
        self._show_button()

    def _press(self) -> None:
        if self._running:
            self._cancel()
        else:
            self._start(ask=False)

    def _act(self, action: str) -> None:
        if action in ("retry", "ask"):
            self._start(ask=action == "ask" or self._asks)
        else:
            self.action_clicked.emit(action)

    def _start(self, *, ask: bool) -> None:
        self._asks = ask
        self.start_clicked.emit(ask)

    def _cancel(self) -> None:
        for line in self._running_lines:
            line.show_step(StepRow(line.step.name, "skip", "cancelled"))
        self._finish(self._when_stopped, "Test again")
        self.cancel_clicked.emit()

    def _finish(self, words: str, again: str) -> None:
        self._running = False
        self._meter.hide()
        self.button.setText(again)
        self._say(words)
        self._show_button()

    def _say(self, words: str) -> None:
        self._hint.setText(words)
        self._arc.setVisible(self._running)

    def _show_button(self) -> None:
        self.button.setEnabled(self._running or not self._reason)
        self.button.setToolTip("" if self._running else self._reason)

    def _show_result(self, result: Verdict) -> None:
        """New widgets come last for Tab; what is in the result is read after the buttons above it."""
        self._result = result
        result.acted.connect(self._act)
        if layout := self.layout():
            layout.addWidget(result)
        result.show()
        before: QWidget = self._copy
        for button in result.findChildren(QAbstractButton) + result.findChildren(QPlainTextEdit):
            QWidget.setTabOrder(before, button)
            before = button

    def _drop_result(self) -> None:
        if self._result:
            focused = self._focused()
            if focused and self._result.isAncestorOf(focused):  # else Qt hands the focus on, to "Close"
                self.button.setFocus(Qt.FocusReason.OtherFocusReason)
            self._result.hide()
            self._result.deleteLater()
            self._result = None

    def _focused(self) -> QWidget | None:
        """Who has the focus in this window, whether or not the window is in front."""
        return cast("QWidget | None", self.window().focusWidget())

    def _copy_report(self) -> None:
        QGuiApplication.clipboard().setText(self._report)
