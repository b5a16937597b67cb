"""The line at the top of the pane: which script, which model, and the way to files, chats, settings and diagnostics.

One line from 360 px on, two below. When it gets tight the count goes first (into the tooltip), then the script's
name is cut, then the model's; the model's state never goes.
"""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from .look.measures import NARROW, gutter
from .look.theme import Look
from .parts.chip import Chip
from .parts.controls import ToolButton
from .parts.frames import Rule
from .parts.labels import Elided

ModelState = Literal["ready", "unset", "failed", "busy"]

_STATES: dict[ModelState, tuple[str, str, str]] = {
    "ready": ("dot", "ok", "ready"),
    "unset": ("ring", "muted", "not set up"),
    "failed": ("cross", "bad", "failed"),
    "busy": ("half", "muted", "busy"),
}


class Header(QWidget):
    """Script name, count, model chip; open, new chat, settings, diagnostics."""

    model_clicked = Signal()
    open_requested = Signal()
    new_chat_requested = Signal()
    settings_requested = Signal()
    diagnostics_requested = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._two_lines = False
        self._warning = self._recording = ""
        self._name = Elided(look, bold=True, mode=Qt.TextElideMode.ElideMiddle, parent=self)
        self._count = Elided(look, "", "muted", -1, parent=self)
        self.chip = Chip(look, "ring", "No model", end="down", parent=self)
        self._open = ToolButton(look, "folder", "Open a script", parent=self)
        self._new = ToolButton(look, "plus", "New chat", parent=self)
        self._settings = ToolButton(look, "sliders", "Settings", parent=self)
        self._diagnostics = ToolButton(look, "pulse", "Diagnostics", parent=self)
        self._buttons = (self._open, self._new, self._settings, self._diagnostics)
        self._rule = Rule(parent=self)
        self.chip.clicked.connect(self.model_clicked)
        self._open.clicked.connect(self.open_requested)
        self._new.clicked.connect(self.new_chat_requested)
        self._settings.clicked.connect(self.settings_requested)
        self._diagnostics.clicked.connect(self.diagnostics_requested)
        look.changed.connect(self._place)
        self.set_script("", "")
        self.set_model("unset", "")

    def set_script(self, name: str, detail: str = "") -> None:
        """`detail`: what gives way first, such as "148 nodes"; an empty `name` means that no script is open."""
        self._name.setText(name or "No script")
        self._name.set_voice("" if name else "muted")
        self._count.setText(detail)
        self._place()

    def set_model(self, state: ModelState, name: str) -> None:
        glyph, voice, words = _STATES[state]
        self.chip.show_state(glyph, name or "No model", voice)
        self.chip.setAccessibleName(f"Model: {name or 'none'}, {words}")
        self.chip.setToolTip(f"{name or 'No model'}, {words}. Click to choose another.")
        self._place()

    def warn_of(self, words: str) -> None:
        """Something waits in the diagnostics; `words` say what. Empty: nothing does, or it was seen."""
        self._warning = words
        self._tell_of_diagnostics()

    def show_recording(self, words: str) -> None:
        """What is being recorded, until it is not: empty."""
        self._recording = words
        self._tell_of_diagnostics()

    def _tell_of_diagnostics(self) -> None:
        """That something is recorded comes first: it must not be forgotten."""
        words = "; ".join(filter(None, (self._recording, self._warning)))
        icon = "record" if self._recording else "warn" if self._warning else "pulse"
        self._diagnostics.set_icon(icon, voice="bad" if self._recording else "muted")
        self._diagnostics.set_tip(f"Diagnostics: {words}" if words else "Diagnostics")

    def set_shortcuts(self, open_script: str, new_chat: str, settings: str) -> None:
        """What the tooltips say of keys; the keys themselves belong to the window."""
        for button, words, key in (
            (self._open, "Open a script", open_script),
            (self._new, "New chat", new_chat),
            (self._settings, "Settings", settings),
        ):
            button.set_tip(f"{words} ({key})" if key else words)

    def offer_opening(self, offered: bool) -> None:
        """Whether scripts are opened from here: in a host the host does it."""
        self._open.setVisible(offered)
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        control = self._look.theme.control
        two = self.width() < NARROW
        self.setFixedHeight((2 * control + 17) if two else control + 17)
        if two != self._two_lines:
            self._two_lines = two
            self._order(two)
        if two:
            self._place_two(control)
        else:
            self._place_one(control)
        self._rule.setGeometry(0, self.height() - 1, self.width(), 1)

    def _order(self, two: bool) -> None:
        """Tab goes in reading order, which differs between the two forms."""
        chain: list[QWidget] = [*self._buttons, self.chip] if two else [self.chip, *self._buttons]
        for before, after in zip(chain, chain[1:], strict=False):
            QWidget.setTabOrder(before, after)

    def _place_one(self, control: int) -> None:
        middle, left = 8, gutter(self.width())
        right = self._place_buttons(control, middle)  # the icons keep their distance inside of their boxes
        room = right - left - 8
        chip, name, count = (widget.sizeHint().width() for widget in (self.chip, self._name, self._count))
        counted = bool(self._count.text()) and name + 8 + count + chip <= room
        name = min(name, max(room - chip, round(room * 0.45)))
        chip = min(chip, room - name)
        right -= max(0, min(4, room - name - chip - (8 + count if counted else 0)))
        self._put(self.chip, right - chip, middle, chip, control)
        self._put(self._name, left, middle, name, control)
        self._show_count(counted, left + name + 8, middle, count, control)

    def _place_two(self, control: int) -> None:
        top, below, left, right = 4, control + 8, 8, self.width() - 8
        name_room = self._place_buttons(control, top) - 4 - left
        self._put(self._name, left, top, min(self._name.sizeHint().width(), name_room), control)
        chip, count = self.chip.sizeHint().width(), self._count.sizeHint().width()
        counted = bool(self._count.text()) and count + 8 + self.chip.minimumSizeHint().width() <= right - left
        chip = min(chip, right - left - (count + 8 if counted else 0))
        self._put(self.chip, right - chip, below, chip, control)
        self._show_count(counted, left, below, count, control)

    def _place_buttons(self, control: int, top: int) -> int:
        """From the right; gives the left edge of the first one. The right-most icon's ink is 8 from the border."""
        shown = [button for button in self._buttons if not button.isHidden()]
        x = self.width() - 8 + (control - 16) // 2 - len(shown) * control
        for place, button in enumerate(shown):
            self._put(button, x + place * control, top, control, control)
        return x

    def _show_count(self, shown: bool, x: int, y: int, width: int, height: int) -> None:
        self._count.setVisible(shown)
        self._put(self._count, x, y, width, height)
        name, detail = self._name.text(), self._count.text()
        self._name.set_tip(f"{name}, {detail}" if detail and not shown else "")

    @staticmethod
    def _put(widget: QWidget, x: int, y: int, width: int, height: int) -> None:
        widget.setGeometry(QRect(x, y, max(0, width), height))
