"""The pane: header, transcript, composer, one above the other. What docks in a host and what fills the window.

Owns where the parts lie and when the pane is narrow. It decides nothing: presenters connect the parts to services.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from .composer import Composer
from .header import Header
from .look.surface import LookRoot
from .parts.own_keys import claims, is_ours
from .transcript.chat_view import ChatView

STILL_STARTING = "Still starting, one moment."
"""Why nothing can be sent while a pane is on the screen and nobody is there to answer: for `composer.set_blocked`."""


class ChatPane(LookRoot):
    """One view of one conversation. It may be hidden, moved or destroyed at any time."""

    visibility_changed = Signal(bool)
    """Shown or hidden: what is hidden needs no timer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = Header(self.look)
        self.view = ChatView(self.look)
        self.composer = Composer(self.look)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.composer)
        self.set_content(content)
        self.header.new_chat_requested.connect(self._begin_writing)

    def _begin_writing(self) -> None:
        self.composer.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        return claims(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What nothing inside wanted. Esc stops, wherever in the pane the focus is; no plain key goes on to a host."""
        if event.key() == Qt.Key.Key_Escape:
            self.composer.stop()
        elif not is_ours(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not is_ours(event):
            super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """On to the composer. A focus proxy would be a stop of Tab, before the header, and nobody would get there."""
        super().focusInEvent(event)
        self.composer.setFocus(event.reason())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.visibility_changed.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.visibility_changed.emit(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.composer.fit_pane(self.width())
