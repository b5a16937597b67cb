from __future__ import annotations

import pytest
from looks import LIGHT, activate, host_font, make_look, names, palette, pressing, tab_stops
from nuke_ai_panel.ui.parts.controls import Button
from nuke_ai_panel.ui.parts.details import Details
from nuke_ai_panel.ui.settings.dialog import SettingsDialog
from nuke_ai_panel.ui.settings.values import (
    FieldSpec,
    KeyState,
    ProviderDraft,
    ProviderPageSpec,
    StepRow,
    TestVerdict,
)
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from transcript_parts import until

ANTHROPIC = ProviderPageSpec(
    "anthropic",
    "Anthropic",
    "https://api.anthropic.com",
    "https://api.anthropic.com",
    KeyState("keyring", "Secret Service", "x4Qz"),
    "claude-sonnet-4-5",
    ("claude-sonnet-4-5", "claude-opus-4-5"),
    state="ready",
    words="Ready, 11 models",
)
LOCAL = ProviderPageSpec("local", "llama.cpp", "", "http://127.0.0.1:8080/v1", needs_key=False, local=True)
GUIDE = ProviderPageSpec("offline", "Guide", connects=False, description="Answers from the script itself.", in_use=True)
SEND = FieldSpec("send_key", "Send with", "choice", "enter", (("enter", "Enter"), ("ctrl+enter", "Ctrl+Enter")))
ROUNDS = FieldSpec("rounds", "Tool rounds", "number", 8)
LOCKED = FieldSpec("policy", "Folder", "text", "/mnt", locked_by="Decided by your studio (/mnt/studio.toml).")
REFUSED = TestVerdict(
    False,
    "Anthropic refused the key",
    "It may be revoked.",
    ("replace_key", "open_key_page"),
    "HTTP 401",
    "Stopped at step 2 of 3, 0.3 s",
)
SIGNALS = (
    "test_requested",
    "test_cancelled",
    "key_entered",
    "key_removed",
    "address_changed",
    "model_changed",
    "provider_chosen",
    "action_requested",
    "closed",
)


@pytest.fixture
def dialog(own) -> SettingsDialog:
    dialog = own(SettingsDialog(make_look(), [ANTHROPIC, LOCAL, GUIDE], [SEND, ROUNDS, LOCKED]))
    dialog.said = []
    for name in SIGNALS:
        getattr(dialog, name).connect(lambda *values, name=name: dialog.said.append((name, *values)))
    dialog.fields.given.connect(lambda *values: dialog.said.append(("field_given", *values)))
    dialog.show()
    return dialog


def words(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget) and label.text()]


def press(widget: QWidget, text: str) -> None:
    buttons = [button for button in widget.findChildren(Button) if button.isVisibleTo(widget)]
    QTest.mouseClick(next(b for b in buttons if b.text().replace("&", "") == text), Qt.MouseButton.LeftButton)


def test_it_lists_every_provider_with_its_state_in_words(dialog):
    entry = dialog.list.entry("anthropic")
    assert (entry.name, entry.state, entry.words) == ("Anthropic", "ready", "Ready, 11 models")
    dialog.set_state("anthropic", "failed", "Key refused")
    assert dialog.list.entry("anthropic").words == "Key refused"
    spoken = [dialog.list.item(n).data(Qt.ItemDataRole.AccessibleTextRole) for n in range(dialog.list.count())]
    assert "Anthropic, Key refused" in spoken


def test_a_page_shows_what_is_saved_and_never_a_key(dialog):
    page = dialog.page("anthropic")
    assert page.address.text() == "https://api.anthropic.com"
    assert page.model.text() == "claude-sonnet-4-5"
    assert "Key saved in Secret Service - ends \u2026x4Qz" in words(page)
    assert page.draft() == ProviderDraft("https://api.anthropic.com", "", "claude-sonnet-4-5")


def test_the_guide_has_no_address_key_or_test(dialog):
    page = dialog.page("offline")
    dialog.show_page("offline")
    assert "Answers from the script itself." in words(page)
    assert not {"Address", "Key", "Connection"} & set(words(page))


def test_a_test_uses_what_is_on_the_page_saved_or_not(dialog):
    dialog.show_page("local")
    page = dialog.page("local")
    page.address.setText("http://127.0.0.1:9000/v1")
    QTest.keyClicks(page.key.edit, "secret")
    page.model.edit.setText("tiny")
    press(page, "Test connection")
    draft = ProviderDraft("http://127.0.0.1:9000/v1", "secret", "tiny")
    assert [said for said in dialog.said if said[0] == "test_requested"] == [("test_requested", "local", draft)]
    assert page.key.edit.text() == "secret"


def test_an_empty_address_means_the_providers_own(dialog):
    assert dialog.page("local").draft().address == "http://127.0.0.1:8080/v1"


def test_an_address_that_cannot_work_is_told_at_the_field_and_not_tested_or_saved(dialog):
    dialog.show_page("local")
    page = dialog.page("local")
    page.address.setText("127.0.0.1:8080")
    assert "Put the kind of connection in front: http://127.0.0.1:8080." in words(page)
    assert not page.test.button.isEnabled()
    assert "http://127.0.0.1:8080" in page.test.button.toolTip()
    page.address.editingFinished.emit()
    assert dialog.said == []
    page.address.setText("http://127.0.0.1:8081")
    assert page.test.button.isEnabled()
    page.address.editingFinished.emit()
    assert dialog.said == [("address_changed", "local", "http://127.0.0.1:8081")]


def test_steps_appear_one_by_one_and_go_on_in_place(dialog):
    test = dialog.page("anthropic").test
    dialog.start_test("anthropic")
    assert test.running
    assert test.button.text() == "Cancel"
    dialog.show_step("anthropic", StepRow("DNS", "run"))
    dialog.show_step("anthropic", StepRow("DNS", "ok", "160.79.104.10", "12 ms"))
    dialog.show_step("anthropic", StepRow("TCP", "run", "waiting"))
    assert [(step.name, step.state) for step in test.steps()] == [("DNS", "ok"), ("TCP", "run")]


def test_a_passed_test_says_what_was_proved(dialog):
    dialog.start_test("anthropic")
    dialog.end_test("anthropic", TestVerdict(True, "Key accepted, 11 models, 0.4 s", "no tokens were spent"))
    page = dialog.page("anthropic")
    assert {"Key accepted, 11 models, 0.4 s", "no tokens were spent"} <= set(words(page))
    assert not page.test.running


def test_a_failed_test_says_what_why_and_what_next_with_details_to_copy(dialog):
    dialog.start_test("anthropic")
    dialog.end_test("anthropic", REFUSED)
    page = dialog.page("anthropic")
    assert {"Anthropic refused the key", "It may be revoked.", "Stopped at step 2 of 3, 0.3 s"} <= set(words(page))
    details = page.findChild(Details)
    assert not details.isVisibleTo(page)
    press(page, "Details")
    assert details.isVisibleTo(page)
    details._copy()
    assert QGuiApplication.clipboard().text() == "HTTP 401"
    press(page, "Open key page")
    assert dialog.said == [("action_requested", "anthropic", "open_key_page", page.draft())]


def test_a_key_that_replaces_a_refused_one_is_tested_by_itself(dialog):
    dialog.start_test("anthropic")
    dialog.end_test("anthropic", REFUSED)
    page = dialog.page("anthropic")
    press(page, "Replace key")
    QTest.keyClicks(page.key.edit, "new-key")
    QTest.keyClick(page.key.edit, Qt.Key.Key_Return)
    address = "https://api.anthropic.com"
    assert dialog.said == [
        ("key_entered", "anthropic", address, "new-key"),
        ("test_requested", "anthropic", ProviderDraft(address, "new-key", "claude-sonnet-4-5")),
    ]


def test_cancel_is_shown_at_once_and_what_comes_late_is_dropped(dialog):
    page = dialog.page("anthropic")
    dialog.start_test("anthropic")
    dialog.show_step("anthropic", StepRow("TLS", "run"))
    press(page, "Cancel")
    assert dialog.said == [("test_cancelled", "anthropic")]
    assert not page.test.running
    assert [(step.state, step.detail) for step in page.test.steps()] == [("skip", "cancelled")]
    dialog.show_step("anthropic", StepRow("API", "ok"))
    dialog.end_test("anthropic", REFUSED)
    assert len(page.test.steps()) == 1
    assert "Anthropic refused the key" not in words(page)


def test_two_pages_test_at_the_same_time_and_keep_apart(dialog):
    dialog.start_test("anthropic")
    dialog.start_test("local")
    dialog.show_step("local", StepRow("TCP", "ok"))
    press(dialog.page("anthropic"), "Cancel")
    assert dialog.page("local").test.running
    assert [step.name for step in dialog.page("local").test.steps()] == ["TCP"]
    assert dialog.page("anthropic").test.steps() == []


def test_a_second_test_begins_with_nothing_of_the_first(dialog):
    dialog.start_test("anthropic")
    dialog.show_step("anthropic", StepRow("DNS", "bad"))
    dialog.end_test("anthropic", REFUSED)
    dialog.start_test("anthropic")
    page = dialog.page("anthropic")
    assert page.test.steps() == []
    assert "Anthropic refused the key" not in words(page)


def test_keys_models_and_the_choice_are_told_with_their_provider(dialog):
    page = dialog.page("anthropic")
    press(page, "Remove")
    page.model.edit.setText("claude-opus-4-5")
    page.model.edit.editingFinished.emit()
    page.model.edit.editingFinished.emit()
    press(page, "Use for chat")
    assert dialog.said == [
        ("key_removed", "anthropic", "https://api.anthropic.com"),
        ("model_changed", "anthropic", "claude-opus-4-5"),
        ("provider_chosen", "anthropic"),
    ]


def test_models_that_arrive_later_are_offered_and_change_nothing_typed(dialog):
    page = dialog.page("local")
    page.model.edit.setText("tiny")
    dialog.show_models("local", ("big", "tiny"))
    assert page.model.text() == "tiny"
    page.model._pick("", "big")
    assert dialog.said == [("model_changed", "local", "big")]


def test_saved_values_that_arrive_do_not_undo_a_state_of_the_key(dialog):
    dialog.show_key("anthropic", KeyState("session", "", "abcd"))
    dialog.set_state("anthropic", "busy", "Testing")
    assert dialog.page("anthropic").key.state.kind == "session"


def test_chat_settings_are_made_from_their_declarations(dialog):
    dialog.show_page("#chat")
    page = dialog.fields.page(dialog.fields.place_of("rounds"))
    page.field("send_key").control.choice._pick("", "ctrl+enter")
    rounds = page.field("rounds").control.edit
    rounds.editingFinished.emit()
    rounds.setText(" 12 ")
    rounds.editingFinished.emit()
    rounds.editingFinished.emit()
    assert dialog.said == [("field_given", "send_key", "ctrl+enter"), ("field_given", "rounds", "12")]
    assert not page.field("policy").control.isEnabled()
    assert "Decided by your studio (/mnt/studio.toml)." in words(page)


def test_esc_and_close_end_it_and_say_so(dialog):
    assert not dialog.isModal()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.said == [("closed",)]
    dialog.show()
    press(dialog, "Close")
    assert dialog.said == [("closed",), ("closed",)]


def test_enter_in_a_field_never_closes_or_removes(dialog):
    page = dialog.page("anthropic")
    QTest.keyClick(page.address, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert dialog.said == []


@pytest.mark.parametrize("width", [828, 500, 320])
def test_tab_goes_in_reading_order_and_every_stop_has_a_name(dialog, width):
    dialog.resize(width, 640)
    stops = names(tab_stops(dialog))
    assert stops == [
        "Search settings",
        "Settings pages",
        "Use for chat",
        "Address",
        "Replace",
        "Remove",
        "Default model",
        "Choose from the list: default model",
        "Test connection",
        "Close",
    ]
    activate(dialog)
    dialog.search.edit.setFocus()
    assert pressing(Qt.Key.Key_Tab, len(stops)) == [*stops[1:], stops[0]]
    assert pressing(Qt.Key.Key_Backtab, len(stops)) == [*reversed(stops[1:]), stops[0]]


def test_it_opens_with_the_focus_in_the_list_where_a_letter_hides_no_page(dialog):
    activate(dialog)
    assert names([dialog.focusWidget()]) == ["Settings pages"]


def test_names_of_fields_have_mnemonics_that_differ(dialog):
    page = dialog.page("local")
    labels = [label.text() for label in page.findChildren(QLabel) if label.buddy()]
    buttons = [button.text() for button in page.findChildren(Button)]
    marks = [text[text.index("&") + 1].lower() for text in [*labels, *buttons] if "&" in text]
    assert len(marks) == len(set(marks)) == 4


@pytest.mark.parametrize("size", [11, 12, 13])
def test_nothing_needs_scrolling_sideways_at_320_px(own, size):
    dialog = own(SettingsDialog(make_look(LIGHT, size), [ANTHROPIC, LOCAL], [SEND]))
    dialog.resize(320, 600)
    dialog.show()
    dialog.start_test("anthropic")
    dialog.show_step("anthropic", StepRow("TLS", "ok", "1.3, certificate valid to 12 January 2031", "31 ms"))
    dialog.end_test("anthropic", REFUSED)
    QGuiApplication.sendPostedEvents()
    assert dialog.width() == 320
    scroll = dialog.pages.place("anthropic")
    assert scroll.horizontalScrollBar().maximum() == 0


def test_it_follows_a_change_of_the_look_while_open(own):
    look = make_look()
    dialog = own(SettingsDialog(look, [ANTHROPIC], [SEND]))
    dialog.show()
    look.update(palette(*LIGHT), host_font(13))
    assert dialog.page("anthropic").address.font().pixelSize() == 13
    dialog.grab()


def focus_of(dialog: SettingsDialog) -> str:
    return names([dialog.focusWidget()])[0]


def test_retrying_from_the_verdict_leaves_the_focus_on_the_test_not_on_close(dialog):
    verdict = TestVerdict(False, "Nothing is listening", "Start it.", ("retry",))
    dialog.show_page("local")
    page = dialog.page("local")
    dialog.activateWindow()
    page.test.button.setFocus()
    dialog.start_test("local")
    dialog.end_test("local", verdict)
    assert focus_of(dialog) == "Retry"
    dialog.start_test("local")
    assert focus_of(dialog) == "Cancel"
    dialog.end_test("local", verdict)
    assert focus_of(dialog) == "Retry"


def test_who_replaces_a_refused_key_waits_at_the_test(dialog):
    page = dialog.page("anthropic")
    dialog.activateWindow()
    dialog.start_test("anthropic")
    dialog.end_test("anthropic", REFUSED)
    press(page, "Replace key")
    QTest.keyClicks(page.key.edit, "new-key")
    QTest.keyClick(page.key.edit, Qt.Key.Key_Return)
    dialog.start_test("anthropic")
    assert focus_of(dialog) == "Cancel"
    dialog.end_test("anthropic", REFUSED)
    assert focus_of(dialog) == "Replace key"


def test_an_empty_default_model_says_what_holds_then(dialog):
    dialog.set_provider(ProviderPageSpec("new", "New"))
    hints = {each: dialog.page(each).model.edit.placeholderText() for each in ("anthropic", "local", "new")}
    assert hints == {
        "anthropic": "Choose one",
        "local": "The first one that is listed",
        "new": "Test connection lists them",
    }


def test_the_chosen_page_stays_in_view_when_the_list_gets_low(dialog):
    for number in range(20):
        dialog.set_provider(ProviderPageSpec(f"p{number}", f"Provider {number}"))
    dialog.show_page("p19")
    dialog.resize(400, 400)
    QTest.qWait(0)
    area = dialog.list.visualItemRect(dialog.list.currentItem())
    assert dialog.list.viewport().rect().contains(area)


def test_the_row_that_keys_have_reached_is_outlined_and_a_clicked_one_is_not(dialog):
    by_accent = dialog._look.theme.accent.rgb()

    def outlined() -> bool:
        image = dialog.list.viewport().grab().toImage()
        area = dialog.list.visualItemRect(dialog.list.currentItem())
        return image.pixel(area.center().x(), area.top()) == by_accent

    dialog.activateWindow()
    until(dialog.isActiveWindow)
    dialog.list.setFocus(Qt.FocusReason.MouseFocusReason)
    assert not outlined()
    QTest.keyClick(dialog.list, Qt.Key.Key_Down)
    assert outlined()
    place = dialog.list.visualItemRect(dialog.list.currentItem()).center()
    QTest.mouseClick(dialog.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert not outlined()


def test_it_opens_on_the_first_page_unless_another_is_asked_for_and_makes_no_page_in_vain(own):
    for wanted in ("anthropic", "local"):
        dialog = own(SettingsDialog(make_look(), [ANTHROPIC, LOCAL, GUIDE], [SEND]))
        if wanted != "anthropic":
            dialog.show_page(wanted)
        dialog.show()
        assert list(dialog._pages) == [wanted]
