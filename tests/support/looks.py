"""For tests of widgets: the three palettes of the look, a `Look` without a window, and the way Tab goes."""

from __future__ import annotations

from nuke_ai_panel.ui.look.theme import Look
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

HOST = ("#323232", "#d6d6d6", "#282828", "#f7931e")
DARK = ("#2b2b2b", "#dcdcdc", "#222222", "#5b9bd8")
LIGHT = ("#f3f3f3", "#202020", "#ffffff", "#2a6fc4")


def palette(window: str, text: str, base: str, highlight: str) -> QPalette:
    colours = QPalette()
    roles = QPalette.ColorRole
    for role, name in (
        (roles.Window, window),
        (roles.WindowText, text),
        (roles.Text, text),
        (roles.Base, base),
        (roles.Highlight, highlight),
    ):
        colours.setColor(role, QColor(name))
    return colours


def host_font(size: int = 12) -> QFont:
    font = QFont("DejaVu Sans")
    font.setPixelSize(size)
    return font


def make_look(colours: tuple[str, str, str, str] = HOST, size: int = 12) -> Look:
    return Look(palette(*colours), host_font(size))


def tab_stops(top: QWidget) -> list[QWidget]:
    """The visible widgets inside `top` that Tab stops at, in its order."""
    stops, at = [], top.nextInFocusChain()
    while at is not top:
        by_tab = bool(at.focusPolicy() & Qt.FocusPolicy.TabFocus)
        if by_tab and at.isEnabled() and at.isVisibleTo(top) and top.isAncestorOf(at) and not at.focusProxy():
            stops.append(at)
        at = at.nextInFocusChain()
    return stops


def activate(window: QWidget) -> None:
    """It is shown, and keys go to it; without a window manager nobody but us sees to that."""
    window.show()
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)


def pressing(key: Qt.Key, times: int) -> list[str]:
    """What has the focus after each time that this key was really pressed, by name."""
    reached: list[QWidget] = []
    for _ in range(times):
        QTest.keyClick(QApplication.focusWidget(), key)
        reached.append(QApplication.focusWidget())
    return names(reached)


def names(widgets: list[QWidget]) -> list[str]:
    """What a screen reader calls them: the accessible name, or a button's own words."""
    return [widget.accessibleName() or getattr(widget, "text", str)().replace("&", "") for widget in widgets]
