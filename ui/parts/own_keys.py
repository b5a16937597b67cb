"""Which keys are ours while the focus is in the pane.

A host has shortcuts on plain keys: in Nuke B makes a Blur, Tab opens the list of nodes, the arrows step through frames.
Before a shortcut Qt asks the widget that has the focus and then its parents (`ShortcutOverride`): what one of them
accepts comes as an ordinary key, and starts no shortcut.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

_HARMLESS = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
_LAST_PLAIN = Qt.Key.Key_PageDown
"""Up to here are all characters, then Esc, Tab, Enter, Backspace and the keys that move; beyond are F1 and the like."""
_CLIPBOARD = (
    QKeySequence.StandardKey.Copy,
    QKeySequence.StandardKey.Cut,
    QKeySequence.StandardKey.Paste,
    QKeySequence.StandardKey.SelectAll,
)
_WITH_CONTROL = frozenset(
    (
        *(Qt.Key.Key_Return, Qt.Key.Key_Enter),
        *(Qt.Key.Key_Backspace, Qt.Key.Key_Delete),
        *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End),
    )
)
"""Sends, or moves and deletes by words."""


def is_ours(event: QKeyEvent) -> bool:
    """Plain keys, the clipboard's, and what Ctrl does in a text. Ctrl+S, Ctrl+Z, F5 and the like stay the host's."""
    held = event.modifiers() & ~_HARMLESS
    if held == Qt.KeyboardModifier.NoModifier:
        return event.key() <= _LAST_PLAIN
    if held == Qt.KeyboardModifier.ControlModifier and event.key() in _WITH_CONTROL:
        return True
    return any(event.matches(standard) for standard in _CLIPBOARD)


def claims(event: QEvent) -> bool:
    """For `QWidget.event` of an outermost widget: whether this was Qt's question, answered with yes."""
    if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent) or not is_ours(event):
        return False
    event.accept()
    return True
