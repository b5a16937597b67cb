"""The knobs of the fake Nuke. Each keeps its value as a script has it and reads it by its class.

Owns what `value()`, `getValue()` and `toScript()` tell of one stored text. Where Nuke would have to evaluate it (an
expression, a curve, brackets), the fake refuses.
"""

from __future__ import annotations

import re
from typing import Any

from nuke_ai_panel.panel.nk.document import Document
from nuke_ai_panel.panel.nk.knobs import user_knob as defined_knob
from nuke_ai_panel.panel.nk.words import Unbalanced, Word, elements, unquoted
from nuke_rules import Watched, misuse, refusing
from nuke_undo import change

_CURRENT = object()
_BARE = re.compile(r"[\w!%&'()*+,\-./:<=>?|]+")
_EVALUATED = re.compile(r"[\[{]|^curve\b")


def said(raw: str) -> str:
    """What the first word of a list says."""
    data = raw.encode()
    word = next(elements(data, 0, len(data)), None)
    return "" if word is None else unquoted(data, word)


def quoted(text: str) -> str:
    if _BARE.fullmatch(text):
        return text
    return '"' + re.sub(r'([\\"\[{}$])', r"\\\1", text).replace("\n", "\\n") + '"'


class Knob(Watched):
    """`raw` is the stored text, quoted as in a script; None while it is at its default."""

    def __init__(self, name: str, label: str = "", *, raw: str | None = None, default: str = "") -> None:
        self._name = name
        self._label = label
        self._raw = raw
        self._default = default
        self._node: Any = None
        self._definition: str | None = None
        self._said: tuple[str, str] = ("", "")

    def _text(self) -> str:
        if self._raw is None:
            return self._default
        if self._said[0] != self._raw:
            self._said = (self._raw, said(self._raw))
        return self._said[1]

    def _store(self, raw: str | None) -> None:
        before = self._raw

        def do() -> None:
            self._raw = raw

        def undo() -> None:
            self._raw = before

        change(do, undo)

    def Class(self) -> str:
        return type(self).__name__

    def name(self) -> str:
        return self._name

    def label(self) -> str:
        return self._label

    def node(self) -> Any:
        return self._node

    def visible(self) -> bool:
        return True

    def enabled(self) -> bool:
        return True

    def toScript(self, quote: bool = False, context: object = _CURRENT) -> str:
        if context is not None:
            misuse(f"nuke: {self._name}.toScript in a context evaluates it; toScript(False, None) is the stored text")
        return quoted(self._text()) if quote else self._text()

    def fromScript(self, script: str) -> None:
        try:
            said(script)
        except Unbalanced:
            script = quoted(script)
        self._store(script)

    def isAnimated(self, channel: int = -1) -> bool:
        return "{curve" in (self._raw or "")

    def hasExpression(self, index: int = -1) -> bool:
        return (self._raw or "").startswith("{{") and "{curve" not in (self._raw or "")

    def value(self) -> Any:
        return self._plain()

    def getValue(self) -> Any:
        return self._plain()

    def setValue(self, value: Any) -> bool:
        if not isinstance(value, str):
            raise TypeError(f"{self._name} takes a text")
        self._store(quoted(value))
        return True

    def _plain(self) -> str:
        """The text where it needs no evaluation."""
        if _EVALUATED.search(self._text()):
            misuse(f"nuke: reading {self._name} evaluates it: {self._text()[:60]}")
        return self._text()


class Array_Knob(Knob):
    def _numbers(self) -> list[float]:
        return [float(part) for part in self._plain().split()] or [0.0]

    def value(self, *_: Any) -> Any:
        numbers = self._numbers()
        return numbers[0] if len(set(numbers)) == 1 else numbers

    def getValue(self, *_: Any) -> Any:
        return self._numbers() if len(self._numbers()) > 1 else self._numbers()[0]

    def setValue(self, value: Any, index: int = 0) -> bool:
        if isinstance(value, str):
            raise TypeError(f"{self._name} takes numbers")
        numbers = value if isinstance(value, list) else [value]
        self._store(str(numbers[0]) if len(numbers) == 1 else "{" + " ".join(map(str, numbers)) + "}")
        return True

    def notDefault(self) -> bool:
        return self._raw is not None


class Double_Knob(Array_Knob):
    pass


class Int_Knob(Array_Knob):
    pass


class XY_Knob(Array_Knob):
    pass


class Unsigned_Knob(Array_Knob):
    pass


class ColorChip_Knob(Unsigned_Knob):
    pass


class Boolean_Knob(Array_Knob):
    def value(self) -> bool:
        return self._plain() in ("true", "1")

    def getValue(self) -> float:
        return float(self._plain() in ("true", "1"))

    def setValue(self, b: Any) -> bool:
        self._store("true" if b else None)
        return True


class Disable_Knob(Boolean_Knob):
    pass


class Enumeration_Knob(Unsigned_Knob):
    _items: tuple[str, ...] = ()

    def values(self) -> list[str]:
        return list(self._items)

    def value(self) -> str:
        return self._text()

    def getValue(self) -> float:
        return float(self._items.index(self._text())) if self._text() in self._items else 0.0

    def setValue(self, value: Any) -> bool:
        text = self._items[value] if isinstance(value, int) else value
        if text in self._items:  # another is ignored: read back
            self._store(quoted(text))
        return True


class Pulldown_Knob(Enumeration_Knob):
    pass


class String_Knob(Knob):
    """`value` is evaluated, `getText` is raw."""

    def getText(self) -> str:
        return self._text()


class EvalString_Knob(String_Knob):
    evaluate = refusing("EvalString_Knob.evaluate")


class Multiline_Eval_String_Knob(EvalString_Knob):
    pass


class File_Knob(EvalString_Knob):
    getEvaluatedValue = refusing("File_Knob.getEvaluatedValue")


class Font_Knob(Knob):
    pass


class PythonKnob(String_Knob):
    def value(self) -> str:
        return self._text()


class Script_Knob(String_Knob):
    """A button; `T` of its definition is the code."""

    _code = ""
    execute = refusing("Script_Knob.execute")

    def command(self) -> str:
        return self._code

    def value(self) -> str:
        return self._code


class PyScript_Knob(Script_Knob):
    pass


class PyCustom_Knob(Script_Knob):
    pass


class Format_Knob(Knob):
    """`value` is a Format, whose making validates; the text of it is all that is told here."""

    value = refusing("Format_Knob.value")
    getValue = refusing("Format_Knob.getValue")

    def notDefault(self) -> bool:
        return self._raw is not None


class Link_Knob(Knob):
    _target = ""

    def getLink(self) -> str:
        return self._target

    def value(self) -> str:
        return self._target


class Tab_Knob(Knob):
    def value(self) -> None:
        return None

    def toScript(self, quote: bool = False, context: object = _CURRENT) -> str:
        return ""


class Text_Knob(Tab_Knob):
    pass


class Obsolete_Knob(Knob):
    """What odd classes do when they are asked."""

    def value(self) -> None:
        raise TypeError("Obsolete_Knob has no value")

    def toScript(self, quote: bool = False, context: object = _CURRENT) -> str:
        raise RuntimeError("Obsolete_Knob has no script value")


_BY_NAME: dict[str, type[Knob]] = {
    "name": String_Knob,
    "label": Multiline_Eval_String_Knob,
    "file": File_Knob,
    "proxy": File_Knob,
    "format": Format_Knob,
    "disable": Disable_Knob,
    "selected": Boolean_Knob,
    "tile_color": ColorChip_Knob,
    "note_font": Font_Knob,
    **dict.fromkeys(("xpos", "ypos"), Double_Knob),
    **dict.fromkeys(("onCreate", "onDestroy", "knobChanged", "updateUI", "autolabel"), PythonKnob),
    **dict.fromkeys(("onScriptLoad", "onScriptSave", "onScriptClose", "beforeRender", "afterRender"), PythonKnob),
}

_BY_TYPE: dict[int, type[Knob]] = {
    2: File_Knob,
    3: Int_Knob,
    4: Enumeration_Knob,
    6: Boolean_Knob,
    12: XY_Knob,
    17: Format_Knob,
    20: Tab_Knob,
    22: PyScript_Knob,
    26: Text_Knob,
    32: Script_Knob,
    35: Pulldown_Knob,
    41: Link_Knob,
    52: PyCustom_Knob,
    **dict.fromkeys((7, 8, 9, 13, 14, 15, 18, 19, 30, 31), Array_Knob),
}


def stored_knob(name: str, raw: str) -> Knob:
    """A knob of a script: its class by its name, else by the look of its value."""
    if name in _BY_NAME:
        return _BY_NAME[name](name, raw=raw)
    if raw in ("true", "false"):
        return Boolean_Knob(name, raw=raw)
    numeric = raw.startswith("{{") or re.fullmatch(r"\{?[-+\d. e]+\}?", raw)
    return (Array_Knob if numeric else String_Knob)(name, raw=raw)


def default_knob(name: str, text: str) -> Knob:
    return _BY_NAME.get(name, Array_Knob if re.fullmatch(r"[\d. ]+", text) else String_Knob)(name, default=text)


def user_knob(raw: str) -> Knob:
    """From the definition behind `addUserKnob`, braces included."""
    data = raw.encode()
    defined = defined_knob(Document(data, ()), Word(0, len(data), "braced"))
    if defined is None:
        return String_Knob("")
    made = _BY_TYPE.get(defined.type, String_Knob)(defined.name, defined.label)
    made._definition = raw
    if isinstance(made, Script_Knob):
        made._code = defined.text
    if isinstance(made, Link_Knob):
        made._target = defined.text
    return made
