"""Each kind of problem, brought about once, is told in the same words in the dialog or the chat and in the terminal.

How each comes about stands in `every_problem`. Here is what holds for all of them: the title, the cause and the next
step are on the screen, with the buttons that help; the terminal prints the same, and with --json the same kind; nothing
is left blank, nothing is a piece of a web page, and no key and no password is anywhere.
"""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from every_problem import CASES, PASSWORD, SECRET, Case, Scene
from nuke_ai_panel.panel.cli.main import main
from nuke_ai_panel.panel.in_force import InForce
from nuke_ai_panel.panel.settings import ProviderSettings, load, settings_path
from nuke_ai_panel.providers.errors import KINDS
from nuke_ai_panel.ui.parts.controls import Button
from nuke_ai_panel.ui.settings.verdict import Verdict
from nuke_ai_panel.ui.transcript.answer_parts import ProblemCard
from on_a_thread import on_a_thread
from open_window import OpenPane, open_pane, until
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QWidget

NOTICES = frozenset({"model_swapped", "cut_length", "refused", "filtered"})
"""Told beside an answer that did come."""


@dataclass(frozen=True)
class Told:
    """What the terminal said, plain and as JSON."""

    plain: str
    err: str
    document: dict[str, object]

    @property
    def problem(self) -> dict[str, str]:
        error = self.document.get("error")
        return error or self.document["notices"][0]  # type: ignore[index,return-value]


@dataclass(frozen=True)
class Shown:
    """What was on the screen: words, buttons, and the details that are folded away."""

    words: list[str]
    buttons: list[str]
    details: str


def test_no_kind_is_missing_and_none_is_there_twice() -> None:
    assert sorted(case.kind for case in CASES) == sorted(KINDS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_it_is_told_in_the_same_words_everywhere(
    case: Case,
    loop: asyncio.AbstractEventLoop,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ExitStack() as stack:
        scene = stack.enter_context(on_a_thread(case.made()))
        prepare(case, scene, monkeypatch)
        told = in_the_terminal(case, scene, capsys)
        shown = loop.run_until_complete(on_the_screen(case, scene))
    problem = told.problem
    assert problem["kind"] == case.kind
    assert_readable(problem)
    assert problem["title"] in shown.words
    assert f"{problem['why']} {problem['next']}" in shown.words
    assert problem["title"] in told.err and f"{problem['why']} {problem['next']}" in told.err
    if case.shown != "answer":
        port = scene.url.rpartition(":")[2].split("/")[0]
        assert tuple(shown.buttons) == tuple(label.replace("PORT", port) for label in case.buttons)
    everything = repr((shown, told))
    assert "SENTINEL" not in everything and SECRET not in everything and PASSWORD not in everything


def prepare(case: Case, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same settings and variables for all that follows."""
    settings_path().parent.mkdir(parents=True)
    settings_path().write_text(f"[network]\n{scene.settings}\n[requests]\nretries = 0\n")
    for name, value in scene.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(InForce, "limits", lambda _: case.limits)


def assert_readable(problem: dict[str, str]) -> None:
    assert len(problem["title"]) <= 60 and not problem["title"].endswith(".")
    for words in (problem["title"], problem["why"], problem["next"]):
        assert words and words == words.strip()
        assert not re.search(r"[{}<>]|\s\s|\.\.|\bNone\b", words), words
    for words in (problem["why"], problem["next"]):
        assert not words[0].islower() or words.partition("://")[1], words  # or it begins with an address
        assert words.endswith((".", "!", "?", "\u2026")), words


# In the terminal


def in_the_terminal(case: Case, scene: Scene, capsys: pytest.CaptureFixture[str]) -> Told:
    words = ["--base-url", scene.url, *(["--model", case.model] if case.model else [])]
    if case.shown == "answer":
        command = ["ask", "hi", "--provider", case.provider, *words]
    else:
        command = ["test", case.provider, *words, *(["--ask"] if case.shown == "asked" else [])]
    code = main(command)
    plain = capsys.readouterr()
    assert main([*command, "--json"]) == code
    machine = capsys.readouterr()
    assert machine.err == ""
    told = Told(plain.out, plain.err, json.loads(machine.out))
    assert code == (0 if case.kind in NOTICES else 2 if case.kind == "bad_address" else 1)
    return told


# On the screen


async def on_the_screen(case: Case, scene: Scene) -> Shown:
    environ = dict(scene.environ)
    async with open_pane(settings=load(settings_path(), environ), **environ) as window:
        shown = await (in_the_chat if case.shown == "answer" else in_the_dialog)(window, case, scene)
        return Shown(words(shown), buttons(shown), details(shown))


async def in_the_dialog(window: OpenPane, case: Case, scene: Scene) -> QWidget:
    """Tests what is typed into the page, and gives the verdict."""
    dialog = window.presenter.settings.open(case.provider)
    page = dialog.page(case.provider)
    await until(lambda: page.key.state.kind != "loading")
    page.address.setText(scene.url)
    page.model.edit.setText(case.model)
    page.test.button.click()
    await until(lambda: not page.test.running)
    if case.shown == "asked":
        press(page, "Send one question")
        await until(lambda: not page.test.running)
    assert page.test.steps()[-1].name  # the steps stay above the verdict
    verdict = page.test.findChild(Verdict)
    assert verdict
    return verdict


async def in_the_chat(window: OpenPane, case: Case, scene: Scene) -> QWidget:
    window.app.change_provider(case.provider, ProviderSettings(scene.url, case.model))
    window.presenter.choose(case.provider, case.model)
    answer = window.ask("hi")
    await until(lambda: not answer.running)
    card = answer.findChild(ProblemCard)
    assert card
    return card


def words(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget) and label.text()]


def buttons(widget: QWidget) -> list[str]:
    found = [button for button in widget.findChildren(Button) if button.isVisibleTo(widget)]
    return [button.text() for button in found if button.text() != "Details"]


def details(widget: QWidget) -> str:
    return "\n".join(field.toPlainText() for field in widget.findChildren(QPlainTextEdit))


def press(widget: QWidget, text: str) -> None:
    next(button for button in widget.findChildren(Button) if button.text() == text).click()
