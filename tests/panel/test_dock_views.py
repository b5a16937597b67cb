"""Panes as Nuke treats them: hidden, dragged, closed, destroyed, restored. Each is only a view."""

# ruff: noqa: F811 - fixtures are imported, and then they are parameters

from __future__ import annotations

from typing import Any

from docked_nuke import answering, fake_nuke, nuke  # noqa: F401
from fault_server import answers
from host_harness import NukeLike, Script, answered, is_ready, is_running, opened, said, streaming
from PySide6.QtCore import QTimer
from shiboken6 import isValid
from thread_server import Pieces


def live_timers(pane: Any) -> list[QTimer]:
    return [timer for timer in pane.findChildren(QTimer) if timer.isActive()]


class TestViewsComeAndGo:
    def test_a_hidden_pane_paints_nothing_and_its_stream_goes_on(self, nuke: NukeLike) -> None:
        pieces = Pieces("one ", "two")

        with answering(pieces):

            def script() -> Script:
                pane = yield from streaming(nuke, pieces)
                nuke.hide_behind(pane)
                yield lambda: live_timers(pane) == []  # one counts 200 ms down, once
                pieces.go()
                yield lambda: "two" in said(pane)[1]
                assert live_timers(pane) == []
                nuke.bring_to_front(pane)
                yield lambda: not is_running(pane)
                assert said(pane) == ["hi", "one two"]

            nuke.play(script())

    def test_dragging_a_pane_changes_nothing(self, nuke: NukeLike) -> None:
        pieces = Pieces("one ", "two")

        with answering(pieces):

            def script() -> Script:
                pane = yield from streaming(nuke, pieces)
                chat = pane.chat
                nuke.drag(pane)
                pieces.go()
                yield lambda: not is_running(pane)
                assert said(pane) == ["hi", "one two"] and pane.chat is chat and pane.isVisible()

            nuke.play(script())

    def test_a_closed_tab_is_reopened_with_its_conversation_and_the_answer_that_is_coming(self, nuke: NukeLike) -> None:
        pieces = Pieces("one ", "two ", "three")

        with answering(pieces):

            def script() -> Script:
                pane = yield from streaming(nuke, pieces)
                pane.chat.composer.set_draft("the next question")
                nuke.close_tab(pane)
                pieces.go()
                again = yield from opened(nuke)
                assert again is not pane and isValid(pane)
                yield lambda: said(again) == ["hi", "one two"] or said(again) == ["hi", "one two "]
                assert again.chat.composer.draft() == "the next question"
                pieces.go()
                yield lambda: not is_running(again)
                assert said(again) == ["hi", "one two three"]
                assert said(pane) == [] and pane.chat is None  # Nuke keeps it; there is nothing in it

            nuke.play(script())

    def test_a_destroyed_pane_is_reopened_with_its_conversation(self, nuke: NukeLike) -> None:
        pieces = Pieces("one ", "two")

        with answering(pieces):

            def script() -> Script:
                pane = yield from streaming(nuke, pieces)
                nuke.destroy(pane)
                pieces.go()
                yield lambda: nuke.docking.panel.app.scope.stats().running == 0
                again = yield from opened(nuke)
                assert said(again) == ["hi", "one two"]

            nuke.play(script())

    def test_a_pane_behind_another_tab_keeps_its_conversation(self, nuke: NukeLike) -> None:
        with answering(answers("Hello")):

            def script() -> Script:
                pane = yield from opened(nuke)
                yield from answered(pane, "hi")
                other = yield from opened(nuke)  # in front of the first
                assert not pane.isVisible() and said(other) == [] and said(pane) == ["hi", "Hello"]

            nuke.play(script())

    def test_a_put_away_pane_that_is_seen_again_comes_to_life_again(self, nuke: NukeLike) -> None:
        with answering(answers("Hello")):

            def script() -> Script:
                pane = yield from opened(nuke)
                yield from answered(pane, "hi")
                page = pane.parentWidget()
                nuke.close_tab(pane)
                other = yield from opened(nuke)
                assert said(other) == ["hi", "Hello"]
                nuke.left.add(page, "AI Panel")
                yield lambda: is_ready(pane)
                assert said(pane) == []
                yield from answered(pane, "again")
                assert said(other) == ["hi", "Hello"] and said(pane) == ["again", "Hello"]

            nuke.play(script())

    def test_a_restored_pane_that_is_never_seen_costs_nothing(self, nuke: NukeLike) -> None:
        def script() -> Script:
            pane = nuke.restore_pane()
            nuke.hide_behind(pane)  # before anything was painted
            ticks = nuke.neighbour.ticks
            yield lambda: nuke.neighbour.ticks > ticks + 20
            assert nuke.docking is None

        nuke.play(script())

    def test_a_pane_destroyed_at_any_moment_of_its_start_hurts_nothing(self, nuke: NukeLike) -> None:
        def moments(pane: Any) -> list[Any]:
            return [
                lambda: True,
                lambda: pane.seen,
                lambda: nuke.docking and nuke.docking.loop,
                lambda: pane.chat is not None,
                lambda: nuke.docking and nuke.docking.panel,
                lambda: is_ready(pane),
            ]

        def script() -> Script:
            for number in range(6):
                pane = nuke.open_pane()
                yield moments(pane)[number]
                nuke.destroy(pane)
            last = yield from opened(nuke)
            yield from answered(last, "help")

        nuke.play(script())
