"""The empty chat before a model is chosen: three ways to one, each tested at once.

A way that is not there says so in one line instead of vanishing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from .look.icons import Glyph
from .look.measures import gutter
from .look.theme import Look
from .parts.controls import Button
from .parts.flow import FlowLayout
from .parts.frames import Card, Scroll, column, grow, row
from .parts.labels import Label
from .settings.key_field import KeyField
from .settings.values import KeyState

KEY_TITLE = "Paste a key"
KEY_TEXT = "OpenAI, OpenRouter, Groq, xAI and others. The service is read from the key."
NO_KEY = KeyState()


@dataclass(frozen=True)
class LocalFound:
    """A server that answers on this computer. `model`: the one that is proposed; `models`: how many it has."""

    provider_id: str
    label: str
    port: int
    model: str
    models: int = 1


class OfferCard(QWidget):
    """Icon, title, a line or two, and one line of controls."""

    def __init__(self, look: Look, glyph: str, title: str, text: str, control: QWidget | None = None) -> None:
        super().__init__()
        self._name = glyph
        self._glyph = Glyph(look, glyph)
        self._title = Label(look, title, bold=True, wrap=True)
        self._text = Label(look, text, "muted", -1, wrap=True)
        self._control = control
        lines = column(self._title, self._text, gap=4)
        parts = [lines, control] if control else [lines]
        icon = column(self._glyph, None)
        card = row(icon, grow(column(*parts, gap=8)), gap=12, margins=(11, 11, 11, 11), into=Card(look))
        column(card, into=self)

    def say(self, title: str, text: str = "", *, offered: bool = True) -> None:
        """`offered` False: the title alone, muted."""
        self._title.setText(title)
        self._title.set_voice("" if offered else "muted", bold=offered)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        if self._control:
            self._control.setVisible(offered)

    def mark(self, glyph: str, voice: str) -> None:
        """Another icon for what came of it; "" for the card's own."""
        self._glyph.show_icon(glyph or self._name, voice if glyph else "muted")

    def title(self) -> str:
        return self._title.text()

    def text(self) -> str:
        return self._text.text() if self._text.isVisibleTo(self) else ""


class FirstStart(QWidget):
    """Signals: `key_entered(key)`, `owner_chosen(provider_id)` (of the key that `ask_owner` is about; "" for none of
    them), `local_chosen(provider_id, model)` (model "": let the user choose another),
    `variable_chosen(provider_id)`, `settings_requested`."""

    key_entered = Signal(str)
    owner_chosen = Signal(str)
    local_chosen = Signal(str, str)
    variable_chosen = Signal(str)
    settings_requested = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._local: LocalFound | None = None
        self._variable_provider = ""
        self._use_local = Button(look, "Use it", gives_way=True)
        self._other = Button(look, "Other model", "quiet")
        self._use_variable = Button(look, "Use it")
        self.key = KeyField(look, placeholder="sk-or-\u2026, gsk_\u2026, any other", save="Save and test")
        self._owners = _wrapping()
        self._owners.hide()
        self.key_card = OfferCard(look, "key", KEY_TITLE, KEY_TEXT, column(self.key, self._owners))
        self.local_card = OfferCard(look, "server", "", "", _wrapping(self._use_local, self._other))
        self.variable_card = OfferCard(look, "terminal", "", "", _wrapping(self._use_variable))
        self._settings = Button(look, "All services", "quiet")
        self._places = Label(look, "", "muted", -1, wrap=True)
        self._build()
        self._connect()
        self.set_local(None)
        self.set_variable(None)
        self.set_places("")

    def _build(self) -> None:
        look = self._look
        last = Label(look, "No model? The built-in guide still reads and checks scripts.", "muted", -1, wrap=True)
        self._body = column(
            Label(look, "Choose who answers", delta=3, bold=True, wrap=True),
            8,
            Label(look, "One is enough. Each is tested at once, for free.", "muted", wrap=True),
            16,
            column(self.key_card, self.local_card, self.variable_card, gap=8),
            12,
            last,
            None,
            gap=0,
            margins=(12, 20, 12, 12),
        )
        self._foot = row(grow(self._places), self._settings, margins=(12, 4, 8, 0))
        column(grow(Scroll(self._body)), self._foot, gap=0, into=self)

    def _connect(self) -> None:
        self.key.entered.connect(self.key_entered)
        self._use_local.clicked.connect(self._choose_local)
        self._other.clicked.connect(self._choose_other)
        self._use_variable.clicked.connect(self._choose_variable)
        self._settings.clicked.connect(self.settings_requested)

    def set_local(self, found: LocalFound | None, *, looking: bool = False) -> None:
        """The server found on this computer; None: none answers (or, `looking`, none has answered yet)."""
        self._local = found
        if found is None:
            words = "Looking for a model server on this computer\u2026" if looking else "No model server found here"
            self.local_card.say(words, offered=False)
            return
        count = "1 model" if found.models == 1 else f"{found.models} models"
        self.local_card.say(
            f"{found.label} is running on this computer", f"Port {found.port}, {count}. Nothing leaves the machine."
        )
        self._use_local.setText(f"Use {found.model}")
        self._use_local.updateGeometry()
        self._other.setVisible(found.models > 1)

    def set_variable(self, name: str | None, provider_id: str = "") -> None:
        """The environment variable that holds a key, and whose it is; None: none is set."""
        self._variable_provider = provider_id
        if name is None:
            self.variable_card.say("No key is set in the environment", offered=False)
        else:
            self.variable_card.say(f"{name} is set", "Found in the environment. It stays there; nothing is copied.")

    def set_key_result(self, ok: bool, title: str, text: str = "", state: KeyState = NO_KEY) -> None:
        """What came of the key: what was proved, or why it does not work and what next; and where the key is now."""
        self._end_question()
        self.key_card.say(title, text)
        self.key_card.mark("check" if ok else "cross", "ok" if ok else "bad")
        self.key.show_state(state)

    def ask_owner(self, services: Sequence[tuple[str, str]]) -> None:
        """The key does not say whose it is: the user says, of these pairs of id and label. None is shown the key."""
        self._end_question()
        self.key_card.say("Whose key is this?", "It does not say, and a guess would show it to a stranger.")
        self.key_card.mark("", "")
        layout = self._owners.layout()
        for provider_id, label in (*services, ("", "None of them")):
            button = Button(self._look, label, "" if provider_id else "quiet")
            button.setProperty("provider", provider_id)
            button.clicked.connect(self._choose_owner)
            if layout:
                layout.addWidget(button)
        self._owners.show()
        self.key.hide()
        self._order_owners()

    def clear_key_result(self) -> None:
        self._end_question()
        self.key_card.say(KEY_TITLE, KEY_TEXT)
        self.key_card.mark("", "")
        self.key.show_state(NO_KEY)

    def set_places(self, text: str) -> None:
        """One line: where keys and chats are kept."""
        self._places.setText(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side = gutter(self.width())
        for box, margins in ((self._body, (side, 20, side, 12)), (self._foot, (side, 4, side - 4, 0))):
            layout = box.layout()
            if layout:
                layout.setContentsMargins(*margins)

    def _order_owners(self) -> None:
        """New widgets come last for Tab; these are read on the first card, and wait for the answer."""
        before: QWidget = self.key.edit
        for button in self._owners.findChildren(Button):
            QWidget.setTabOrder(before, button)
            before = button
        first = self._owners.findChild(Button)
        if isinstance(first, Button):
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose_owner(self) -> None:
        sender = self.sender()
        provider_id = str(sender.property("provider")) if sender else ""
        self.clear_key_result()
        self.owner_chosen.emit(provider_id)

    def _end_question(self) -> None:
        self.key.show()
        self._owners.hide()
        layout = self._owners.layout()
        for button in self._owners.findChildren(Button):
            if layout:
                layout.removeWidget(button)
            button.hide()
            button.setParent(None)
            button.deleteLater()

    def _choose_local(self) -> None:
        if self._local:
            self.local_chosen.emit(self._local.provider_id, self._local.model)

    def _choose_other(self) -> None:
        if self._local:
            self.local_chosen.emit(self._local.provider_id, "")

    def _choose_variable(self) -> None:
        self.variable_chosen.emit(self._variable_provider)


def _wrapping(*buttons: Button) -> QWidget:
    box = QWidget()
    layout = FlowLayout(box)
    for button in buttons:
        layout.addWidget(button)
    return box
