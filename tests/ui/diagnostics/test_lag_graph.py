from __future__ import annotations

from dataclasses import replace

import pytest
from diagnostic_values import LOOP
from hypothesis import given
from hypothesis import strategies as st
from looks import make_look
from nuke_ai_panel.ui.diagnostics.lag_graph import LagGraph, shares, top_of
from nuke_ai_panel.ui.diagnostics.loop_page import UNKNOWN, LoopPage
from nuke_ai_panel.ui.diagnostics.words import at, brief, counted, lasting
from PySide6.QtGui import QImage

LAGS = st.lists(st.floats(0, 100, allow_nan=False), min_size=1, max_size=600)


@given(LAGS, st.integers(1, 400))
def test_the_graph_never_hides_the_worst(lags, count):
    bars = shares(lags, count)
    assert len(bars) <= count and max(bars) == max(lags)


@given(st.floats(0, 1000, allow_nan=False))
def test_the_scale_holds_the_worst_and_is_not_much_larger(worst):
    top = top_of(worst)
    assert worst <= top <= max(0.001, worst * 2.6)


def ink(graph: LagGraph) -> list[int]:
    """How many pixels of a bar's colour each column of the plot has."""
    image: QImage = graph.grab().toImage()
    ratio, muted = image.devicePixelRatio(), graph._look.theme.muted.rgb()
    rows = range(int(40 * ratio), int((graph.height() - 14) * ratio))
    return [sum(image.pixel(x, y) == muted for y in rows) for x in range(image.width())]


def test_a_late_wake_up_is_a_high_bar_and_the_newest_is_at_the_right(own):
    graph = own(LagGraph(make_look()))
    graph.resize(400, graph.height())
    graph.show_figures(LOOP)
    columns = ink(graph)
    assert columns.index(max(columns)) >= 400 - 20
    assert sum(columns) > 0


@pytest.mark.parametrize("width", [260, 400])
@pytest.mark.parametrize("lag", [0.0004, 0.004, 0.03, 3.0])
def test_no_words_lie_in_the_way_of_a_bar(own, lag, width):
    """Bars as high as can be; of the colour of words there are the lines across, and nothing else."""
    graph = own(LagGraph(make_look()))
    graph.resize(width, graph.height())
    graph.show_figures(replace(LOOP, lags=(lag,) * 1000, p99=lag, worst=lag))
    image: QImage = graph.grab().toImage()
    ratio, text = image.devicePixelRatio(), graph._look.theme.text.rgb()
    barred = [y for y, bars in enumerate(rows_of(image, graph._look.theme.muted.rgb())) if bars > width * ratio / 3]
    worded = [y for y, words in enumerate(rows_of(image, text)) if words]
    assert len(set(barred) & set(worded)) <= 2 * 2 * ratio and max(worded) > max(barred)


def rows_of(image: QImage, colour: int) -> list[int]:
    """How many pixels of this colour each row has."""
    return [sum(image.pixel(x, y) == colour for x in range(image.width())) for y in range(image.height())]


def test_the_figures_are_written_out_for_those_who_cannot_see_the_graph(own):
    graph = own(LagGraph(make_look()))
    graph.show_figures(LOOP)
    name = graph.accessibleName()
    for part in ("last 100 wake-ups", "median 0.2 ms", "99 of 100 below 8.4 ms", "worst 30 ms"):
        assert part in name


def test_every_figure_of_the_loop_stands_in_words(own):
    page = own(LoopPage(make_look()))
    page.show_figures(LOOP)
    facts = page.figures.facts()
    assert "Median lag: 0.2 ms, last 100 wake-ups" in facts
    assert "Longest batch: 41 ms, since the start" in facts
    assert "Waiting: 12 timers, 7 descriptors" in facts


def test_without_a_measured_loop_there_is_a_sentence_instead_of_an_empty_graph(own):
    page = own(LoopPage(make_look()))
    page.show()
    assert not page.graph.isVisible() and page._what.text() == UNKNOWN
    page.show_figures(replace(LOOP, lags=()))
    assert page.graph.isVisible()
    page.graph.grab()


@pytest.mark.parametrize(
    "seconds, words",
    [(0.0, "0 s"), (59.9, "59 s"), (60, "1 min 00 s"), (3599, "59 min 59 s"), (3600, "1 h 00 min"), (-1, "0 s")],
)
def test_an_age_has_two_units_at_most(seconds, words):
    assert lasting(seconds) == words


@pytest.mark.parametrize(
    "seconds, words", [(0.00008, "0.08 ms"), (0.0004, "0.4 ms"), (0.0123, "12 ms"), (3.14, "3.1 s")]
)
def test_a_lag_has_two_figures(seconds, words):
    assert brief(seconds) == words


def test_one_is_not_many():
    assert (counted(1, "task"), counted(0, "task"), counted(1200, "task")) == ("1 task", "0 tasks", "1,200 tasks")


def test_a_moment_of_another_day_says_its_day():
    assert at(0).startswith("01 Jan")
