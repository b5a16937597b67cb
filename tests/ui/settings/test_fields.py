"""Pages of the settings dialog that are made from declarations, and the search through them."""

from __future__ import annotations

import pytest
from looks import LIGHT, make_look, names, tab_stops
from nuke_ai_panel.ui.settings.dialog import SettingsDialog
from nuke_ai_panel.ui.settings.field import Field
from nuke_ai_panel.ui.settings.fields_page import with_mnemonics
from nuke_ai_panel.ui.settings.values import FieldSpec, ProviderPageSpec
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget

OLLAMA = ProviderPageSpec("ollama", "Ollama", description="Models on this computer.")
GROQ = ProviderPageSpec("groq", "Groq", needs_key=True)
STUDIO = "Decided by your studio (/mnt/studio.toml)."
SEND = FieldSpec(
    "chat.send_key", "Send with", "choice", "enter", (("enter", "Enter"), ("ctrl+enter", "Ctrl+Enter")), group="Writing"
)
LOUD = FieldSpec("chat.loud", "Loud", "switch", "on", help="Tell everything.", group="Writing")
CONNECT = FieldSpec(
    "network.connect", "Connect within", "number", "12", help="A server.", page="Limits", unit="s", standard="10 s"
)
SILENCE = FieldSpec("network.idle", "Silence", "number", "60", help="Without a word.", page="Limits", unit="s")
PROXY = FieldSpec("network.proxy", "Proxy", "text", "http://p:1", page="Network", group="Out", locked_by=STUDIO)
HOSTS = FieldSpec("network.hosts", "Direct hosts", "list", ".lan", help="No proxy.", page="Network", group="Out")
FILE = FieldSpec("network.ca_file", "Certificates", "path", "", page="Network", group="Trust")
FIELDS = (SEND, LOUD, CONNECT, SILENCE, PROXY, HOSTS, FILE)


@pytest.fixture
def dialog(own) -> SettingsDialog:
    dialog = own(SettingsDialog(make_look(), [OLLAMA, GROQ], FIELDS))
    dialog.said = []
    dialog.fields.given.connect(lambda *values: dialog.said.append(values))
    dialog.fields.reset.connect(lambda name: dialog.said.append((name, None)))
    dialog.show()
    return dialog


def field(dialog: SettingsDialog, spec: FieldSpec) -> Field:
    dialog.show_page(f"#{spec.page.lower()}")
    return dialog.fields.field(spec.id)


def note(line: Field) -> str:
    return line._note.text() if line._note.isVisibleTo(line) else ""


def listed(dialog: SettingsDialog) -> list[str]:
    items = [dialog.list.item(place) for place in range(dialog.list.count())]
    return [item.text() for item in items if not item.isHidden() and item.text()]


def shown(dialog: SettingsDialog, page: str) -> list[str]:
    lines = dialog.fields.page(page).findChildren(Field)
    return [line.field.label for line in lines if line.isVisibleTo(dialog)]


def test_each_kind_of_setting_has_its_control_and_tells_what_is_given_in_words(dialog):
    field(dialog, SEND).control.choice._pick("", "ctrl+enter")
    QTest.mouseClick(field(dialog, LOUD).control.switch, Qt.MouseButton.LeftButton)
    for spec in (CONNECT, HOSTS, FILE):
        edit = field(dialog, spec).control.edit
        edit.clear()
        QTest.keyClicks(edit, "7")
        QTest.keyClick(edit, Qt.Key.Key_Return)
    assert dialog.said == [
        ("chat.send_key", "ctrl+enter"),
        ("chat.loud", "off"),
        ("network.connect", "7"),
        ("network.hosts", "7"),
        ("network.ca_file", "7"),
    ]
    assert "s" in [label.text() for label in field(dialog, CONNECT).findChildren(QLabel)]


def test_a_switch_says_in_words_what_it_is(dialog):
    switch = field(dialog, LOUD).control.switch
    assert (switch.isChecked(), switch.text(), switch.accessibleName()) == (True, "On", "Loud")
    QTest.keyClick(switch, Qt.Key.Key_Space)
    assert (switch.text(), dialog.said) == ("Off", [("chat.loud", "off")])
    QTest.keyClick(switch, Qt.Key.Key_Return)
    assert (switch.text(), dialog.said[-1]) == ("On", ("chat.loud", "on"))
    switch.grab()


def test_a_field_that_is_left_as_it_was_tells_nothing(dialog):
    edit = field(dialog, CONNECT).control.edit
    edit.editingFinished.emit()
    assert dialog.said == []


def test_what_cannot_be_used_is_said_under_the_field_until_somebody_types_on(dialog):
    line = field(dialog, CONNECT)
    QTest.keyClicks(line.control.edit, "x")
    QTest.keyClick(line.control.edit, Qt.Key.Key_Return)
    dialog.fields.show_error(CONNECT.id, "It has to be a number, 1 to 120 s.")
    assert note(line) == "It has to be a number, 1 to 120 s." == line.control.edit.accessibleDescription()
    assert line.control.edit.property("ring") == "bad" and line.control.edit.text() == "12x"
    QTest.keyClick(line.control.edit, Qt.Key.Key_Backspace)
    assert note(line) == "A server." and not line.control.edit.property("ring")


def test_what_is_locked_is_shown_and_says_who_decides(dialog):
    line = field(dialog, PROXY)
    assert line.control.edit.text() == "http://p:1" and not line.control.isEnabled()
    assert note(line) == STUDIO == line.control.toolTip() == line.control.edit.accessibleDescription()
    assert not line.back.isVisibleTo(line)


def test_only_what_was_set_can_be_reset_and_says_to_what(dialog):
    line = field(dialog, CONNECT)
    assert line.back.isVisibleTo(line) and line.back.toolTip() == "Back to 10 s"
    assert not field(dialog, SILENCE).back.isVisibleTo(field(dialog, SILENCE))
    dialog.activateWindow()
    line.back.click()
    assert dialog.said == [(CONNECT.id, None)] and dialog.focusWidget() is line.control.edit
    dialog.fields.show_field(FieldSpec(CONNECT.id, "Connect within", "number", "10", page="Limits", unit="s"))
    assert line.control.edit.text() == "10" and not line.back.isVisibleTo(line)


def test_a_value_that_is_shown_does_not_take_away_what_is_being_typed(dialog):
    line = field(dialog, SILENCE)
    dialog.activateWindow()
    line.control.edit.setFocus()
    QTest.keyClicks(line.control.edit, "5")
    dialog.fields.show_field(SILENCE)
    assert line.control.edit.text() == "605"


def test_a_field_that_is_shown_before_its_page_was_opened_is_there_when_it_is(dialog):
    dialog.fields.show_field(FieldSpec(SILENCE.id, "Silence", "number", "61", page="Limits", unit="s"))
    assert field(dialog, SILENCE).control.edit.text() == "61"


def test_a_path_is_browsed_for_without_stopping_everything(dialog):
    control = field(dialog, FILE).control
    control.browse.click()
    chooser = control.findChild(QFileDialog)
    assert chooser.isVisible() and chooser.windowTitle() == "Certificates"
    chooser.fileSelected.emit("/mnt/studio.pem")
    chooser.reject()
    assert control.edit.text() == "/mnt/studio.pem" and dialog.said == [(FILE.id, "/mnt/studio.pem")]


def test_ctrl_f_goes_to_the_search_and_esc_empties_it_before_it_closes(dialog):
    dialog.activateWindow()
    dialog.list.setFocus()
    QTest.keyClick(dialog.list, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert dialog.focusWidget() is dialog.search.edit
    QTest.keyClicks(dialog.search.edit, "proxy")
    QTest.keyClick(dialog.search.edit, Qt.Key.Key_Escape)
    assert dialog.isVisible() and dialog.search.edit.text() == ""
    QTest.keyClick(dialog.search.edit, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


@pytest.mark.parametrize(
    ("words", "pages", "fields"),
    [
        ("proxy", ["Network"], ["Proxy", "Direct hosts"]),  # by name and by what it is for
        ("SILENCE", ["Limits"], ["Silence"]),
        ("network.ca_file", ["Network"], ["Certificates"]),  # by id
        ("word without", ["Limits"], ["Silence"]),  # each word, in any order
        ("limits", ["Limits"], ["Connect within", "Silence"]),  # by page
        ("trust", ["Network"], ["Certificates"]),  # by group
    ],
)
def test_a_search_shows_the_pages_and_fields_that_are_meant_and_marks_them(dialog, words, pages, fields):
    dialog.search.edit.setText(words)
    assert listed(dialog) == pages
    assert shown(dialog, f"#{pages[0].lower()}") == fields
    assert all(line._marked == (line.field.label in fields) for line in dialog.findChildren(Field))
    dialog.grab()
    dialog.search.edit.clear()
    assert listed(dialog) == ["Providers", "Ollama", "Groq", "Chat", "Limits", "Network"]
    assert not any(line._marked or line.isHidden() for line in dialog.findChildren(Field))


def test_a_search_finds_providers_and_brings_the_first_in_front(dialog):
    dialog.show_page("#network")
    dialog.search.edit.setText("oll")
    assert listed(dialog) == ["Ollama"] and dialog.pages.current == "ollama"


def test_a_page_that_is_opened_in_a_search_shows_only_what_was_found(dialog):
    dialog.search.edit.setText("s")
    dialog.show_page("#limits")
    dialog.search.edit.setText("silence")
    dialog.show_page("#limits")
    assert shown(dialog, "#limits") == ["Silence"]


def test_enter_in_the_search_goes_to_the_first_field_that_can_be_changed(dialog):
    dialog.activateWindow()
    dialog.search.edit.setText("proxy")
    QTest.keyClick(dialog.search.edit, Qt.Key.Key_Return)
    assert dialog.focusWidget() is field(dialog, HOSTS).control.edit


def test_a_search_that_finds_nothing_says_so(dialog):
    dialog.search.edit.setText("quaternion")
    assert listed(dialog) == [] and dialog.search._nothing.isVisibleTo(dialog)
    assert dialog.search.edit.accessibleDescription() == "Nothing is called that."
    dialog.search.edit.clear()
    assert not dialog.search._nothing.isVisibleTo(dialog)


def test_providers_that_are_not_offered_are_neither_listed_nor_found(dialog):
    dialog.offer(["groq"])
    assert listed(dialog) == ["Providers", "Groq", "Chat", "Limits", "Network"]
    dialog.search.edit.setText("ollama")
    assert listed(dialog) == []


@pytest.mark.parametrize("width", [828, 320])
def test_tab_goes_through_a_page_in_reading_order_and_every_stop_has_a_name(dialog, width):
    dialog.resize(width, 640)
    dialog.show_page("#network")
    expected = ["Search settings", "Settings pages", "Direct hosts", "Certificates", "Browse: Certificates", "Close"]
    assert names(tab_stops(dialog)) == expected


@pytest.mark.parametrize("size", [11, 12, 13])
@pytest.mark.parametrize("page", ["#chat", "#limits", "#network"])
def test_no_page_needs_scrolling_sideways_at_320_px(own, size, page):
    dialog = own(SettingsDialog(make_look(LIGHT, size), [OLLAMA], FIELDS))
    dialog.resize(320, 600)
    dialog.show()
    dialog.show_page(page)
    QGuiApplication.sendPostedEvents()
    assert dialog.width() == 320 and dialog.pages.place(page).horizontalScrollBar().maximum() == 0


def test_each_name_gets_a_letter_of_its_own_while_there_are_any():
    marked = with_mnemonics(["Connect", "Once", "On", "N", "7"])
    letters = [name[name.index("&") + 1].lower() for name in marked if "&" in name]
    assert len(letters) == len(set(letters)) and "c" not in letters
    assert [name.replace("&", "") for name in marked] == ["Connect", "Once", "On", "N", "7"]


def test_fields_follow_a_change_of_the_look(own):
    look = make_look()
    dialog = own(SettingsDialog(look, [OLLAMA], FIELDS))
    dialog.show()
    edit = field(dialog, CONNECT).control.edit
    look.update(*_light())
    assert edit.font().pixelSize() == 13


def _light():
    from looks import host_font, palette

    return palette(*LIGHT), host_font(13)


def test_a_provider_that_the_studio_has_set_up_says_so(own):
    spec = ProviderPageSpec("ollama", "Ollama", "http://ai:1", choice_locked_by=STUDIO, address_locked_by=STUDIO)
    dialog = own(SettingsDialog(make_look(), [spec], ()))
    dialog.show()
    page: QWidget = dialog.page("ollama")
    assert not page.address.isEnabled() and page.model.isEnabled() and not page._use.isEnabled()
    assert page._address_row._note.text() == STUDIO == page.address.toolTip()
