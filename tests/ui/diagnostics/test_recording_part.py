"""The recording of a connection, on the page of connections: what it says, and what its buttons ask for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from looks import make_look
from nuke_ai_panel.ui.diagnostics.recording import NO_CONNECTION, RecordingPart
from nuke_ai_panel.ui.diagnostics.values import Fact, RecordingFigures
from PySide6.QtTest import QSignalSpy

IDLE = RecordingFigures((("openai", "OpenAI"), ("ollama", "Ollama")))
GOING = replace(IDLE, current="ollama", words="Recording Ollama.", files=(Fact("Folder", "~/recordings"),))


@pytest.fixture
def part(own) -> RecordingPart:
    part = own(RecordingPart(make_look()))
    part.show()
    return part


def test_the_first_connection_is_offered_and_another_may_be_chosen(part):
    wanted = QSignalSpy(part.wanted)
    part.show_figures(IDLE)
    part.button.click()
    part.choice._pick("", "ollama")
    part.show_figures(replace(IDLE, choices=(*IDLE.choices, ("groq", "Groq"))))
    part.button.click()
    assert [wanted.at(count) for count in range(wanted.count())] == [["openai"], ["ollama"]]


def test_while_it_records_it_says_so_and_only_stopping_is_possible(part):
    wanted, folder = QSignalSpy(part.wanted), QSignalSpy(part.folder_wanted)
    part.show_figures(IDLE)
    part.show_figures(GOING)
    assert part.words == "Recording Ollama." and part.button.text().replace("&", "") == "Stop recording"
    assert part.choice.value == "ollama" and not part.choice.isEnabled()
    assert part.files.facts() == ["Folder: ~/recordings"]
    part.button.click()
    part.folder.click()
    assert wanted.at(0) == [""] and folder.count() == 1
    part.show_figures(IDLE)
    assert part.choice.isEnabled() and part.choice.value == "ollama" and part.folder.isHidden()


def test_why_it_ended_too_early_stands_beside_a_cross(part):
    part.show_figures(replace(IDLE, words="The recording has ended. The disk is full.", trouble=True))
    assert part._glyph.name == "cross" and not part._how.isHidden()


def test_without_a_connection_the_button_is_off_and_says_why(part):
    part.show_figures(RecordingFigures())
    assert not part.button.isEnabled() and part.button.toolTip() == NO_CONNECTION and part._how.isHidden()
