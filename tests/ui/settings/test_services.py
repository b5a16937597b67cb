"""Describing a service of one's own in the settings dialog: the form, its errors, Edit and Remove."""

from __future__ import annotations

import pytest
from looks import DARK, HOST, LIGHT, make_look, names, tab_stops
from nuke_ai_panel.ui.parts.controls import Button
from nuke_ai_panel.ui.settings.dialog import SettingsDialog
from nuke_ai_panel.ui.settings.service_page import ServicePage
from nuke_ai_panel.ui.settings.values import FieldSpec, ProviderPageSpec, ServiceDraft
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

FORMATS = [("openai_chat", "OpenAI chat format"), ("anthropic", "Anthropic messages format")]
OWN = ServiceDraft("Render AI", "anthropic", "http://farm/v1", "X-Team: comp", True)
GUIDE = ProviderPageSpec("offline", "Guide", connects=False)
FARM = ProviderPageSpec("farm", "Render AI", "http://farm/v1", own=OWN)
ROUNDS = FieldSpec("rounds", "Tool rounds", "number", 8)


@pytest.fixture
def dialog(own) -> SettingsDialog:
    return opened(own)


def opened(own, colours=HOST, locked_by: str = "") -> SettingsDialog:
    dialog = own(SettingsDialog(make_look(colours), [GUIDE, FARM], [ROUNDS]))
    dialog.offer_services(FORMATS, locked_by)
    dialog.said = []
    dialog.service_given.connect(lambda *values: dialog.said.append(("given", *values)))
    dialog.service_removed.connect(lambda *values: dialog.said.append(("removed", *values)))
    dialog.show()
    return dialog


def form(dialog: SettingsDialog) -> ServicePage:
    return next(page for page in dialog.findChildren(ServicePage) if page.isVisible())


def press(widget: QWidget, text: str) -> None:
    buttons = [button for button in widget.findChildren(Button) if button.isVisible()]
    QTest.mouseClick(next(button for button in buttons if button.text() == text), Qt.MouseButton.LeftButton)


def said(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def lines(dialog: SettingsDialog) -> list[str]:
    return [dialog.list.item(place).text() for place in range(dialog.list.count())]


def test_adding_stands_at_the_end_of_the_providers_also_when_there_are_more(dialog):
    assert lines(dialog) == ["Providers", "Guide", "Render AI", "Add a service\u2026", "", "Chat"]
    dialog.set_provider(ProviderPageSpec("other", "Other"))
    assert lines(dialog)[2:5] == ["Render AI", "Other", "Add a service\u2026"]


def test_a_service_is_described_by_keyboard_alone(dialog):
    dialog.list.setFocus()
    dialog.show_page("farm")
    QTest.keyClick(dialog.list, Qt.Key.Key_Down)
    page = form(dialog)
    page.name.setFocus()
    QTest.keyClicks(page.name, "Render AI")
    QTest.keyClick(page.name, Qt.Key.Key_Tab)
    assert dialog.focusWidget() is page.format
    QTest.keyClick(page.format, Qt.Key.Key_Tab)
    QTest.keyClicks(page.address, "http://farm/v1")
    QTest.keyClick(page.address, Qt.Key.Key_Tab)
    QTest.keyClicks(page.headers, "X-Team: comp")
    QTest.keyClick(page.headers, Qt.Key.Key_Tab)
    QTest.keyClick(page.needs_key, Qt.Key.Key_Space)
    QTest.keyClick(page.needs_key, Qt.Key.Key_Tab)
    QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)
    draft = ServiceDraft("Render AI", "openai_chat", "http://farm/v1", "X-Team: comp", True)
    assert dialog.said == [("given", "", draft)]


def test_enter_in_a_line_hands_the_form_on(dialog):
    dialog.show_page("+")
    form(dialog).name.setText("x")
    QTest.keyClick(form(dialog).name, Qt.Key.Key_Return)
    assert dialog.said[0][:2] == ("given", "")


def test_what_is_wrong_stands_under_its_field_until_that_is_changed(dialog):
    dialog.show_page("+")
    page = form(dialog)
    dialog.show_service_errors("", {"address": "Type the address.", "headers": "Line 1: write it as Name: value."})
    assert "Type the address." in said(page) and "Line 1" in said(page)
    assert dialog.focusWidget() is page.address and page.address.accessibleDescription() == "Type the address."
    assert page.headers.box.property("ring") == "bad"
    QTest.keyClicks(page.address, "h")
    page.headers.setPlainText("X-A: b")
    assert "Type the address." not in said(page) and "Line 1" not in said(page)
    assert page.headers.box.property("ring") != "bad" and "{key}" in said(page)


def test_a_form_that_was_taken_is_empty_the_next_time_and_its_page_is_in_front(dialog):
    dialog.show_page("+")
    form(dialog).name.setText("Other")
    dialog.set_provider(ProviderPageSpec("other", "Other"))
    dialog.end_service("", "other")
    assert dialog.pages.current == "other" and dialog.list.currentItem().text() == "Other"
    dialog.show_page("+")
    assert form(dialog).name.text() == ""


def test_what_was_typed_for_a_new_service_is_still_there_after_a_look_elsewhere(dialog):
    dialog.show_page("+")
    form(dialog).name.setText("Half")
    dialog.show_page("farm")
    dialog.show_page("+")
    assert form(dialog).name.text() == "Half"


def test_a_service_is_edited_with_what_it_is_and_given_up_without_a_trace(dialog):
    dialog.show_page("farm")
    press(dialog.page("farm"), "Edit\u2026")
    page = form(dialog)
    assert page.draft() == OWN and dialog.focusWidget() is page.name
    page.name.setText("Nonsense")
    press(page, "Cancel")
    assert dialog.pages.current == "farm"
    press(dialog.page("farm"), "Edit\u2026")
    assert form(dialog).draft() == OWN
    press(form(dialog), "Save")
    assert dialog.said == [("given", "farm", OWN)]


def test_removing_asks_first_with_the_focus_on_keeping(dialog):
    dialog.show_page("farm")
    page = dialog.page("farm")
    press(page, "Remove\u2026")
    assert "Remove Render AI" in said(page) and dialog.focusWidget().text() == "Keep it" and dialog.said == []
    press(page, "Keep it")
    assert dialog.focusWidget().text() == "Remove\u2026" and dialog.said == []
    press(page, "Remove\u2026")
    press(page, "Remove it")
    assert dialog.said == [("removed", "farm")]


def test_a_service_that_was_dropped_is_gone_from_list_and_pages(dialog):
    dialog.show_page("farm")
    press(dialog.page("farm"), "Edit\u2026")
    dialog.drop_provider("farm")
    assert "Render AI" not in lines(dialog) and dialog.pages.current != "farm"
    dialog.show_page("offline")
    assert dialog.pages.current == "offline"


def test_services_of_others_have_neither_edit_nor_remove(dialog):
    assert dialog.page("offline").own.isHidden() and not dialog.page("farm").own.isHidden()


def test_where_the_studio_decides_the_form_is_shown_disabled_and_says_so(own):
    dialog = opened(own, locked_by="Decided by your studio (/mnt/studio.toml).")
    dialog.show_page("+")
    page = form(dialog)
    assert "Decided by your studio" in said(page)
    assert not any(field.isEnabled() for field in (page.name, page.address, page.headers, page.format))
    assert all(not button.isEnabled() for button in page.findChildren(Button) if button.text() == "Add")


def test_everything_in_the_form_has_a_name_and_tab_reaches_it_in_reading_order(dialog):
    dialog.show_page("+")
    stops = names(tab_stops(form(dialog)))
    assert stops == ["Name", "Format: OpenAI chat format", "Address", "Headers", "Needs a key", "Add", "Cancel"]


@pytest.mark.parametrize("colours", [HOST, DARK, LIGHT])
@pytest.mark.parametrize("width", [300, 320, 828])
def test_the_form_fits_at_every_width(own, colours, width):
    dialog = opened(own, colours)
    dialog.resize(width, 640)
    dialog.show_page("+")
    dialog.show_service_errors(
        "", dict.fromkeys(("label", "address", "headers"), "A sentence that is rather long. " * 3)
    )
    page = form(dialog)
    assert page.minimumSizeHint().width() <= page.width()
    assert dialog.pages.place("+").horizontalScrollBar().maximum() == 0


def test_adding_is_found_no_more_while_something_else_is_searched_for(dialog):
    dialog.search.edit.setText("render")
    shown = [dialog.list.item(place).text() for place in range(6) if not dialog.list.item(place).isHidden()]
    assert shown == ["Render AI"]


def test_who_has_described_a_service_stands_in_the_list_and_not_at_close(dialog):
    dialog.activateWindow()
    dialog.show_page("+")
    form(dialog).begin()
    dialog.end_service("", "farm")
    assert dialog.focusWidget() is dialog.list and dialog.pages.current == "farm"
