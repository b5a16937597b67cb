"""What the buttons of a verdict do, and a download that is shown where the test was."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from looks import make_look, names, tab_stops
from nuke_ai_panel.ui.parts.controls import Button, ToolButton
from nuke_ai_panel.ui.parts.frames import Meter
from nuke_ai_panel.ui.settings.dialog import SettingsDialog
from nuke_ai_panel.ui.settings.provider_page import ProviderPage
from nuke_ai_panel.ui.settings.values import (
    FieldSpec,
    ProviderDraft,
    ProviderPageSpec,
    StepRow,
    TestAction,
    TestVerdict,
)
from nuke_ai_panel.ui.settings.verdict import _WORDS, Verdict
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
from transcript_parts import until

HTTPS, HTTP = "https://10.0.0.5:8080/v1", "http://10.0.0.5:8080/v1"
PASSED = TestVerdict(True, "1 model, 0.1 s", "no tokens were spent", ("ask",), report="step by step")
PROXY = FieldSpec("network.proxy", "Proxy", "choice", "none", (("none", "None"),), page="Network")


@pytest.fixture
def dialog(own) -> SettingsDialog:
    dialog = own(SettingsDialog(make_look(), [ProviderPageSpec("local", "Local", HTTPS, model="tiny")], [PROXY]))
    dialog.said = []
    for name in ("test_requested", "test_cancelled", "address_changed", "action_requested"):
        getattr(dialog, name).connect(lambda *values, name=name: dialog.said.append((name, *values)))
    dialog.show()
    dialog.show_page("local")
    dialog.activateWindow()
    return dialog


@pytest.fixture
def page(dialog) -> ProviderPage:
    return dialog.page("local")


def failed(*actions: TestAction, address: str = "") -> TestVerdict:
    return TestVerdict(False, "It failed", "Because. Do this.", actions, address=address)


def end(dialog: SettingsDialog, verdict: TestVerdict) -> None:
    dialog.start_test("local")
    dialog.end_test("local", verdict)


def shown(page: ProviderPage) -> list[str]:
    verdicts = [verdict for verdict in page.test.findChildren(Verdict) if verdict.isVisible()]
    return [button.text() for verdict in verdicts for button in verdict.findChildren(Button)]


def press(page: ProviderPage, text: str) -> None:
    next(button for button in page.test.findChildren(Button) if button.isVisible() and button.text() == text).click()


def test_every_action_has_its_words() -> None:
    assert set(_WORDS) == set(get_args(TestAction))


def test_at_most_two_buttons_are_shown(dialog, page) -> None:
    end(dialog, failed("choose_model", "edit_address", "retry"))
    assert shown(page) == ["Choose a model", "Change address"]


def test_who_has_to_choose_a_model_stands_in_its_field(dialog, page) -> None:
    end(dialog, failed("choose_model"))
    press(page, "Choose a model")
    assert dialog.focusWidget() is page.model.edit and page.model.edit.selectedText() == "tiny"


def test_who_has_to_change_the_address_stands_in_its_field(dialog, page) -> None:
    end(dialog, failed("edit_address"))
    press(page, "Change address")
    assert dialog.focusWidget() is page.address and page.address.selectedText() == HTTPS


def test_an_address_that_works_is_taken_saved_and_tested_with_one_click(dialog, page) -> None:
    end(dialog, failed("use_address", address=HTTP))
    press(page, f"Use {HTTP}")
    assert page.address.text() == HTTP
    assert dialog.said == [
        ("address_changed", "local", HTTP),
        ("test_requested", "local", ProviderDraft(HTTP, "", "tiny")),
    ]


@pytest.mark.parametrize("action", ["download", "open_network", "open_billing_page", "open_key_page"])
def test_what_the_page_cannot_do_is_handed_on(dialog, page, action) -> None:
    end(dialog, failed(action))
    press(page, _WORDS[action])
    assert dialog.said == [("action_requested", "local", action, page.draft())]


def test_a_question_is_asked_only_where_it_was_wanted(dialog, page) -> None:
    end(dialog, PASSED)
    press(page, "Send one question")
    end(dialog, failed("retry"))
    press(page, "Retry")
    page.test.button.click()
    end(dialog, failed("retry"))
    press(page, "Retry")
    assert [draft.ask for _, _, draft in dialog.said] == [True, True, False, False]


def test_a_setting_elsewhere_is_gone_to(dialog, page) -> None:
    dialog.go_to_field("network.proxy")
    assert dialog.pages.current == "#network"
    assert dialog.focusWidget() is dialog.fields.field("network.proxy").control.focus


def test_the_report_is_there_to_copy_after_a_test_and_not_before(dialog, page) -> None:
    copy = next(button for button in page.test.findChildren(ToolButton) if button.toolTip() == "Copy report")
    assert not copy.isVisible()
    end(dialog, PASSED)
    assert copy.isVisible()
    copy.click()
    assert QGuiApplication.clipboard().text() == "step by step"
    dialog.start_test("local")
    assert not copy.isVisible()


def test_of_the_steps_that_run_only_the_newest_is_shown_and_none_after_the_end(dialog, page) -> None:
    dialog.start_test("local")
    dialog.show_step("local", StepRow("DNS", "run"))
    dialog.show_step("local", StepRow("Proxy", "run"))
    assert [step.name for step in page.test.steps()] == ["Proxy"]
    dialog.show_step("local", StepRow("Proxy", "ok"))
    dialog.show_step("local", StepRow("TLS", "run"))
    dialog.end_test("local", failed("retry"))
    assert [(step.name, step.state) for step in page.test.steps()] == [("Proxy", "ok")]


def test_a_download_is_counted_where_the_test_was_and_its_steps_stay(dialog, page) -> None:
    meter = page.test.findChild(Meter)
    dialog.start_test("local")
    dialog.show_step("local", StepRow("Model", "bad", "not downloaded"))
    dialog.end_test("local", failed("download", "choose_model"))
    dialog.start_download("local", "Downloading tiny\u2026")
    assert (page.test.button.text(), page.test.words) == ("Stop", "Downloading tiny\u2026") and not meter.isVisible()
    dialog.show_progress("local", "Downloading tiny, 25%", 0.25)
    assert page.test.words == "Downloading tiny, 25%" and meter.isVisible() and meter.part == 0.25
    assert shown(page) == [] and [step.name for step in page.test.steps()] == ["Model"]
    dialog.start_test("local")
    assert page.test.button.text() == "Cancel" and page.test.steps() == [] and not meter.isVisible()


def test_stopping_a_download_says_what_is_left_of_it(dialog, page) -> None:
    dialog.start_download("local", "Downloading tiny\u2026")
    dialog.show_progress("local", "Downloading tiny, 25%", 0.25)
    page.test.button.click()
    assert dialog.said == [("test_cancelled", "local")]
    assert page.test.words == "Stopped. What has been fetched is kept." and not page.test.findChild(Meter).isVisible()
    dialog.show_progress("local", "Downloading tiny, 26%", 0.26)
    assert page.test.words == "Stopped. What has been fetched is kept."


def test_whoever_started_a_download_by_key_stands_at_its_stop(dialog, page) -> None:
    page.test.button.setFocus()
    end(dialog, failed("download"))
    assert names([dialog.focusWidget()]) == ["Download"]
    dialog.start_download("local", "Downloading\u2026")
    assert names([dialog.focusWidget()]) == ["Stop"]


def test_tab_goes_from_the_test_to_the_report_and_into_the_verdict(dialog, page) -> None:
    end(dialog, replace(failed("choose_model", "retry"), report="step by step"))
    stops = names(tab_stops(dialog))
    assert stops[stops.index("Test again") :] == ["Test again", "Copy report", "Choose a model", "Retry", "Close"]


@pytest.mark.parametrize("width", [320, 400, 828])
@pytest.mark.parametrize("size", [11, 13])
def test_no_verdict_needs_scrolling_sideways(own, width, size) -> None:
    long = "http://a-very-long-name-of-a-render-node.studio.lan:8080/openai/v1"
    dialog = own(SettingsDialog(make_look(size=size), [ProviderPageSpec("local", "Local", HTTPS)], []))
    dialog.resize(width, 600)
    dialog.show()
    passed = replace(PASSED, title="Key accepted, 10,000 models, 12.4 s")
    for verdict in (passed, failed("use_address", "edit_address", address=long)):
        end(dialog, verdict)
        QGuiApplication.sendPostedEvents()
        assert dialog.width() == width and dialog.pages.place("local").horizontalScrollBar().maximum() == 0


def test_where_a_page_is_not_shown_whole_its_verdict_comes_into_view(dialog, page) -> None:
    dialog.resize(320, 560)
    dialog.start_test("local")
    for name in ("Address", "DNS", "TCP", "API", "Key", "Models", "Model"):
        dialog.show_step("local", StepRow(name, "ok"))
    dialog.end_test("local", failed("choose_model", "edit_address"))
    view, verdict = dialog.pages.place("local").viewport(), page.test.end_of_it
    until(lambda: view.rect().contains(verdict.mapTo(view, verdict.rect().bottomRight())))


def test_no_part_of_a_verdict_is_ever_a_window_of_its_own(dialog, page) -> None:
    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                shown.append(watched)
            return False

    shown: list[QWidget] = []
    watch, app = Watch(), QGuiApplication.instance()
    app.installEventFilter(watch)
    try:
        for verdict in (PASSED, replace(PASSED, actions=()), failed("retry")):
            end(dialog, verdict)
    finally:
        app.removeEventFilter(watch)
    assert shown == []
