"""The list of reports: what is read stays in place while more come, and filters find what is meant."""

from __future__ import annotations

from dataclasses import replace

import pytest
from diagnostic_values import NOON, report, reports
from looks import make_look
from nuke_ai_panel.ui.diagnostics.reports_page import NO_MATCH, NOTHING, ReportsPage
from nuke_ai_panel.ui.diagnostics.values import LastSession
from nuke_ai_panel.ui.parts.controls import Button, ToolButton
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

CRASHED = LastSession("Did not end in order", False, "The last session did not end in order", "In Nuke.", "all of it")


@pytest.fixture
def page(own) -> ReportsPage:
    page = own(ReportsPage(make_look()))
    page.resize(600, 640)
    page.show()
    return page


def shown(page: ReportsPage) -> list[str]:
    model = page.list.model()
    return [model.index(row, 0).data().split(", ")[1] for row in range(model.rowCount())]


def words(page: ReportsPage) -> list[str]:
    return [label.text() for label in page.findChildren(QLabel) if label.isVisibleTo(page)]


def choose(page: ReportsPage, message: str) -> None:
    page.list.setCurrentIndex(page.list.model().index(shown(page).index(message), 0))


def test_a_session_without_trouble_says_so_and_offers_no_filter(page):
    assert NOTHING in words(page)
    assert not page.filter.isVisible() and not page.list.isVisible() and not page.details.isVisible()


def test_each_report_is_one_line_with_how_often_it_came(page):
    page.show_reports((report(2, count=12, severity="warning"), report(1)))
    spoken = [page.list.model().index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) for row in (0, 1)]
    assert spoken[0].startswith("Warning, Message 2, 12 times, ") and spoken[1].startswith("Error, Message 1, once, ")
    assert "1 error, 1 warning" in words(page)


@pytest.mark.parametrize(
    "severity, text, found",
    [
        ("", "", ["Message 3", "Message 2", "Message 1"]),
        ("warning", "", ["Message 2"]),
        ("", "MESSAGE pane", ["Message 3", "Message 2", "Message 1"]),
        ("", "groq", ["Message 1"]),
        ("", "turn.py:88", ["Message 3"]),
        ("error", "groq turn.py", []),
    ],
)
def test_filters_find_a_severity_and_every_word_wherever_it_stands(page, severity, text, found):
    page.show_reports(
        (report(3, trace=("panel/turn.py:88 in run",)), report(2, severity="warning"), report(1, context={"p": "groq"}))
    )
    page.severity.set_value(severity)
    page.filter.setText(text or " ")
    assert shown(page) == found
    assert (NO_MATCH in words(page)) == (not found)


def test_a_filter_holds_for_what_comes_later(page):
    page.show_reports(reports(3))
    page.filter.setText("message 7")
    page.show_reports(reports(9))
    assert shown(page) == ["Message 7"]
    page.show_reports((report(7, message="Message 7 again", count=2), *reports(6)))
    assert shown(page) == ["Message 7 again"]


def test_the_chosen_report_stays_chosen_while_others_come_and_its_own_count_grows(page):
    page.show_reports(reports(5))
    choose(page, "Message 3")
    page.show_reports(reports(50))
    assert page.list.current().message == "Message 3"
    grown = replace(report(3), count=2, last=NOON + 99)
    page.show_reports((grown, *(each for each in reports(50) if each.id != "r3")))
    assert page.list.current() == grown
    assert any(text.startswith("Error, 2 times, first") for text in words(page.details))


def test_a_report_that_falls_out_of_the_list_takes_its_details_along(page):
    page.show_reports(reports(3))
    choose(page, "Message 1")
    assert page.details.isVisible()
    page.show_reports(tuple(report(number) for number in (6, 5, 4)))
    assert page.list.current() is None and not page.details.isVisible()


def test_at_the_top_it_stays_at_the_top_where_new_reports_come(page):
    page.show_reports(reports(100))
    page.show_reports(reports(101))
    assert page.list.verticalScrollBar().value() == 0
    assert page.list.indexAt(page.list.viewport().rect().topLeft()).row() == 0


@pytest.mark.parametrize("pixels", [44, 1000, 1013])
def test_further_down_what_is_read_stays_where_it_is_while_new_reports_come(page, pixels):
    page.show_reports(reports(100))
    page.list.verticalScrollBar().setValue(pixels)
    corner = page.list.viewport().rect().topLeft()
    before = page.list.indexAt(corner)
    message, offset = before.data(), page.list.visualRect(before).top()
    page.show_reports(reports(117))
    after = page.list.indexAt(corner)
    assert after.data() == message and page.list.visualRect(after).top() == offset


def test_details_say_all_that_is_known_and_are_copied_whole(page):
    page.show_reports(
        (report(1, count=3, context={"provider": "openai"}, trace=("panel/turn.py:88 in run", "http.py:9 in post")),)
    )
    choose(page, "Message 1")
    QTest.mouseClick(page.details.findChild(ToolButton), Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    for part in ("Message 1", "3 times", "key_wrong", "r1", "application/pane/turn", "provider: openai", "http.py:9"):
        assert part in copied


def test_arrow_keys_choose_and_tab_goes_on_to_the_details(page):
    page.show_reports(reports(5))
    page.list.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(page.list, Qt.Key.Key_Down)
    QTest.keyClick(page.list, Qt.Key.Key_Down)
    assert page.list.current() is not None
    assert page.details.isVisible()


def test_a_session_that_did_not_end_in_order_is_told_above_the_reports(page):
    said: list[str] = []
    page.last_session_wanted.connect(lambda: said.append("show"))
    page.copy_wanted.connect(lambda: said.append("copy"))
    page.show_last_session(CRASHED)
    assert {"The last session did not end in order", "In Nuke."} <= set(words(page))
    for button in page.notice.findChildren(Button):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert said == ["show", "copy"]
    page.show_last_session(replace(CRASHED, in_order=True))
    assert not page.notice.isVisible()
    page.show_last_session(None)
    assert not page.notice.isVisible()
