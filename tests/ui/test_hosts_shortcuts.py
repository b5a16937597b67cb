"""Plain keys pressed in a dialog of ours, in a host whose shortcuts count for the whole application."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from looks import make_look, tab_stops
from nuke_ai_panel.ui.diagnostics.dialog import DiagnosticsDialog
from nuke_ai_panel.ui.diagnostics.values import Figures
from nuke_ai_panel.ui.settings.dialog import SettingsDialog
from nuke_ai_panel.ui.settings.values import FieldSpec, ProviderPageSpec
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from transcript_parts import until

KEYS = ("B", "G", "1", "Space", "Tab", "Up", "Down", "Left", "Home", "PgDown", "Return", "Del", "Backspace", "Ctrl+A")
FIELDS = (
    FieldSpec("rounds", "Tool rounds", "number", "8"),
    FieldSpec("send", "Send with", "choice", "enter", choices=(("enter", "Enter"), ("ctrl+enter", "Ctrl+Enter"))),
    FieldSpec("folders", "Folders", "list", "", page="Network"),
)


def press(widget: QWidget, keys: str) -> None:
    pressed = QKeySequence(keys)[0]
    QTest.keyClick(widget, pressed.key(), pressed.keyboardModifiers())


@pytest.fixture
def fired() -> list[str]:
    return []


@pytest.fixture
def host(own: Callable, fired: list[str]) -> QWidget:
    host = own(QWidget())
    for keys in (*KEYS, "Esc", "Ctrl+F", "Ctrl+S"):
        shortcut = QShortcut(QKeySequence(keys), host)
        shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)
        shortcut.activated.connect(partial(fired.append, keys))
    host.show()
    return host


@pytest.fixture
def dialog(host: QWidget) -> SettingsDialog:
    providers = [ProviderPageSpec("groq", "Groq", models=("one", "two")), ProviderPageSpec("ollama", "Ollama")]
    dialog = SettingsDialog(make_look(), providers, FIELDS, host)
    return dialog


def go_to(dialog: SettingsDialog | DiagnosticsDialog, page: str, stop: QWidget) -> None:
    dialog.show()
    dialog.show_page(page)
    dialog.activateWindow()
    until(dialog.isActiveWindow)
    stop.setFocus()


def press_everywhere(dialog: SettingsDialog | DiagnosticsDialog, page: str) -> None:
    dialog.show()
    dialog.show_page(page)
    stops = tab_stops(dialog)
    assert len(stops) >= 3
    for stop in stops:
        for keys in KEYS:
            go_to(dialog, page, stop)
            press(stop, keys)
            while popup := QApplication.activePopupWidget():
                popup.close()


@pytest.mark.parametrize("page", ["groq", "#chat", "#network"])
def test_no_plain_key_in_the_settings_starts_a_shortcut_of_the_host(
    dialog: SettingsDialog, fired: list[str], page: str
) -> None:
    press_everywhere(dialog, page)
    assert fired == []


@pytest.mark.parametrize("page", ["reports", "tasks", "log"])
def test_no_plain_key_in_the_diagnostics_does_either(host: QWidget, fired: list[str], page: str) -> None:
    dialog = DiagnosticsDialog(make_look(), host)
    dialog.show_figures(Figures(log_level=FieldSpec("level", "Log level", "choice", "a", (("a", "A"), ("b", "B")))))
    press_everywhere(dialog, page)
    assert fired == []


def test_search_and_esc_stay_in_the_settings_and_saving_stays_the_hosts(
    dialog: SettingsDialog, fired: list[str]
) -> None:
    go_to(dialog, "groq", dialog.list)
    press(dialog.list, "Ctrl+F")
    assert dialog.search.edit.hasFocus()
    press(dialog.search.edit, "Ctrl+S")
    assert fired == ["Ctrl+S"]
    press(dialog.search.edit, "Esc")
    assert fired == ["Ctrl+S"] and not dialog.isVisible()
