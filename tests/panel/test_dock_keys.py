"""Keys that are pressed in the pane, in a host whose menus have shortcuts on all of them."""

# ruff: noqa: F811 - fixtures are imported, and then they are parameters

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest
from docked_nuke import answering, fake_nuke, nuke  # noqa: F401
from fault_server import answers
from host_harness import NukeLike, Script, answered, ask, is_running, opened, said
from nuke_ai_panel.ui.parts.own_keys import is_ours
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from thread_server import Pieces

TYPED = "bgm1.?/ "
MOVING = ("Left", "Right", "Up", "Down", "Home", "End", "PgUp", "PgDown", "Shift+Left", "Ctrl+Left", "Ctrl+Right")
WRITING = ("Return", "Enter", "Shift+Return", "Ctrl+Return", "Ctrl+Enter", "Del", "Backspace", "Ctrl+Backspace")
OTHERS = ("Tab", "Shift+Tab", "Esc", "Space", "B", "Shift+B", "Ctrl+A", "Ctrl+C", "Ctrl+V", "Ctrl+X")
OURS = (*MOVING, *WRITING, *OTHERS, *TYPED.strip())
THEIRS = ("Ctrl+S", "Ctrl+N", "Ctrl+O", "F5", "Alt+Left", "Ctrl+Shift+N")


class Shortcuts:
    """A host's shortcuts: half of them menu entries, half `QShortcut`s, some of them for the whole application."""

    def __init__(self, window: QWidget, keys: tuple[str, ...]) -> None:
        self.fired: list[str] = []
        contexts = (Qt.ShortcutContext.WindowShortcut, Qt.ShortcutContext.ApplicationShortcut)
        for number, key in enumerate(keys):
            if number % 2:
                shortcut = QShortcut(QKeySequence(key), window)
                shortcut.activated.connect(self._note(key))
                shortcut.setContext(contexts[number // 2 % 2])
            else:
                action = QAction(key, window)
                action.setShortcut(QKeySequence(key))
                action.setShortcutContext(contexts[number // 2 % 2])
                action.triggered.connect(self._note(key))
                window.addAction(action)

    def _note(self, key: str) -> Callable[[], None]:
        return lambda *_: self.fired.append(key)


def press(widget: QWidget, keys: str) -> None:
    pressed = QKeySequence(keys)[0]
    QTest.keyClick(widget, pressed.key(), pressed.keyboardModifiers())


def active(nuke: NukeLike) -> Generator[Callable[[], object], None, Any]:
    """A pane that can be asked, in the active window."""
    pane = yield from opened(nuke)
    nuke.window.activateWindow()
    yield nuke.window.isActiveWindow
    return pane


def places(pane: Any) -> list[QWidget]:
    """Where the focus can be, besides the composer."""
    answer = pane.chat.view.messages[-1]
    return [pane.chat.composer._send, pane.chat.header.chip, pane.chat.view, answer, *answer.stops_in_order()]


def test_no_key_in_the_composer_starts_a_shortcut_of_the_host(nuke: NukeLike) -> None:
    shortcuts = Shortcuts(nuke.window, OURS)

    def script() -> Script:
        pane = yield from active(nuke)
        field = pane.chat.composer.field
        for keys in OURS:
            field.setFocus()
            press(field, keys)
        field.setPlainText("")
        field.setFocus()
        QTest.keyClicks(field, TYPED)
        assert shortcuts.fired == [] and field.toPlainText() == TYPED

    nuke.play(script())


def test_no_key_elsewhere_in_the_pane_starts_a_shortcut_of_the_host(nuke: NukeLike) -> None:
    """A letter that was meant for the question, with the focus still in the transcript, makes no node."""
    shortcuts = Shortcuts(nuke.window, OURS)

    def script() -> Script:
        pane = yield from active(nuke)
        yield from answered(pane, "help")
        assert len(places(pane)) > 5
        for place in places(pane):
            for keys in OURS:
                place.setFocus()
                assert place.hasFocus() or place.isAncestorOf(nuke.app.focusWidget())
                press(nuke.app.focusWidget(), keys)
                for window in nuke.app.topLevelWidgets():
                    if window is not nuke.window:
                        window.close()  # what Enter has opened
        assert shortcuts.fired == []

    nuke.play(script())


def test_no_key_in_the_list_of_models_starts_a_shortcut_of_the_host(nuke: NukeLike) -> None:
    shortcuts = Shortcuts(nuke.window, OURS)

    def script() -> Script:
        pane = yield from active(nuke)
        for keys in OURS:
            pane.chat.header.model_clicked.emit()
            popup = nuke.app.activePopupWidget()
            press(popup.focusWidget(), keys)
            popup.close()
        assert shortcuts.fired == []

    nuke.play(script())


def test_the_hosts_own_keys_work_from_inside_the_pane(nuke: NukeLike) -> None:
    shortcuts = Shortcuts(nuke.window, THEIRS)

    def script() -> Script:
        pane = yield from active(nuke)
        field = pane.chat.composer.field
        for keys in THEIRS:
            field.setFocus()
            press(field, keys)
        assert shortcuts.fired == list(THEIRS)

    nuke.play(script())


def test_plain_keys_in_the_viewer_are_the_hosts_as_before(nuke: NukeLike) -> None:
    shortcuts = Shortcuts(nuke.window, ("B", "Tab", "Left"))

    def script() -> Script:
        yield from active(nuke)
        viewer = nuke.left.stack.widget(0)
        viewer.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        viewer.setFocus()
        for keys in ("B", "Tab", "Left"):
            press(viewer, keys)
        assert shortcuts.fired == ["B", "Tab", "Left"]

    nuke.play(script())


def test_no_plain_key_goes_on_to_the_widgets_that_the_pane_lies_in(nuke: NukeLike) -> None:
    """Nuke's panes take Space to fill the window."""
    seen: list[int] = []

    class Eavesdropper(QWidget):
        def keyPressEvent(self, event: QKeyEvent) -> None:
            if event.key() != Qt.Key.Key_Control:
                seen.append(event.key())

        keyReleaseEvent = keyPressEvent

    def script() -> Script:
        pane, around = (yield from active(nuke)), Eavesdropper()
        page = pane.parentWidget()
        pane.setParent(around)
        around.setParent(page)
        page.layout().addWidget(around)
        around.show()
        pane.show()
        pane.resize(380, 600)
        for place in (pane.chat.composer.field, pane.chat.composer._send, pane.chat):
            place.setFocus()
            for keys in ("B", "Left", "Esc", "Ctrl+Return", "Space"):
                press(nuke.app.focusWidget(), keys)
        press(nuke.app.focusWidget(), "F5")
        assert seen == [Qt.Key.Key_F5] * 2
        pane.setParent(page)

    nuke.play(script())


def test_enter_sends_and_esc_stops_although_the_host_wants_both(nuke: NukeLike) -> None:
    shortcuts, pieces = Shortcuts(nuke.window, ("Return", "Ctrl+Return", "Esc")), Pieces("one ", "two")
    with answering(pieces):

        def script() -> Script:
            pane = yield from active(nuke)
            field = pane.chat.composer.field
            field.setFocus()
            QTest.keyClicks(field, "hi")
            press(field, "Ctrl+Return")
            pieces.go()
            yield lambda: said(pane)[-1].startswith("one")
            press(field, "Esc")
            yield lambda: not is_running(pane)
            assert said(pane)[0] == "hi" and shortcuts.fired == []

        nuke.play(script())


def test_typing_reaches_the_question_while_an_answer_streams_in(nuke: NukeLike) -> None:
    with answering(answers(*["word "] * 50)):

        def script() -> Script:
            pane = yield from active(nuke)
            ask(pane, "hi")
            field = pane.chat.composer.field
            field.setFocus()
            for letter in "and then?":
                QTest.keyClicks(field, letter)
                yield lambda: True
            yield lambda: not is_running(pane)
            assert field.toPlainText() == "and then?"

        nuke.play(script())


@pytest.mark.parametrize("keys", OURS)
def test_these_are_ours(keys: str) -> None:
    assert is_ours(_event(keys))


@pytest.mark.parametrize("keys", [*THEIRS, "Ctrl+Z", "Ctrl+Shift+Z", "Alt+B", "Ctrl+Alt+B", "Media Play"])
def test_these_are_the_hosts(keys: str) -> None:
    assert not is_ours(_event(keys))


def _event(keys: str) -> QKeyEvent:
    pressed = QKeySequence(keys)[0]
    return QKeyEvent(QEvent.Type.ShortcutOverride, pressed.key(), pressed.keyboardModifiers())
