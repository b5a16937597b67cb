"""Whether a window can be opened, asked before Qt, which ends the process where it cannot."""

from __future__ import annotations

import pytest
from nuke_ai_panel.panel import display
from nuke_ai_panel.panel.display import why_no_window


def test_without_a_display_it_says_so_in_one_line() -> None:
    assert why_no_window({}, "linux") == "There is no display."


def test_other_systems_always_have_one() -> None:
    assert why_no_window({}, "darwin") is None and why_no_window({}, "win32") is None


def test_a_chosen_platform_needs_no_display() -> None:
    assert why_no_window({"QT_QPA_PLATFORM": "offscreen"}, "linux") is None


def test_missing_libraries_are_named_with_the_packages_that_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "_loads", lambda name: name != "libEGL.so.1")
    why = why_no_window({"DISPLAY": ":0"}, "linux")
    assert why and "libEGL.so.1" in why and "libegl1" in why and "mesa-libEGL" in why and "\n" not in why


def test_a_display_that_does_not_answer_is_told_from_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "_loads", lambda name: True)
    assert why_no_window({"DISPLAY": ":7654"}, "linux") == "The display :7654 does not answer."
