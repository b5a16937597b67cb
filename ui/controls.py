"""Buttons and chips, painted from the theme: the same on every style of Qt, sharp at every pixel ratio.

The focus ring is drawn inside a control's box and for key focus only, so nothing shifts when it comes.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QPushButton, QSizePolicy, QToolButton, QWidget

from .icons import draw_icon
from .theme import Look, mix

RADIUS = 3
SMALL_ICON, ICON, DOT = 12, 16, 10
STATE_GLYPHS = ("dot", "ring")
_BY_KEY = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
    Qt.FocusReason.OtherFocusReason,
)


class KeyFocus(QObject):
    """Knows whether a control has the focus by key or by our own asking, not by a click."""

    def __init__(self, control: QWidget) -> None:
        super().__init__(control)
        self._control = control
        self.shown = False
        control.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFocusEvent):
            back = event.reason() in (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)
            if event.type() == QEvent.Type.FocusIn and not back:
                self.shown = event.reason() in _BY_KEY
            self._control.update()
        return False

    def paint(self, painter: QPainter, colour: QColor, inset: float = 0.0) -> None:
        """The ring, 2 px, inside the control's box."""
        if self.shown and self._control.hasFocus():
            painter.setPen(QPen(colour, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            edge = 1 + inset
            painter.drawRoundedRect(QRectF(self._control.rect()).adjusted(edge, edge, -edge, -edge), RADIUS, RADIUS)


def _clicked_by_key(button: QAbstractButton, event: QKeyEvent) -> bool:
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

    def set_icon(self, icon: str, *, kind: str | None = None) -> None:
        self._icon = icon
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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not _clicked_by_key(self, event):
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
    """A word to press. Kinds: "" (plate and edge), "quiet" (muted words only), "primary" (filled with the accent)."""

    def __init__(self, look: Look, text: str, kind: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._look = look
        self.setProperty("kind", kind)
        # Enter in a field of a dialog is the field's, never that of the first button.
        self.setAutoDefault(False)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._focus = KeyFocus(self)
        self._restyle()
        look.changed.connect(self._restyle)

    @property
    def kind(self) -> str:
        return str(self.property("kind"))

    def _restyle(self) -> None:
        self.setFont(self._look.theme.face())
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        words = QFontMetrics(self.font()).size(Qt.TextFlag.TextShowMnemonic, self.text()).width()
        return QSize(words + (16 if self.kind == "quiet" else 24), self._look.theme.control)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not _clicked_by_key(self, event):
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
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextHideMnemonic, self.text())
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


class Chip(QPushButton):
    """A glyph and a name in a small box, pressed as a whole; `end` "down" opens something, "cross" removes it.

    The name gives way, the glyph (a state, in the header) never does. `removed`: the cross was clicked, or
    Delete or Backspace was pressed.
    """

    removed = Signal()

    def __init__(
        self, look: Look, glyph: str, text: str, voice: str = "muted", *, end: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(text, parent)
        self._look, self._glyph, self._voice, self._end = look, glyph, voice, end
        self.setAutoDefault(False)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._focus = KeyFocus(self)
        self._restyle()
        look.changed.connect(self._restyle)

    @property
    def glyph(self) -> str:
        return self._glyph

    @property
    def voice(self) -> str:
        return self._voice

    def show_state(self, glyph: str, text: str, voice: str = "muted") -> None:
        self._glyph, self._voice = glyph, voice
        self.setText(text)
        self._restyle()

    def _restyle(self) -> None:
        self.setFont(self._look.theme.face(-1))
        self.updateGeometry()
        self.update()

    def _frame_width(self) -> int:
        """Everything but the name."""
        return 6 + self._glyph_size() + 4 + (4 + SMALL_ICON if self._end else 0) + 6

    def _glyph_size(self) -> int:
        return DOT if self._glyph in STATE_GLYPHS else 14

    def sizeHint(self) -> QSize:
        words = QFontMetrics(self.font()).horizontalAdvance(self.text())
        return QSize(self._frame_width() + words + 2, self._look.theme.control)

    def minimumSizeHint(self) -> QSize:
        shortest = QFontMetrics(self.font()).horizontalAdvance(self.text()[:3] + "\u2026")
        return QSize(min(self.sizeHint().width(), self._frame_width() + shortest), self._look.theme.control)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._end == "cross" and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        elif not _clicked_by_key(self, event):
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        on_cross = self._end == "cross" and event.position().x() >= self.width() - SMALL_ICON - 10
        if on_cross and self.isDown() and self.rect().contains(event.position().toPoint()):
            self.setDown(False)
            self.removed.emit()
        else:
            super().mouseReleaseEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, size = QPainter(self), self._look.theme, self._glyph_size()
        over = self.underMouse() and self.isEnabled()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.line, 1))
        painter.setBrush(theme.hover if over else theme.raised)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        draw_icon(painter, self._glyph, theme.voice(self._voice), QRectF(6, (self.height() - size) / 2, size, size))
        if self._end:
            at = QRectF(self.width() - 6 - SMALL_ICON, (self.height() - SMALL_ICON) / 2, SMALL_ICON, SMALL_ICON)
            draw_icon(painter, self._end, theme.text if over else theme.muted, at)
        painter.setPen(theme.text if self.isEnabled() else theme.faint)
        painter.setFont(self.font())
        room = QRect(6 + size + 4, 0, self.width() - self._frame_width(), self.height())
        name = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, name)
        self._focus.paint(painter, theme.accent)
        painter.end()
