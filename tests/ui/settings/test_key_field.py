from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from looks import make_look, names, tab_stops
from nuke_ai_panel.providers.key_text import clean_key, key_problem, key_warning
from nuke_ai_panel.ui.settings.key_field import PASSWORD, KeyField
from nuke_ai_panel.ui.settings.values import KeyState
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit

KEY = "sk-proj-1234567890"


@pytest.fixture
def field(own) -> KeyField:
    field = own(KeyField(make_look()))
    field.resize(500, 60)
    field.show()
    field.keys = []
    field.entered.connect(lambda key: field.keys.append(key))
    return field


def words(field: KeyField) -> str:
    return " ".join(label.text() for label in field.findChildren(QLabel) if label.isVisibleTo(field))


@pytest.mark.parametrize(
    "pasted",
    [f"  {KEY}\n", f'"{KEY}"', f"'{KEY}' ", f"Bearer {KEY}", f'"bearer  {KEY}"', f"Authorization: Bearer {KEY}\r\n"],
)
def test_what_comes_along_with_a_copied_key_is_taken_off(field, pasted):
    QGuiApplication.clipboard().setText(pasted)
    field.edit.paste()
    assert field.typed_key() == KEY


@given(st.text(max_size=60))
def test_cleaning_twice_is_cleaning_once_and_adds_nothing(text):
    cleaned = clean_key(text)
    assert clean_key(cleaned) == cleaned
    assert cleaned in text


@pytest.mark.parametrize("text", ["sk-1\x00234", "sk-12\n34", "sk-12 34", "sk-12\u200b34", "sk-12\u202e34"])
def test_a_key_with_a_break_or_something_unseen_inside_is_refused_at_the_field(field, text):
    field.edit.setText(text)
    assert key_problem(clean_key(text))
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    assert field.keys == []
    assert key_problem(field.edit.text()) in words(field)


def test_an_unusual_character_is_named_but_accepted(field):
    field.edit.setText("sk-\u0430bc")
    assert "cyrillic small letter a" in key_warning("sk-\u0430bc")
    assert "cyrillic small letter a" in words(field)
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    assert field.keys == ["sk-\u0430bc"]


def test_a_saved_key_leaves_the_field_at_once_and_for_good(field):
    QTest.keyClicks(field.edit, KEY)
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    assert field.keys == [KEY]
    assert field.edit.text() == ""
    field.edit.undo()
    assert field.edit.text() == ""
    assert KEY not in words(field)


def test_keys_are_hidden_unless_peeked_at_and_hidden_again_after(field):
    QTest.keyClicks(field.edit, KEY)
    assert field.edit.echoMode() == QLineEdit.EchoMode.Password
    field._peek.click()
    assert field.edit.echoMode() == QLineEdit.EchoMode.Normal
    assert field.edit.inputMethodHints() & Qt.InputMethodHint.ImhSensitiveData
    field.save()
    assert field.edit.echoMode() == QLineEdit.EchoMode.Password


@pytest.mark.parametrize(
    "state, expected, offered",
    [
        (KeyState("loading"), "Looking for the key\u2026", []),
        (
            KeyState("keyring", "Secret Service", "x4Qz"),
            "Key saved in Secret Service - ends \u2026x4Qz",
            ["Replace", "Remove"],
        ),
        (KeyState("session", "", "x4Qz"), "Key kept until you quit - ends \u2026x4Qz", ["Replace", "Remove"]),
        (KeyState("environment", "OPENAI_API_KEY"), "Set in OPENAI_API_KEY", []),
        (KeyState("unavailable", "No key store is running."), "No key store is running.", ["Key"]),
        (KeyState("none"), "", ["Key"]),
    ],
)
def test_where_the_key_is_stands_on_its_card_and_only_what_can_be_done_is_offered(field, state, expected, offered):
    field.show_state(state)
    assert expected in words(field)
    assert names(tab_stops(field)) == offered


def test_a_key_from_the_environment_says_how_to_use_another(field):
    field.show_state(KeyState("environment", "OPENAI_API_KEY"))
    assert "unset OPENAI_API_KEY" in field._remove.toolTip()
    field.replace()
    assert not field.edit.isVisibleTo(field)


def test_replacing_can_be_given_up(field):
    field.show_state(KeyState("keyring", "Secret Service", "x4Qz"))
    field._replace.click()
    QTest.keyClicks(field.edit, "abc")
    QTest.keyClick(field.edit, Qt.Key.Key_Escape)
    assert field.edit.text() == ""
    assert "x4Qz" in words(field)


def test_a_state_that_arrives_while_a_key_is_typed_does_not_take_it_away(field):
    QTest.keyClicks(field.edit, "abc")
    field.show_state(KeyState("keyring", "Secret Service", "x4Qz"))
    assert field.typed_key() == "abc"
    assert field.edit.isVisibleTo(field)


@pytest.mark.parametrize(("remedy", "button"), [("unlock", "Unlock"), ("again", "Try again")])
def test_a_keyring_that_may_be_helped_has_a_button_for_it(field, remedy, button):
    asked = []
    field.unlock_requested.connect(lambda: asked.append(True))
    field.show_state(KeyState("unavailable", "Secret Service is locked.", remedy=remedy))
    assert "Secret Service is locked." in words(field) and button in names(tab_stops(field))
    QTest.keyClick(field._unlock, Qt.Key.Key_Return)
    assert asked == [True]
    field.edit.setText(KEY)
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    assert field.keys == [KEY]


def test_a_keyring_that_is_not_there_has_none(field):
    field.show_state(KeyState("unavailable", "There is no keyring on this computer."))
    assert not field._unlock.isVisibleTo(field)


def test_a_key_that_is_kept_for_now_can_still_go_into_the_keyring(field):
    field.show_state(KeyState("session", "Secret Service is locked.", "x4Qz", "unlock"))
    assert {"Replace", "Remove", "Unlock"} <= set(names(tab_stops(field)))
    field.show_state(KeyState("keyring", "Secret Service", "x4Qz"))
    assert "Unlock" not in names(tab_stops(field))


def test_a_password_is_taken_as_it_is_and_called_one(own):
    field = own(KeyField(make_look(), kind=PASSWORD))
    field.show()
    given = []
    field.entered.connect(given.append)
    field.edit.setText(' "Bearer caf\u00e9" ')
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    assert given == [' "Bearer caf\u00e9" '] and field.edit.text() == ""
    assert field.edit.echoMode() == QLineEdit.EchoMode.Password and field.edit.accessibleName() == "Password"
    field.show_state(KeyState("keyring", "Secret Service"))
    assert "Password saved in Secret Service" in words(field)


def test_a_password_with_a_line_break_is_refused(own):
    field = own(KeyField(make_look(), kind=PASSWORD))
    field.show()
    field.edit.setText("one\u2028two")
    assert field.typed_key() == "" and "line break" in words(field)
