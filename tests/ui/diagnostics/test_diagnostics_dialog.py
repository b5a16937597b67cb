"""The dialog as a whole: when it asks for figures, what its list says, keys, sizes, and that it bears a crowd."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from diagnostic_values import LOOP, crowd, report, reports, scope
from looks import DARK, HOST, LIGHT, activate, make_look, names, pressing, tab_stops
from nuke_ai_panel.ui.diagnostics.dialog import EVERY_MS, DiagnosticsDialog
from nuke_ai_panel.ui.diagnostics.values import Fact, FactSection, Figures, LastSession
from nuke_ai_panel.ui.settings.values import FieldSpec
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QScrollArea, QWidget

PAGES = ("reports", "tasks", "connections", "loop", "log", "system", "last_session")
LEVEL = FieldSpec("reports.log_level", "Log level", "choice", "warning", (("warning", "Warning"), ("error", "Error")))
SINKS = FactSection("Sinks", (Fact("Journal", "keeps everything", "2 written", "ok"), Fact("NATS", "away", "", "bad")))
FULL = Figures(
    reports=(report(2), report(1, severity="warning")),
    scopes=(scope("application", 2, done=31), scope("application/pane", 1, depth=1, failed=1)),
    loop=LOOP,
    connections=(FactSection("Open now", (Fact("OpenAI", "1 session, 2 sockets", "1 stream"),)),),
    sinks=SINKS,
    stuck=("NATS",),
    log_level=LEVEL,
)
SYSTEM = (
    FactSection("Versions", (Fact("Python", "3.11.9"),)),
    FactSection(
        "Settings", (Fact("network.proxy", "None", "locked by the studio, /mnt/studio/nuke/panel/studio.toml"),)
    ),
    FactSection("Folders", (Fact("Journal", "~/.local/state/" + "deep/" * 12, "120 GB free", "ok"),)),
)
CRASHED = LastSession("Did not end in order", False, "The last session did not end in order", "In Nuke.", "the text")


@pytest.fixture
def dialog(own) -> DiagnosticsDialog:
    return filled(own(DiagnosticsDialog(make_look())))


def filled(dialog: DiagnosticsDialog) -> DiagnosticsDialog:
    dialog.show_figures(FULL)
    dialog.show_surroundings(SYSTEM, "Keyring answers")
    dialog.show_last_session(CRASHED)
    return dialog


def said(dialog: DiagnosticsDialog, page: str) -> tuple[str | None, str]:
    entry = dialog.list.entry(page)
    assert entry
    return entry.state, entry.words


def test_figures_are_asked_for_at_once_when_it_is_shown_and_twice_a_second_only_while_it_is(dialog):
    asked = QSignalSpy(dialog.figures_wanted)
    assert not dialog._timer.isActive()
    dialog.show()
    assert asked.count() == 1 and dialog._timer.isActive() and dialog._timer.interval() == EVERY_MS == 500
    dialog.hide()
    assert not dialog._timer.isActive()
    dialog.show()
    assert asked.count() == 2
    dialog.setWindowState(Qt.WindowState.WindowMinimized)
    assert not dialog._timer.isActive()


def test_the_list_says_how_each_page_is_in_a_shape_and_in_words(dialog):
    assert said(dialog, "reports") == ("failed", "1 error, 1 warning")
    assert said(dialog, "tasks") == ("ready", "3 tasks, oldest 2 s")
    assert said(dialog, "connections") == ("ready", "1 provider")
    assert said(dialog, "loop") == ("ready", "99 of 100 below 8.4 ms")
    assert said(dialog, "log") == ("failed", "2 sinks, trouble")
    assert said(dialog, "system") == ("ready", "Keyring answers")
    assert said(dialog, "last_session") == ("failed", "Did not end in order")
    dialog.show_figures(Figures())
    assert said(dialog, "reports") == ("ready", "Nothing went wrong")
    assert said(dialog, "tasks")[1] == "Nothing is running"
    assert said(dialog, "loop") == ("unset", "Not measured")


def test_a_page_shows_the_last_figures_when_it_comes_in_front(dialog):
    dialog.show()
    assert dialog.tasks.list.model().rowCount() == 0
    dialog.show_page("tasks")
    assert dialog.tasks.list.model().rowCount() == 5
    dialog.show_figures(replace(FULL, scopes=FULL.scopes[:1]))
    assert dialog.tasks.list.model().rowCount() == 3


def test_tasks_stand_under_their_scope_with_origin_and_age(dialog):
    dialog.show_page("tasks")
    model = dialog.tasks.list.model()
    spoken = [model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(model.rowCount())]
    assert spoken == [
        "Scope application, 2 running, 31 done",
        "task 0, panel/turn.py:12, 2 s",
        "task 1, panel/turn.py:12, 1 s",
        "Scope application/pane, 1 running, 1 failed",
        "task 0, panel/turn.py:12, 1 s",
    ]


def test_a_chosen_task_stays_chosen_when_those_before_it_end(dialog):
    dialog.show_page("tasks")
    tasks = dialog.tasks.list
    tasks.setCurrentIndex(tasks.model().index(2, 0))
    dialog.show_figures(replace(FULL, scopes=(replace(FULL.scopes[0], tasks=FULL.scopes[0].tasks[1:]),)))
    assert tasks.currentIndex().row() == 1 and tasks.currentIndex().data().startswith("task 1")


def test_another_log_level_is_handed_on_and_updates_do_not_undo_the_choice(dialog):
    levels = QSignalSpy(dialog.level_changed)
    dialog.show_page("log")
    dialog.log.level._pick("", "error")
    assert levels.count() == 1 and levels.at(0) == ["error"]
    dialog.show_figures(replace(FULL, log_level=replace(LEVEL, value="error")))
    assert dialog.log.level.value == "error"


def test_each_button_says_what_is_wanted(dialog):
    dialog.show()
    wanted: list[str] = []
    dialog.bundle_wanted.connect(lambda: wanted.append("bundle"))
    dialog.surroundings_wanted.connect(lambda: wanted.append("look"))
    dialog.last_session_wanted.connect(lambda: wanted.append("last"))
    press(dialog, "Copy redacted bundle")
    dialog.show_page("system")
    press(dialog, "Look again")
    dialog.show_looking()
    press(dialog, "Look again")
    dialog.show_page("reports")
    press(dialog, "Copy")
    press(dialog, "Show")
    assert dialog.pages.current == "last_session" and dialog.last_session.text() == "the text"
    assert wanted == ["bundle", "look", "last"]
    press(dialog, "Close")
    assert not dialog.isVisible()


def test_only_a_sink_in_trouble_is_offered_to_be_tried_again(dialog):
    wanted = QSignalSpy(dialog.sink_wanted)
    dialog.show()
    dialog.show_page("log")
    press(dialog, "Try NATS again")
    assert [wanted.at(place) for place in range(wanted.count())] == [["NATS"]]
    dialog.list.setFocus()
    dialog.show_figures(replace(FULL, stuck=()))
    assert not dialog.log.again("NATS").isVisible()
    dialog.show_figures(replace(FULL, stuck=("Log", "NATS")))
    assert dialog.log.again("NATS").isVisible() and dialog.log.again("Log").isVisible()


def test_who_tries_a_sink_again_by_key_keeps_the_focus_while_it_tries(dialog):
    dialog.show()
    activate(dialog)
    dialog.show_page("log")
    dialog.list.setFocus()
    button = dialog.log.again("NATS")
    button.setFocus(Qt.FocusReason.TabFocusReason)
    assert button.hasFocus()
    dialog.show_figures(replace(FULL, stuck=()))
    assert button.isVisible() and dialog.focusWidget() is button
    dialog.list.setFocus()
    dialog.show_figures(replace(FULL, stuck=()))
    assert not button.isVisible()


def press(dialog: DiagnosticsDialog, words: str) -> None:
    buttons = [stop for stop in dialog.findChildren(QWidget) if getattr(stop, "text", str)() and stop.isVisible()]
    button = next(each for each in buttons if each.text().replace("&", "") == words)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("page", PAGES)
def test_everything_that_tab_reaches_has_a_name_and_tab_ends_at_the_buttons_below(dialog, page):
    dialog.show()
    dialog.show_figures(replace(FULL, reports=reports(3)))
    dialog.show_page(page)
    stops = names(tab_stops(dialog))
    assert all(stops), stops
    assert stops[0] == "Diagnostics pages" and stops[-2:] == ["Copy redacted bundle", "Close"]
    activate(dialog)
    dialog.list.setFocus()
    assert pressing(Qt.Key.Key_Tab, len(stops)) == [*stops[1:], stops[0]]


def test_esc_closes(dialog):
    dialog.show()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


@pytest.mark.parametrize("size", [11, 13])
@pytest.mark.parametrize("width", [300, 320, 559, 828])
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("shown_first", [True, False])
def test_no_page_scrolls_sideways_at_any_width(own, page, width, size, shown_first):
    dialog = own(DiagnosticsDialog(make_look(HOST, size)))
    if shown_first:
        filled(dialog)
    dialog.resize(width, 640)
    dialog.show()
    filled(dialog)
    dialog.show_page(page)
    QGuiApplication.sendPostedEvents()
    place = next(area for area in dialog.findChildren(QScrollArea) if area.isVisible())
    assert place.horizontalScrollBar().maximum() == 0
    inside = QRect(0, 0, width, 640)
    for widget in dialog.findChildren(QWidget):
        if widget.isVisible() and widget.window() is dialog:
            left = widget.mapTo(dialog, widget.rect().topLeft()).x()
            assert left >= 0 and left + widget.width() <= inside.width(), (widget, left, widget.width())


@pytest.mark.parametrize("colours", [HOST, DARK, LIGHT])
def test_each_page_can_be_painted_in_each_theme(own, colours):
    dialog = filled(own(DiagnosticsDialog(make_look(colours))))
    dialog.show()
    for page in PAGES:
        dialog.show_page(page)
        assert not dialog.grab().isNull()


def test_words_of_the_system_that_are_bad_mark_their_page(dialog):
    dialog.show_surroundings(
        (FactSection("Folders", (Fact("Data", "~", "cannot be written", "bad"),)),), "Keyring answers"
    )
    assert said(dialog, "system")[0] == "failed"
    dialog.show_looking()
    assert said(dialog, "system") == ("busy", "Looking\u2026")


@pytest.mark.parametrize("page", ["reports", "tasks"])
def test_a_crowd_costs_a_few_milliseconds_of_cpu_an_update(dialog, page):
    dialog.show()
    dialog.show_page(page)
    dialog.show_figures(crowd())
    dialog.grab()
    costs = []
    for round_ in range(7):
        figures = crowd(tasks=1000 + 2 * round_)
        began = time.thread_time()
        dialog.show_figures(figures)
        costs.append(time.thread_time() - began)
    assert sorted(costs)[3] < 0.025, costs  # 5 ms on a quiet machine; a busy one shares its caches


def test_ten_thousand_reports_are_filtered_between_two_key_strokes(dialog):
    dialog.show()
    dialog.show_figures(crowd(10_000, 10))
    dialog.reports.filter.setText("message 99")
    began = time.thread_time()
    dialog.reports.filter.setText("message 999")
    assert time.thread_time() - began < 0.1
    assert dialog.reports.list.model().rowCount() == 19
