"""Buttons, painted from the theme: the same on every style of Qt, sharp at every pixel ratio.

The focus ring is drawn inside a control's box and for key focus only, so nothing shifts when it comes.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QPushButton, QSizePolicy, QToolButton, QWidget

from ..look.icons import draw_icon
from ..look.theme import Look, mix

RADIUS = 3
ICON = 16
_BY_KEY = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
    Qt.FocusReason.OtherFocusReason,
)


class KeyFocus:
    """Knows whether a control has the focus by key or by our own asking, not by a click.

    (Told by the control, not an event filter: a widget that dies with the focus on it would call the filter from its
    destructor, and PySide then wraps half an object.)
    """

    def __init__(self, control: QWidget) -> None:
        self._control = control
        self.shown = False

    def note(self, event: QFocusEvent) -> None:
        back = event.reason() in (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)
        if not back:
            self.shown = event.reason() in _BY_KEY
        self._control.update()

    def paint(self, painter: QPainter, colour: QColor, inset: float = 0.0) -> None:
        """The ring, 2 px, inside the control's box."""
        if self.shown and self._control.hasFocus():
            painter.setPen(QPen(colour, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            edge = 1 + inset
            painter.drawRoundedRect(QRectF(self._control.rect()).adjusted(edge, edge, -edge, -edge), RADIUS, RADIUS)


def clicked_by_key(button: QAbstractButton, event: QKeyEvent) -> bool:
    """Enter on the focused button, which Qt leaves to the platform."""
    if (
        event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    ):
        button.click()
        return True
    return False


def _plain(painter: QPainter) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)


class ToolButton(QToolButton):
    """An icon, or an icon and a word. Kinds: "" (quiet), "send" (filled with the accent), "stop", "off" (grey).

    Icon only: C x C. `tip` is the tooltip and, up to its bracketed shortcut, the accessible name.
    """

    def __init__(
        self,
        look: Look,
        icon: str,
        tip: str,
        text: str = "",
        *,
        kind: str = "",
        voice: str = "muted",
        size: int = ICON,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look, self._icon, self._voice, self._size = look, icon, voice, size
        self.setProperty("kind", kind)
        self.setText(text)
        self.set_tip(tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._focus = KeyFocus(self)
        self._restyle()
        look.changed.connect(self._restyle)

    @property
    def icon_name(self) -> str:
        return self._icon

    @property
    def kind(self) -> str:
        return str(self.property("kind"))

    def set_tip(self, tip: str) -> None:
        self.setToolTip(tip)
        self.setAccessibleName(tip.split(" (")[0])

    def set_icon(self, icon: str, *, kind: str | None = None, voice: str | None = None) -> None:
        self._icon = icon
        self._voice = voice or self._voice
        if kind is not None:
            self.setProperty("kind", kind)
        self.update()

    def _restyle(self) -> None:
        self.setFont(self._look.theme.face(-1))
        self.setFixedHeight(self._look.theme.control)
        if not self.text():
            self.setFixedWidth(self._look.theme.control)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        theme = self._look.theme
        if not self.text():
            return QSize(theme.control, theme.control)
        return QSize(4 + self._size + 4 + QFontMetrics(self.font()).horizontalAdvance(self.text()) + 6, theme.control)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._focus.note(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not clicked_by_key(self, event):
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._look.theme
        _plain(painter)
        ground, ink = self._colours()
        if ground:
            painter.setBrush(ground)
            painter.drawRoundedRect(QRectF(self.rect()), RADIUS, RADIUS)
        top = (self.height() - self._size) / 2
        left = 4 if self.text() else (self.width() - self._size) / 2
        draw_icon(painter, self._icon, ink, QRectF(left, top, self._size, self._size))
        painter.setPen(ink)
        painter.setFont(self.font())
        painter.drawText(self.rect().adjusted(8 + self._size, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
        on_accent = self.kind == "send"
        self._focus.paint(painter, theme.on_accent if on_accent else theme.accent, 2 if on_accent else 0)
        painter.end()

    def _colours(self) -> tuple[QColor | None, QColor]:
        """Ground and ink, by kind and by what the pointer does."""
        theme, over = self._look.theme, self.underMouse() and self.isEnabled()
        if self.kind == "send":
            return (mix(theme.accent, theme.on_accent, 0.12) if over else theme.accent), theme.on_accent
        if self.kind == "stop":
            return (mix(theme.grey, theme.text, 0.12) if over else theme.grey), theme.text
        if self.kind == "off":
            return theme.grey, theme.muted
        if not self.isEnabled():
            return None, theme.faint
        if over:
            return (mix(theme.hover, theme.text, 0.08) if self.isDown() else theme.hover), theme.text
        return None, theme.voice(self._voice)


class Button(QPushButton):
    """A word to press. Kinds: "" (plate and edge), "quiet" (muted words only), "primary" (filled with the accent).

    `gives_way`: with a name of unknown length in it, it is cut in the middle where room is short.
    """

    def __init__(
        self, look: Look, text: str, kind: str = "", parent: QWidget | None = None, *, gives_way: bool = False
    ) -> None:
        super().__init__(text, parent)
        self._look = look
        self._gives_way = gives_way
        self.setProperty("kind", kind)
        # Enter in a field of a dialog is the field's, never that of the first button.
        self.setAutoDefault(False)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        across = QSizePolicy.Policy.Maximum if gives_way else QSizePolicy.Policy.Fixed
        self.setSizePolicy(across, QSizePolicy.Policy.Fixed)
        self._focus = KeyFocus(self)
        self._restyle()
        look.changed.connect(self._restyle)

    @property
    def kind(self) -> str:
        return str(self.property("kind"))

    def shown_text(self) -> str:
        """The words as they are painted: whole, or cut."""
        if not self._gives_way:
            return self.text()
        metrics, padding = QFontMetrics(self.font()), 16
        return metrics.elidedText(self.text(), Qt.TextElideMode.ElideMiddle, max(0, self.width() - padding))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._gives_way:
            self.setToolTip(self.text() if self.shown_text() != self.text() else "")

    def _restyle(self) -> None:
        self.setFont(self._look.theme.face())
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        words = QFontMetrics(self.font()).size(Qt.TextFlag.TextShowMnemonic, self.text(), 0).width()
        return QSize(words + (16 if self.kind == "quiet" else 24), self._look.theme.control)

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(80, hint.width()), hint.height()) if self._gives_way else hint

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._focus.note(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not clicked_by_key(self, event):
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._look.theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground, edge, ink = self._colours()
        painter.setPen(QPen(edge, 1) if edge else Qt.PenStyle.NoPen)
        painter.setBrush(ground or Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        painter.setPen(ink)
        painter.setFont(self.font())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextHideMnemonic, self.shown_text())
        primary = self.kind == "primary"
        self._focus.paint(painter, theme.on_accent if primary else theme.accent, 2 if primary else 0)
        painter.end()

    def _colours(self) -> tuple[QColor | None, QColor | None, QColor]:
        """Ground, edge and ink, by kind and by what the pointer does."""
        theme, quiet = self._look.theme, self.kind == "quiet"
        if not self.isEnabled():
            return None, None if quiet else theme.line, theme.faint
        over = self.underMouse()
        if self.kind == "primary":
            return (mix(theme.accent, theme.on_accent, 0.12) if over else theme.accent), theme.accent, theme.on_accent
        pressed = mix(theme.hover, theme.text, 0.08) if self.isDown() else theme.hover
        if quiet:
            return (pressed, None, theme.text) if over else (None, None, theme.muted)
        return (pressed if over or self.isDown() else theme.plate), theme.edge, theme.text
