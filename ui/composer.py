"""Where a question is written and sent, and where a running answer is stopped.

Owns the draft, the pieces attached to it and the last question (for Up). Whether a turn runs, whether sending is
possible and how full the model's context is, it is told.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMoveEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from .look.icons import Glyph
from .look.measures import NARROW, gutter, text_left
from .look.theme import Look
from .message_field import MessageField, SendKey, is_oversized
from .parts.chip import Chip
from .parts.controls import ToolButton
from .parts.flow import FlowLayout
from .parts.frames import Card, Meter, column, grow, row
from .parts.labels import Elided, Label

NEARLY_FULL = 0.8
_KEYS: dict[SendKey, str] = {"enter": "Enter", "ctrl+enter": "Ctrl+Enter"}


class Composer(QWidget):
    """Signals: `submitted(text)` with everything that was attached below it, `stop_requested`."""

    submitted = Signal(str)
    stop_requested = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._running = False
        self._blocked = ""
        self._narrow = False
        self._used: tuple[int, int | None] | None = None
        self._attached: dict[Chip, str] = {}
        self._last: tuple[str, tuple[str, ...]] = ("", ())
        self._wanted = 0
        self._send_key: SendKey = "enter"
        self.field = MessageField(look)
        self.set_subject("")
        self.field.setAccessibleName("Message")
        self._build()
        self._connect()
        self._fit(0)
        self._show_button()
        self._show_usage()

    def _build(self) -> None:
        look = self._look
        self._chips = QWidget()
        FlowLayout(self._chips).setContentsMargins(7, 7, 7, 0)
        self._chips.hide()
        self._hint = Elided(look, "", "muted", -1)
        self._full = Glyph(look, "warn", "text", 14)
        self._meter = Meter(look)
        self._usage = Label(look, "", "muted", -1)
        self._send = ToolButton(look, "send", "Send", kind="send")
        self._box = Card(look, "field")
        column(
            self._chips,
            row(grow(self.field), margins=(7, 4, 7, 8)),
            row(
                self._hint,
                None,
                self._full,
                self._meter,
                row(self._usage, self._send, gap=4),
                margins=(7, 0, 3, 3),
            ),
            gap=0,
            margins=(1, 1, 1, 1),
            into=self._box,
        )
        self._outer = column(self._box, gap=0, margins=(12, 8, 12, 12), into=self)

    def _connect(self) -> None:
        self.field.send_pressed.connect(self.submit)
        self.field.recall_pressed.connect(self._recall)
        self.field.oversized.connect(self.attach)
        self.field.focus_changed.connect(self._box.set_ring)
        self.field.height_wanted.connect(self._fit)
        self.field.textChanged.connect(self._unsay)
        self._send.clicked.connect(self._press)

    def set_subject(self, script: str) -> None:
        """The script that questions are about; "" for none."""
        self.field.set_placeholder("Ask about this script" if script else "Ask a question")

    def set_running(self, running: bool) -> None:
        """While a turn runs Send is Stop, in the same place; writing goes on."""
        self._running = running
        self._show_button()

    def set_blocked(self, reason: str) -> None:
        """Why nothing can be sent now, as a sentence; "" if it can."""
        self._blocked = reason
        self._unsay()
        self._show_button()

    def set_send_key(self, key: SendKey) -> None:
        self._send_key = key
        self.field.set_send_key(key)
        self._show_button()

    def set_usage(self, used: int, total: int | None) -> None:
        """Tokens of the model's context; `total` None: not known, then there is no meter."""
        self._used = (used, total)
        self._show_usage()

    def fit_pane(self, width: int) -> None:
        """In a pane of this width, in px: below the text of the transcript and as wide."""
        self._narrow = width < NARROW
        side = text_left(width)
        layout = self.layout()
        if layout:
            layout.setContentsMargins(side, 8, side, min(12, gutter(width)))
        self._show_usage()

    def draft(self) -> str:
        return self.field.toPlainText()

    def set_draft(self, text: str) -> None:
        """Put `text` into the field, or beside it if it is too long to be shown."""
        if is_oversized(text):
            self.attach(text)
        else:
            self.field.set_text(text)

    def propose(self, question: str) -> None:
        """A question to begin with: sent as it is, or gone with the first letter of another one."""
        self.set_draft(question)
        self.field.selectAll()

    def attached(self) -> list[str]:
        return list(self._attached.values())

    def attach(self, text: str) -> None:
        """Keep a long text as a chip; it is sent with the question, unchanged."""
        size = _size(len(text.encode("utf-8", "surrogatepass")))
        chip = Chip(self._look, "file", f"Pasted text, {size}", end="cross")
        chip.setToolTip(text[:300] + ("\u2026" if len(text) > 300 else ""))
        chip.setAccessibleName(f"Pasted text, {size}. Delete removes it.")
        chip.removed.connect(self._remove_sender)
        self._attached[chip] = text
        self._show_chips(chip)
        self._say("Too long to show here: it is sent as it is.")

    def submit(self) -> None:
        """Send what is written, if there is something and nothing stands against it."""
        text = "\n\n".join(part for part in (self.draft().strip(), *self._attached.values()) if part.strip())
        if self._running or not text:
            return
        if self._blocked:
            self._say(self._blocked)
            return
        self._last = (self.draft(), tuple(self._attached.values()))
        self.field.set_text("")
        for chip in list(self._attached):
            self._remove(chip)
        self.submitted.emit(text)

    def _press(self) -> None:
        if self._running:
            self.stop()
        else:
            self.submit()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def stop(self) -> bool:
        """Ask for the end of the running turn, if there is one."""
        if self._running:
            self.stop_requested.emit()
        return self._running

    def focusInEvent(self, event: QFocusEvent) -> None:
        """On to the field. With a focus proxy Tab would come here and leave out what is attached."""
        super().focusInEvent(event)
        self.field.setFocus(event.reason())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Escape or not self.stop():
            super().keyPressEvent(event)

    def _recall(self) -> None:
        draft, pieces = self._last
        if self._attached:
            return
        self.field.set_text(draft)
        for piece in pieces:
            self.attach(piece)

    def _remove_sender(self) -> None:
        chip = self.sender()
        if isinstance(chip, Chip):
            self._remove(chip)
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _remove(self, chip: Chip) -> None:
        del self._attached[chip]
        layout = self._chips.layout()
        if layout:
            layout.removeWidget(chip)
        chip.hide()
        chip.deleteLater()
        self._chips.setVisible(bool(self._attached))
        self._unsay()

    def _show_chips(self, chip: Chip) -> None:
        layout = self._chips.layout()
        if layout:
            layout.addWidget(chip)
        chip.show()
        self._chips.show()
        # New widgets come last for Tab; chips are read before the text.
        stops: list[QWidget] = [*self._attached, self.field, self._send]
        for before, after in zip(stops, stops[1:], strict=False):
            QWidget.setTabOrder(before, after)

    def _show_button(self) -> None:
        if self._running:
            kind, icon, tip = "stop", "stop", "Stop (Esc)"
        elif self._blocked:
            kind, icon, tip = "off", "send", self._blocked
        else:
            kind, icon, tip = "send", "send", f"Send ({_KEYS[self._send_key]})"
        self._send.set_icon(icon, kind=kind)
        self._send.set_tip(tip)
        self._send.setAccessibleName("Stop" if self._running else "Send")
        self._send.setAccessibleDescription(self._blocked if kind == "off" else "")
        self._send.setEnabled(kind != "off")

    def _show_usage(self) -> None:
        used, total = self._used or (0, None)
        part = used / total if total else 0.0
        full = part >= NEARLY_FULL
        words = f"{_short(used)}{'/' if self._narrow else ' of '}{_short(total)}" if total else _short(used)
        self._usage.setText(words)
        self._usage.set_voice("text" if full else "muted")
        self._usage.setToolTip("How much of what the model can hold is in use, in tokens.")
        self._usage.setVisible(bool(used or total))
        self._meter.set_part(part)
        self._meter.setVisible(bool(total))
        self._full.setVisible(full)

    def _say(self, words: str) -> None:
        self._hint.setText(words)

    def _unsay(self) -> None:
        self._hint.setText("")

    def _fit(self, wanted: int) -> None:
        """The field is as high as its text, one line at least, a third of the pane at most."""
        self._wanted = wanted
        pane = self.parentWidget()
        line = self.field.line_height()
        most = max(3 * line, pane.height() // 3) if pane else 8 * line
        self.field.setFixedHeight(max(line, min(wanted, most)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit(self._wanted)

    def moveEvent(self, event: QMoveEvent) -> None:
        """At the bottom of its pane it moves when the pane gets higher."""
        super().moveEvent(event)
        self._fit(self._wanted)


def _short(tokens: int) -> str:
    if tokens < 1000:
        return str(tokens)
    return f"{tokens / 1000:.0f}k" if tokens < 999_500 else f"{tokens / 1_000_000:.1f}M".replace(".0M", "M")


def _size(count: int) -> str:
    return f"{count / 1000:.0f} kB" if count < 999_500 else f"{count / 1_000_000:.1f} MB"
