"""Where the style sheet is: the ground of our own top widgets, never the application.

A style sheet rewrites the palette of the widget that carries it, so the widget that *reads* the host's palette
(`LookRoot`) is outside of the one that carries the sheet (`Surface`).
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QStyle, QVBoxLayout, QWidget

from .theme import Look, Theme, mix

_FRAMES = """
QWidget[kind="top"] {{ background: {window}; }}
QFrame[kind="side"] {{ background: {side}; }}
QFrame[kind="rule"] {{ background: {line}; }}
QFrame[kind="card"] {{ background: {raised}; border: 1px solid {line}; border-radius: 4px; }}
QFrame[kind="own"] {{ background: {raised}; border-radius: 4px; }}
QFrame[kind="popup"] {{ background: {window}; border: 1px solid {edge}; }}
QFrame[kind="code"] {{ background: {sunken}; border: 1px solid {line}; border-radius: 4px; }}
QFrame[kind="field"], QLineEdit {{ background: {sunken}; border: 1px solid {edge}; border-radius: 4px; }}
QFrame[kind="selected"] {{ background: {selected}; border-radius: 3px; }}
QFrame[kind="alert"] {{ background: {alert}; border: 1px solid {alert_edge}; border-radius: 4px; }}
QFrame[ring="true"], QLineEdit:focus, QLineEdit[ring="true"] {{ border: 1px solid {accent}; }}
QFrame[ring="bad"], QLineEdit[ring="bad"] {{ border: 1px solid {bad}; }}
"""
_TEXT = """
QLabel {{ color: {text}; background: transparent; border: none; }}
QLabel[voice="muted"] {{ color: {muted}; }}
QLabel[voice="link"] {{ color: {link}; }}
QLabel[voice="ok"] {{ color: {ok}; }}
QLabel[voice="bad"] {{ color: {bad}; }}
QLabel[voice="faint"] {{ color: {faint}; }}
QLineEdit {{ color: {text}; padding: 0 5px; min-height: {inner}px; max-height: {inner}px;
    selection-background-color: {marked}; selection-color: {text}; placeholder-text-color: {muted}; }}
QLineEdit:disabled {{ color: {muted}; border-color: {line}; background: transparent; }}
QTextEdit, QPlainTextEdit {{ color: {text}; background: transparent; border: none;
    selection-background-color: {marked}; selection-color: {text}; placeholder-text-color: {muted}; }}
QToolTip {{ color: {text}; background: {raised}; border: 1px solid {edge}; padding: 3px; }}
"""
_LISTS = """
QAbstractScrollArea {{ background: transparent; border: none; }}
QListView {{ background: transparent; border: none; outline: none; }}
QScrollBar {{ background: transparent; border: none; margin: 0; }}
QScrollBar:vertical {{ width: 10px; }}
QScrollBar:horizontal {{ height: 10px; }}
QScrollBar::handle {{ background: {edge}; border-radius: 2px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::handle:vertical {{ min-height: 24px; margin: 2px 3px; }}
QScrollBar::handle:horizontal {{ min-width: 24px; margin: 3px 2px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


def sheet(theme: Theme) -> str:
    """The style sheet of a theme: frames by `kind`, labels by `voice`, rings by `ring`, and Qt's own input widgets.

    (The properties are not called `focus`, `enabled` or `visible`: those collide with QWidget's.)
    """
    colours = {name: value.name() for name, value in vars(theme).items() if isinstance(value, QColor)}
    for name in ("side", "alert_edge", "faint"):
        colours[name] = getattr(theme, name).name()
    colours["marked"] = mix(theme.sunken, theme.accent, 0.35).name()
    return (_FRAMES + _TEXT + _LISTS).format(inner=theme.control - 2, **colours)


class Surface(QWidget):
    """A ground in the window's colour that carries the style sheet for everything on it."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setProperty("kind", "top")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._restyle()
        look.changed.connect(self._restyle)

    def _restyle(self) -> None:
        self.setStyleSheet(sheet(self._look.theme))


class LookRoot(QWidget):
    """The outermost widget of a pane or window: watches the host's palette and font, and owns the `Look`.

    It has no style sheet itself; what it shows is put on `surface` with `set_content`.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = Look(self.palette(), self.font(), self)
        self._heed_motion()
        self.surface = Surface(self.look, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.surface)

    def set_content(self, content: QWidget) -> None:
        """Fill the surface with `content`. To be called once."""
        layout = QVBoxLayout(self.surface)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(content)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        watched = (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange)
        if event.type() in watched and hasattr(self, "look"):
            self.look.update(self.palette(), self.font())
            self._heed_motion()

    def _heed_motion(self) -> None:
        """A desktop whose style animates nothing wants nothing to move."""
        duration = self.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, self)
        self.look.set_still(duration == 0)
