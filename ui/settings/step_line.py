"""One step of a connection test, as a line: icon, name, finding, time."""

from __future__ import annotations

from PySide6.QtWidgets import QSizePolicy, QWidget

from ..look.icons import BUSY, Glyph
from ..look.theme import Look
from ..parts.frames import grow, row
from ..parts.labels import Elided, Label
from .values import StepRow, StepState

STEP_WIDTH = 64
_GLYPHS: dict[StepState, tuple[str, str]] = {
    "ok": ("check", "ok"),
    "bad": ("cross", "bad"),
    "skip": ("dash", "muted"),
    "run": (BUSY, "muted"),
}


class StepLine(QWidget):
    """Shows one step after the other in the same place."""

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
