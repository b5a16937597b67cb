from __future__ import annotations

import pytest
from looks import make_look, names, tab_stops
from nuke_ai_panel.ui.empty_chat import QUESTIONS, EmptyChat


@pytest.fixture
def empty(own) -> EmptyChat:
    empty = own(EmptyChat(make_look()))
    empty.resize(320, 480)
    empty.show()
    return empty


def test_without_a_script_it_offers_to_open_one(empty):
    asked: list[int] = []
    empty.open_requested.connect(lambda: asked.append(1))
    assert empty.title() == "No script is open"
    assert names(tab_stops(empty)) == ["Open a script"]
    tab_stops(empty)[0].click()
    assert asked == [1]


def test_with_a_script_it_names_it_and_offers_questions_that_are_put_not_sent(empty):
    chosen: list[str] = []
    empty.question_chosen.connect(chosen.append)
    empty.set_who("qwen3:14b")
    empty.set_script("sh0420_comp_v012.nk")
    assert empty.title() == "Ask about sh0420_comp_v012.nk"
    assert empty._text.text().endswith("qwen3:14b answers.")
    assert names(tab_stops(empty)) == list(QUESTIONS)
    tab_stops(empty)[1].click()
    assert chosen == [QUESTIONS[1]]
