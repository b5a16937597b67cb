"""A connection test: its button, the steps as they come, and the verdict below them. Runs nothing itself."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractButton, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from ..look.icons import BUSY, Glyph
from ..look.theme import Look
from ..parts.controls import Button
from ..parts.details import Details
from ..parts.flow import FlowLayout
from ..parts.frames import Card, column, grow, row
from ..parts.labels import Elided, Label
from .values import StepRow, StepState, TestAction, TestVerdict

HINT = "Free. Tests what is on this page, saved or not."
STEP_WIDTH = 64
_GLYPHS: dict[StepState, tuple[str, str]] = {
    "ok": ("check", "ok"),
    "bad": ("cross", "bad"),
    "skip": ("dash", "muted"),
    "run": (BUSY, "muted"),
}
_ACTIONS: dict[TestAction, str] = {
    "replace_key": "Replace key",
    "open_key_page": "Open key page",
    "retry": "Retry",
}


class StepLine(QWidget):
    """One step: icon, name, finding, time."""

    def __init__(self, look: Look, step: StepRow) -> None:
        super().__init__()
        self._look = look
        self._glyph = Glyph(look, "dash", size=14)
        self._name = Label(look, step.name)
        self._detail = grow(Elided(look))
        self._detail.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._took = Label(look, "", "muted", -1)
        row(self._glyph, self._name, self._detail, self._took, into=self)
        look.changed.connect(self._restyle)
        self._restyle()
        self.show_step(step)

    def show_step(self, step: StepRow) -> None:
        self.step = step
        self._glyph.show_icon(*_GLYPHS[step.state])
        self._name.set_voice("muted" if step.state in ("skip", "run") else "", bold=step.state == "bad")
        self._detail.setText(step.detail)
        self._detail.set_voice("" if step.state == "bad" else "muted")
        self._took.setText(step.took)
        self.setAccessibleName(f"{step.name}: {step.detail or step.state}")

    def _restyle(self) -> None:
        theme = self._look.theme
        self.setFixedHeight(theme.control)
        self._name.setFixedWidth(max(STEP_WIDTH, round(theme.base * 16 / 3)))


class TestPanel(QWidget):
    """Signals: `start_clicked`, `cancel_clicked`, `action_clicked(action)`."""

    __test__ = False  # pytest: not a test class

    start_clicked = Signal()
    cancel_clicked = Signal()
    action_clicked = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._running = False
        self._reason = ""
        self._lines: dict[str, StepLine] = {}
        self._result: QWidget | None = None
        self.button = Button(look, "Test connection")
        self._arc = Glyph(look, BUSY, size=14)
        self._arc.hide()
        self._hint = Elided(look, HINT, "muted", -1)
        self._steps = Card(look, "code")
        self._step_layout = QVBoxLayout(self._steps)
        self._step_layout.setContentsMargins(11, 3, 11, 3)
        self._step_layout.setSpacing(0)
        self._steps.hide()
        self._column = column(row(self.button, self._arc, self._hint, None), self._steps, into=self)
        self.button.clicked.connect(self._press)

    @property
    def running(self) -> bool:
        return self._running

    def steps(self) -> list[StepRow]:
        return [line.step for line in self._lines.values()]

    def set_possible(self, reason: str) -> None:
        """Why there is nothing to test, as a sentence; "" if there is."""
        self._reason = reason
        self._show_button()

    def start(self) -> None:
        self._running = True
        self._drop_result()
        for line in self._lines.values():
            self._step_layout.removeWidget(line)
            line.deleteLater()
        self._lines.clear()
        self._steps.hide()
        self._say("Testing\u2026")
        self.button.setText("Cancel")
        self._show_button()

    def show_step(self, step: StepRow) -> None:
        """Add a step, or say how one that was shown goes on. After a cancel nothing is taken any more."""
        if not self._running:
            return
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
        asked_here = self._focused() is self.button
        self._finish(verdict.summary or HINT, "Test connection" if verdict.ok else "Test again")
        self._result = self._passed(verdict) if verdict.ok else self._failed(verdict)
        layout = self.layout()
        if layout:
            layout.addWidget(self._result)
            self._result.show()
            self._order(self._result)
        if asked_here and not verdict.ok:
            first = self._result.findChild(Button)
            if isinstance(first, Button):
                first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _order(self, result: QWidget) -> None:
        """New widgets come last for Tab; what is in the result is read after the button."""
        before: QWidget = self.button
        for button in result.findChildren(QAbstractButton) + result.findChildren(QPlainTextEdit):
            QWidget.setTabOrder(before, button)
            before = button

    def _press(self) -> None:
        if self._running:
            self._cancel()
        else:
            self.start_clicked.emit()

    def _cancel(self) -> None:
        for line in self._lines.values():
            if line.step.state == "run":
                line.show_step(StepRow(line.step.name, "skip", "cancelled"))
        self._finish("Cancelled.", "Test again")
        self.cancel_clicked.emit()

    def _finish(self, words: str, again: str) -> None:
        self._running = False
        self.button.setText(again)
        self._say(words)
        self._show_button()

    def _say(self, words: str) -> None:
        self._hint.setText(words)
        self._arc.setVisible(self._running)

    def _show_button(self) -> None:
        self.button.setEnabled(self._running or not self._reason)
        self.button.setToolTip("" if self._running else self._reason)

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

    def _passed(self, verdict: TestVerdict) -> QWidget:
        return row(
            Glyph(self._look, "check", "ok"),
            Label(self._look, verdict.title, bold=True),
            Elided(self._look, verdict.text, "muted", -1),
            None,
            margins=(12, 0, 0, 0),
            height=self._look.theme.control,
        )

    def _failed(self, verdict: TestVerdict) -> QWidget:
        look = self._look
        buttons = QWidget()
        wrapping = FlowLayout(buttons, gap=8)
        wrapping.setContentsMargins(0, 4, 0, 0)
        for action in verdict.actions[:2]:
            button = Button(look, _ACTIONS[action])
            button.setProperty("action", action)
            button.clicked.connect(self._act)
            wrapping.addWidget(button)
        below: list[QWidget] = [buttons]
        if verdict.detail:
            details = Details(look, verdict.detail)
            wrapping.addWidget(details.button)
            below.append(details)
        title = Label(look, verdict.title, bold=True, wrap=True)
        words = column(title, Label(look, verdict.text, "muted", wrap=True), *below, gap=4)
        glyph = column(Glyph(look, "cross", "bad"), None)
        return row(glyph, grow(words), margins=(11, 11, 11, 11), into=Card(look, "alert"))

    def _act(self) -> None:
        sender = self.sender()
        action = str(sender.property("action")) if sender else ""
        if action == "retry":
            self.start_clicked.emit()
        else:
            self.action_clicked.emit(action)
