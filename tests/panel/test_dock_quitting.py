"""The host quits, whenever it likes: everything is closed, in order."""

# ruff: noqa: F811 - fixtures are imported, and then they are parameters

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from docked_nuke import answering, fake_nuke, nuke  # noqa: F401
from fault_server import silent_after_a_token
from guards import UnseenErrors
from host_harness import NukeLike, Script, answered, ask, is_ready, is_running, opened, said
from shiboken6 import delete, isValid
from thread_server import Pieces


class TestQuitting:
    def test_a_host_that_quits_in_mid_stream_finds_everything_closed(self, nuke: NukeLike) -> None:
        with answering(silent_after_a_token("Hello")):
            docking: list[Any] = []

            def script() -> Script:
                pane = yield from opened(nuke)
                ask(pane, "hi")
                yield lambda: "Hello" in said(pane)[1]
                docking.append(nuke.docking)

            nuke.play(script())
            app = docking[0].panel.app
            assert docking[0].loop.is_closed() and nuke.docking is None
            assert app.scope.stats().running == 0 and app.providers.open_sessions == ()
            assert not nuke.panes[0].chat.composer.stop()

    def test_the_program_can_be_run_again_after_a_quit(self, nuke: NukeLike, unseen_errors: UnseenErrors) -> None:
        def script() -> Script:
            pane = yield from opened(nuke)
            yield from answered(pane, "help")

        nuke.play(script())
        nuke.play(script())

    def test_a_fault_of_ours_while_all_is_closed_is_one_line_and_the_loop_is_detached(
        self, nuke: NukeLike, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        from nuke_ai_panel.panel.presenters.panel import Panel

        close, docking = Panel.close, list[Any]()

        async def broken(self: Panel) -> None:
            await close(self)
            raise ZeroDivisionError("a fault of ours")

        monkeypatch.setattr(Panel, "close", broken)

        def script() -> Script:
            yield from opened(nuke)
            docking.append(nuke.docking)

        nuke.play(script())
        assert caplog.messages == ["The panel could not close: ZeroDivisionError('a fault of ours')"]
        assert docking[0].loop.is_closed() and nuke.docking is None


class TestQuittingAtABadMoment:
    def test_the_host_says_it_twice(self, nuke: NukeLike, unseen_errors: UnseenErrors) -> None:
        """`aboutToQuit` itself, not only `quit()`."""
        with answering(silent_after_a_token("Hello")):

            def script() -> Script:
                pane = yield from opened(nuke)
                ask(pane, "hi")
                yield lambda: "Hello" in said(pane)[1]
                docking = nuke.docking
                docking.quit()
                docking.quit()
                assert docking.closed and nuke.docking is None
                nuke.hide_behind(pane)
                nuke.bring_to_front(pane)
                pane.chat.composer.set_draft("too late")

            nuke.play(script())

    @pytest.mark.parametrize("dialog", ["settings", "diagnostics", "models", "file"])
    def test_a_dialog_is_open(self, nuke: NukeLike, dialog: str) -> None:
        def script() -> Script:
            pane = yield from opened(nuke)
            header = pane.chat.header
            match dialog:
                case "settings":
                    header.settings_requested.emit()
                case "diagnostics":
                    header.diagnostics_requested.emit()
                case "models":
                    header.model_clicked.emit()
                case _:
                    header.open_requested.emit()
            assert len([each for each in nuke.app.topLevelWidgets() if each.isVisible()]) == 2

        nuke.play(script())

    def test_the_settings_are_being_saved(self, nuke: NukeLike, monkeypatch: pytest.MonkeyPatch) -> None:
        """What was chosen in the last moment is in the file."""
        from nuke_ai_panel.panel import settings as options

        save, saving = options.save, threading.Event()

        def slow(*arguments: Any) -> None:
            saving.set()
            threading.Event().wait(0.05)
            save(*arguments)

        monkeypatch.setattr(options, "save", slow)

        def script() -> Script:
            pane = yield from opened(nuke)
            pane.chat.header.settings_requested.emit()
            yield lambda: nuke.app.activeWindow() is not nuke.window
            dialog = next(each for each in nuke.app.topLevelWidgets() if hasattr(each, "fields"))
            dialog.fields.given.emit(options.SEND_KEY.id, "ctrl+enter")
            yield saving.is_set

        nuke.play(script())
        assert options.load(options.settings_path()).get(options.SEND_KEY) == "ctrl+enter"

    @pytest.mark.parametrize("moment", range(6))
    def test_the_pane_is_just_starting(self, nuke: NukeLike, moment: int) -> None:
        def script() -> Script:
            pane = nuke.open_pane()
            moments: list[Callable[[], object]] = [
                lambda: True,
                lambda: pane.seen,
                lambda: nuke.docking,
                lambda: nuke.docking and nuke.docking.loop,
                lambda: pane.chat,
                lambda: nuke.docking and nuke.docking.panel,
            ]
            yield moments[moment]

        nuke.play(script())

    @pytest.mark.parametrize("seed", range(6))
    def test_nuke_has_deleted_some_of_our_widgets_and_their_parents_in_any_order(
        self, nuke: NukeLike, seed: int
    ) -> None:
        chance = random.Random(seed)
        with answering(silent_after_a_token("Hello")):

            def script() -> Script:
                panes = [nuke.open_pane(), nuke.open_pane()]
                nuke.drag(panes[0])
                yield lambda: all(is_ready(pane) for pane in panes)
                for pane in panes:
                    ask(pane, "hi")
                yield lambda: all("Hello" in said(pane)[1] for pane in panes)
                panes[0].chat.header.settings_requested.emit()
                victims: list[Any] = [*panes, nuke.right.stack, nuke.left, nuke.window.centralWidget()]
                victims += [panes[0].parentWidget(), panes[1].chat, panes[1].chat.view, panes[0].chat.composer]
                chance.shuffle(victims)
                for victim in victims[: 2 + seed]:
                    if isValid(victim):
                        delete(victim)
                    yield lambda: True

            nuke.play(script())

    def test_the_neighbours_thread_waits_for_the_main_thread(self, nuke: NukeLike) -> None:
        """`executeInMainThreadWithResult` while an answer streams in, and while the host ends."""
        pieces, got = Pieces("one ", "two"), list[Any]()

        def thread() -> None:
            for number in range(3):
                got.append(nuke.nuke.executeInMainThreadWithResult(lambda number=number: number))

        with answering(pieces):

            def script() -> Script:
                pane = yield from opened(nuke)
                ask(pane, "hi")
                neighbour = threading.Thread(target=thread)
                neighbour.start()
                for number in range(3):
                    nuke.nuke._deliver()
                    if number < 2:
                        pieces.go()
                neighbour.join()
                yield lambda: not is_running(pane)
                assert said(pane)[1] == "one two" and got == [0, 1, 2]

            nuke.play(script())
