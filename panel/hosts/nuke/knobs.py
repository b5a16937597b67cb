"""One knob of the running script, as the file would have it. Never evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import nuke

from ...nk.knobs import runs_code
from ..base import KnobValue

_CODE = frozenset({"PyScript_Knob", "Script_Knob", "PyCustom_Knob", "PythonCustomKnob", "Pulldown_Knob"})

UNREADABLE = (RuntimeError, TypeError, ValueError, NameError)
"""What a single odd knob raises; the others are read all the same."""


def knob_by_knob(node: nuke.Node) -> Iterator[KnobValue]:
    for name, knob in node.knobs().items():
        if _is_stated(knob) and (value := alone_value(name, knob)).value:
            yield value


def _is_stated(knob: nuke.Knob) -> bool:
    not_default = cast("Callable[[], bool] | None", getattr(knob, "notDefault", None))
    try:
        return not_default is None or not_default()
    except UNREADABLE:
        return True


def alone_value(name: str, knob: nuke.Knob) -> KnobValue:
    text = stored(knob)
    return KnobValue(name, text, knob.Class() in _CODE or runs_code(name, text))


def stored(knob: nuke.Knob | None) -> str:
    """A knob's text as a script has it; empty for a knob that has none, as captions and buttons of old classes."""
    try:
        return knob.toScript(False, None) if knob else ""
    except UNREADABLE:
        return ""
