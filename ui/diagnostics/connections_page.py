"""What is open, and below it the recording of one connection."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ..look.theme import Look
from .facts_page import FactsPage
from .recording import RecordingPart


class ConnectionsPage(FactsPage):
    """`recording` is told and heard by itself."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "Connections", parent=parent)
        self.recording = RecordingPart(look)
        last = self._layout.count() - 1
        self._layout.insertWidget(last, self.recording)
        self._layout.insertSpacing(last, 16)
