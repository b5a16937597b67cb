from __future__ import annotations

import pytest
from looks import make_look, names, tab_stops
from nuke_ai_panel.ui.first_start import FirstStart, LocalFound
from nuke_ai_panel.ui.parts.controls import Button
from nuke_ai_panel.ui.settings.values import KeyState
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QScrollArea

OLLAMA = LocalFound("ollama", "Ollama", 11434, "qwen3:14b", 7)


@pytest.fixture
def start(own) -> FirstStart:
    start = own(FirstStart(make_look()))
    start.resize(400, 600)
    start.show()
    start.said = []
    start.key_entered.connect(lambda key: start.said.append(("key", key)))
    start.local_chosen.connect(lambda *which: start.said.append(("local", *which)))
    start.variable_chosen.connect(lambda which: start.said.append(("variable", which)))
    start.settings_requested.connect(lambda: start.said.append(("settings",)))
    return start


def words(start: FirstStart) -> list[str]:
    return [label.text() for label in start.findChildren(QLabel) if label.isVisibleTo(start) and label.text()]


def test_a_way_that_is_not_there_says_so_in_one_line(start):
    assert (start.local_card.title(), start.local_card.text()) == ("No model server found here", "")
    assert (start.variable_card.title(), start.variable_card.text()) == ("No key is set in the environment", "")
    assert names(tab_stops(start)) == ["Key", "All services"]


def test_while_it_still_looks_it_says_so(start):
    start.set_local(None, looking=True)
    assert start.local_card.title().startswith("Looking for")


def test_a_server_that_was_found_is_offered_by_the_name_of_its_model(start):
    start.set_local(OLLAMA)
    assert start.local_card.title() == "Ollama is running on this computer"
    assert start.local_card.text() == "Port 11434, 7 models. Nothing leaves the machine."
    press(start, "Use qwen3:14b")
    press(start, "Other model")
    assert start.said == [("local", "ollama", "qwen3:14b"), ("local", "ollama", "")]


def test_one_model_offers_no_other(start):
    start.set_local(LocalFound("ollama", "Ollama", 11434, "qwen3:14b", 1))
    assert "1 model." in start.local_card.text()
    assert "Other model" not in names(tab_stops(start))


def test_a_variable_that_is_set_is_named_and_used_only_when_asked(start):
    start.set_variable("OPENAI_API_KEY", "openai")
    assert start.variable_card.title() == "OPENAI_API_KEY is set"
    assert start.said == []
    press(start, "Use it")
    assert start.said == [("variable", "openai")]


def test_a_key_is_handed_on_once_and_forgotten(start):
    QTest.keyClicks(start.key.edit, "sk-123")
    QTest.keyClick(start.key.edit, Qt.Key.Key_Return)
    assert start.said == [("key", "sk-123")]
    assert start.key.edit.text() == ""


def test_what_came_of_the_key_is_said_on_its_card(start):
    start.set_key_result(False, "OpenAI refused the key", "Paste another one.")
    assert (start.key_card.title(), start.key_card.text()) == ("OpenAI refused the key", "Paste another one.")
    assert start.key.edit.isVisibleTo(start)
    start.set_key_result(True, "Key accepted, 11 models", state=KeyState("keyring", "Secret Service", "x4Qz"))
    assert any("x4Qz" in text for text in words(start))
    start.clear_key_result()
    assert start.key_card.title() == "Paste a key"


def test_where_keys_and_chats_are_kept_stands_below(start):
    start.set_places("Keys: Secret Service. Chats: not kept yet.")
    assert words(start)[-1] == "Keys: Secret Service. Chats: not kept yet."
    press(start, "All services")
    assert start.said == [("settings",)]


def test_tab_goes_from_card_to_card(start):
    start.set_local(OLLAMA)
    start.set_variable("OPENAI_API_KEY", "openai")
    assert names(tab_stops(start)) == ["Key", "Use qwen3:14b", "Other model", "Use it", "All services"]


@pytest.mark.parametrize("size", [11, 12, 13])
def test_nothing_scrolls_sideways_at_300_px(own, size):
    start = own(FirstStart(make_look(size=size)))
    start.set_local(OLLAMA)
    start.set_variable("ANTHROPIC_API_KEY", "anthropic")
    start.resize(300, 600)
    start.show()
    QGuiApplication.sendPostedEvents()
    assert start.width() == 300
    assert start.findChild(QScrollArea).horizontalScrollBar().maximum() == 0


def press(start: FirstStart, name: str) -> None:
    stop = next(stop for stop in tab_stops(start) if names([stop]) == [name])
    QTest.mouseClick(stop, Qt.MouseButton.LeftButton)


def test_a_model_with_a_long_name_pushes_nothing_out_of_a_narrow_pane(start):
    start.resize(300, 600)
    start.set_local(LocalFound("llama_cpp", "llama.cpp server", 8080, f"Qwen2.5-{'Coder-' * 20}Q4_K_M.gguf", 2))
    start.key.edit.setText("sk-0123456789abcdef")
    QTest.qWait(0)
    area = start.findChild(QScrollArea)
    assert area.horizontalScrollBar().maximum() == 0
    button = next(each for each in start.findChildren(Button) if each.text().startswith("Use Qwen"))
    assert "\u2026" in button.shown_text()
    assert button.toolTip() == button.text()


def test_whose_a_key_is_that_does_not_say_is_asked_and_no_guess_is_made(start):
    start.owners = []
    start.owner_chosen.connect(start.owners.append)
    start.key.edit.setText("sk-0123456789abcdef")
    start.key.save()
    start.ask_owner([("openai", "OpenAI"), ("deepseek", "DeepSeek")])
    assert start.key_card.title() == "Whose key is this?"
    assert names(tab_stops(start)) == ["OpenAI", "DeepSeek", "None of them", "All services"]
    assert start.focusWidget().text() == "OpenAI"
    press(start, "DeepSeek")
    assert start.owners == ["deepseek"]
    assert names(tab_stops(start)) == ["Key", "All services"]


def test_a_key_of_none_of_them_is_dropped_and_another_may_be_pasted(start):
    start.owners = []
    start.owner_chosen.connect(start.owners.append)
    start.ask_owner([("openai", "OpenAI")])
    press(start, "None of them")
    assert start.owners == [""]
    assert start.key_card.title() == "Paste a key"
    assert start.key.edit.isVisibleTo(start)
