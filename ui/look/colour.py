"""Colour arithmetic: contrast as WCAG 2.1 defines it, and moving a colour until it has enough of it.

Owns no colour: those are tokens of `theme.py`, computed from the host's palette.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QColor


def luminance(colour: QColor) -> float:
    """Relative luminance, 0 (black) to 1 (white)."""
    return 0.2126 * _linear(colour.redF()) + 0.7152 * _linear(colour.greenF()) + 0.0722 * _linear(colour.blueF())


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def contrast(a: QColor, b: QColor) -> float:
    """1 (equal) to 21 (black on white), whichever of the two is the ground."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def mix(a: QColor, b: QColor, part: float) -> QColor:
    """`a` with `part` (0 to 1) of `b` in it, linear in sRGB."""
    return QColor.fromRgbF(
        a.redF() + (b.redF() - a.redF()) * part,
        a.greenF() + (b.greenF() - a.greenF()) * part,
        a.blueF() + (b.blueF() - a.blueF()) * part,
    )


def reach(colour: QColor, grounds: Sequence[QColor], ratio: float, *, lighter: bool) -> QColor:
    """`colour` with its hue and saturation, only as much lighter (or darker) as `ratio` on every ground needs.

    Ends at white (or black) where a ground is too close to grey for `ratio`.
    """
    hue, saturation, lightness = colour.hslHueF(), colour.hslSaturationF(), colour.lightnessF()
    end, step, out = (1.0, 0.01, colour) if lighter else (0.0, -0.01, colour)
    while lightness != end and min(contrast(out, ground) for ground in grounds) < ratio:
        lightness = min(1.0, max(0.0, lightness + step))
        out = QColor.fromHslF(max(hue, 0.0), saturation, lightness)
    return out
