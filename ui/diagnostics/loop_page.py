"""How late the shared loop is: a graph of its last wake-ups, and its figures in words."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ..look.theme import Look
from ..parts.frames import row
from ..parts.labels import Label
from ..settings.page import Page
from .facts import FactBox
from .lag_graph import LagGraph
from .values import Fact, FactSection, LoopFigures
from .words import brief, counted

WHAT = "How long each wake-up of the shared loop waited for its turn. Longer than a frame can be felt."
UNKNOWN = "Nobody measures the loop here."


class LoopPage(Page):
    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._what = Label(look, UNKNOWN, "muted", wrap=True)
        self.graph = LagGraph(look)
        self.figures = FactBox(look)
        title = Label(look, "Loop", delta=3, bold=True)
        self._add(row(title, None, height=look.theme.control), 16, self._what, 8, self.graph, 8, self.figures)
        self._layout.addStretch(1)
        self.show_figures(None)

    def show_figures(self, figures: LoopFigures | None) -> None:
        self._what.setText(WHAT if figures else UNKNOWN)
        self.graph.setVisible(figures is not None)
        self.figures.setVisible(figures is not None)
        if figures:
            self.graph.show_figures(figures)
            self.figures.show_section(FactSection("", facts_of(figures)))


def facts_of(figures: LoopFigures) -> tuple[Fact, ...]:
    return (
        Fact("Median lag", brief(figures.median), f"last {counted(len(figures.lags), 'wake-up')}"),
        Fact("95 of 100", f"below {brief(figures.p95)}"),
        Fact("99 of 100", f"below {brief(figures.p99)}"),
        Fact("Worst lag", brief(figures.worst)),
        Fact("Longest batch", brief(figures.longest_batch), "since the start"),
        Fact("Callbacks", f"{figures.callbacks:,}", f"batches: {figures.batches:,}"),
        Fact("Waiting", f"{counted(figures.timers, 'timer')}, {counted(figures.descriptors, 'descriptor')}"),
    )


def summary(figures: LoopFigures | None) -> str:
    return f"99 of 100 below {brief(figures.p99)}" if figures else "Not measured"
