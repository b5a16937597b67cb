"""The tokens that every widget is drawn with, computed from a palette and a font, and the object that hands them out.

Owns the two status seeds, the only colours written down. Knows no widget, and touches neither the application's
palette nor its font or style sheet: in a host those belong to the host.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QPalette

from .colour import contrast, luminance, mix, reach

__all__ = ["Look", "Theme", "contrast", "luminance", "mix", "reach"]

TEXT_RATIO = 4.6
"""WCAG asks 4.5 of text; the tenth covers the rounding to 8 bits."""
GRAPHIC_RATIO = 3.0
OK_SEED = "#4f9e58"
BAD_SEED = "#e0493e"
VOICES = ("text", "muted", "accent", "link", "on_accent", "ok", "bad", "faint")


@dataclass(frozen=True)
class Theme:
    """All tokens: colours by what they are for, sizes by the host's font."""

    dark: bool
    font: QFont
    mono_family: str
    window: QColor
    """The pane."""
    sunken: QColor
    """Fields, code, step lists."""
    raised: QColor
    """Cards, chips, own messages."""
    hover: QColor
    line: QColor
    """Hairlines, card borders."""
    edge: QColor
    """Control borders."""
    text: QColor
    muted: QColor
    """Second voice and icons; on hover and selected ground it becomes text."""
    accent: QColor
    """Ring and Send: 3:1. As text it is `link`."""
    link: QColor
    on_accent: QColor
    ok: QColor
    bad: QColor
    selected: QColor
    alert: QColor
    """Ground of an error card."""

    @classmethod
    def of(cls, palette: QPalette, font: QFont) -> Theme:
        window = palette.color(QPalette.ColorRole.Window)
        wanted = palette.color(QPalette.ColorRole.WindowText)
        highlight = palette.color(QPalette.ColorRole.Highlight)
        dark = _is_dark(window, wanted)
        sunken = _sunken(window, palette.color(QPalette.ColorRole.Base), dark)
        text = reach(wanted, (window, sunken), TEXT_RATIO, lighter=dark)
        raised = mix(window, text, 0.05) if dark else mix(window, QColor("white"), 0.75)
        hover = mix(window, text, 0.10)
        text = reach(text, (window, sunken, raised, hover), TEXT_RATIO, lighter=dark)
        flat = (window, sunken, raised)
        accent = reach(highlight, flat, GRAPHIC_RATIO, lighter=dark)
        bad = reach(QColor(BAD_SEED), flat, TEXT_RATIO, lighter=dark)
        alert = mix(window, bad, 0.05)
        grounds = (*flat, alert)
        return cls(
            dark=dark,
            font=QFont(font),
            mono_family=QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family(),
            window=window,
            sunken=sunken,
            raised=raised,
            hover=hover,
            line=mix(window, text, 0.13),
            edge=mix(window, text, 0.26),
            text=text,
            muted=reach(mix(window, text, 0.5), grounds, TEXT_RATIO, lighter=dark),
            accent=accent,
            link=reach(highlight, flat, TEXT_RATIO, lighter=dark),
            on_accent=_the_better(accent, QColor("#111111"), QColor("white")),
            ok=reach(QColor(OK_SEED), flat, TEXT_RATIO, lighter=dark),
            bad=reach(bad, grounds, TEXT_RATIO, lighter=dark),
            selected=mix(window, accent, 0.18),
            alert=alert,
        )

    @property
    def base(self) -> int:
        """B: the pixel size of the host's font."""
        return QFontInfo(self.font).pixelSize()

    @property
    def control(self) -> int:
        """C: height of a button, chip, field or row; twice the font, on the 4 px grid."""
        return round(self.base * 2 / 4) * 4

    def face(self, delta: int = 0, *, bold: bool = False, mono: bool = False) -> QFont:
        """The host's font, `delta` px larger; `mono`: the fixed-pitch one, which looks a pixel larger than it is."""
        font = QFont(self.mono_family) if mono else QFont(self.font)
        font.setPixelSize(max(1, self.base + delta - (1 if mono else 0)))
        if bold:
            font.setWeight(QFont.Weight.DemiBold)
        return font

    def voice(self, name: str) -> QColor:
        """The colour of a voice: one of `VOICES`, or "" for text."""
        if name and name not in VOICES:
            raise ValueError(f"no such voice: {name}")
        colour: QColor = getattr(self, name or "text")
        return colour

    @property
    def side(self) -> QColor:
        """Ground of a list beside a page."""
        return mix(self.window, self.sunken, 0.55) if self.dark else mix(self.window, QColor("black"), 0.03)

    @property
    def plate(self) -> QColor:
        """Ground of a button."""
        return mix(self.window, self.text, 0.09 if self.dark else 0.02)

    @property
    def grey(self) -> QColor:
        """Ground of Stop, and of Send while it is off."""
        return mix(self.window, self.text, 0.12 if self.dark else 0.08)

    @property
    def faint(self) -> QColor:
        """Words of a control that is off."""
        return mix(self.window, self.text, 0.42)

    @property
    def alert_edge(self) -> QColor:
        return mix(self.window, self.bad, 0.38)


def _is_dark(window: QColor, text: QColor) -> bool:
    # A text role that cannot be read says nothing about the theme: then the ground decides alone.
    if contrast(window, text) >= 3.0:
        return luminance(window) < luminance(text)
    return contrast(window, QColor("white")) > contrast(window, QColor("black"))


def _sunken(window: QColor, base: QColor, dark: bool) -> QColor:
    """Base, unless it cannot carry our text (white fields in a dark window) or cannot be told from Window."""
    if contrast(base, QColor("white" if dark else "black")) < 7.0:
        return mix(window, QColor("black" if dark else "white"), 0.22 if dark else 0.75)
    if dark and contrast(base, window) < 1.12:
        return mix(window, QColor("black"), 0.22)
    return base


def _the_better(ground: QColor, a: QColor, b: QColor) -> QColor:
    return a if contrast(a, ground) >= contrast(b, ground) else b


class Look(QObject):
    """The theme in use. Widgets read `theme` and restyle themselves on `changed`."""

    changed = Signal()

    def __init__(self, palette: QPalette, font: QFont, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = Theme.of(palette, font)
        self._still = False

    @property
    def theme(self) -> Theme:
        return self._theme

    @property
    def still(self) -> bool:
        """True: nothing moves by itself (the busy arc stands)."""
        return self._still

    def set_still(self, still: bool) -> None:
        if still != self._still:
            self._still = still
            self.changed.emit()

    def update(self, palette: QPalette, font: QFont) -> None:
        """Compute the tokens again; `changed` only if one is different."""
        theme = Theme.of(palette, font)
        if theme != self._theme:
            self._theme = theme
            self.changed.emit()
