"""Takes keys and pictures out of a question and an answer, and leaves every other byte of the answer as it came.

Owns the rule for keys that come in pieces: a model says them a few letters an event, and no event holds one. So the
texts that stand in the same place of all events are looked at as one text. Where a key goes over a joint, the first
piece gets the whole text without it, and the others get nothing: what the answer comes to is the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass

from ...providers.messages import JSON
from ...providers.wire.json_values import parse_json
from .pictures import in_text, without_pictures

Place = tuple[Hashable, ...]
"""Where a text stands in its event: the names on the way to it, and the numbers that tell parallel parts apart."""
_NUMBERS = ("index", "output_index", "content_index", "summary_index")
_DATA = "data:"
_BEGINNINGS = (_DATA, "{", "[", '"')
"""Of lines that hold something."""
_NAME = "the name of"


@dataclass(slots=True)
class _Line:
    """A line of an answer. `document` is what stands after `before`, without pictures; None if that is no JSON."""

    text: str
    before: str = ""
    end: str = ""
    document: JSON = None
    changed: bool = False

    @property
    def is_cut(self) -> bool:
        """It ends in the middle of what it had to say."""
        return not self.end and self.document is None and self.text.lstrip().startswith(_BEGINNINGS)

    def __str__(self) -> str:
        return f"{self.before}{json.dumps(self.document)}{self.end}" if self.changed else self.text


class Cleaner:
    """`clean` takes keys out of a text."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        self._clean = clean

    def text(self, text: str) -> str:
        return self._clean(in_text(text))

    def question(self, body: bytes) -> str:
        """The body of a request, on one line."""
        [line] = self._cleaned([_read(" ".join(_decoded(body).splitlines()))])
        return line

    def answer(self, body: bytes) -> bytes:
        """A whole document, or a stream. A last line that was cut inside is left out: half a key would not be seen."""
        whole = _read(_decoded(body))
        lines = [whole] if whole.document is not None else [_read(_decoded(line)) for line in body.splitlines(True)]
        if lines and lines[-1].is_cut:
            lines[-1] = _Line(f": a line was cut here; {len(lines[-1].text)} characters are left out\n")
        return "".join(self._cleaned(lines)).encode("utf-8", "surrogateescape")

    def _cleaned(self, lines: list[_Line]) -> list[str]:
        self._clean_documents([line for line in lines if line.document is not None])
        known: dict[str, str] = {}
        for line in lines:
            if line.document is None and line.text not in known:
                known[line.text] = self.text(line.text)
        return [str(line) if line.document is not None else known[line.text] for line in lines]

    def _clean_documents(self, lines: list[_Line]) -> None:
        pieces: dict[Place, list[str]] = {}
        for line in lines:
            for place, piece in _texts(line.document, ()):
                pieces.setdefault(place, []).append(piece)
        found = {place: told for place, said in pieces.items() if (told := self._without_keys(place, said))}
        if found:
            for line in lines:
                cleaned = _replaced(line.document, (), found)
                line.changed = line.changed or cleaned != line.document
                line.document = cleaned

    def _without_keys(self, place: Place, said: list[str]) -> Iterator[str] | None:
        """What to say instead in this place, piece by piece; None if there is no key."""
        same = len(set(said)) == 1
        whole = said[0] if same else "".join(said)
        cleaned = self._of_member(place, whole)
        if cleaned == whole:
            return None
        each = [cleaned] * len(said) if same else [self._of_member(place, piece) for piece in said]
        if not same and "".join(each) != cleaned:
            each = [cleaned] + [""] * (len(said) - 1)
        return iter(each)

    def _of_member(self, place: Place, text: str) -> str:
        """A key may be known by the name of its member alone."""
        if place[-2:-1] == (_NAME,):
            return self._clean(text)
        name = f"{place[-1]}: " if place else ""
        told = self._clean(name + text)
        return told.removeprefix(name) if told.startswith(name) else self._clean(text)


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _read(text: str) -> _Line:
    inside = text.rstrip("\r\n")
    before = _DATA if inside.startswith(_DATA) else ""
    line = _Line(text, before and before + " ", text[len(inside) :])
    try:
        document = parse_json(inside[len(before) :])
        line.document = without_pictures(document)
    except (ValueError, RecursionError):
        return line
    line.changed = line.document != document
    return line


def _texts(value: JSON, place: Place) -> Iterator[tuple[Place, str]]:
    """Each text with its place, names among them: whatever is said may be a key."""
    match value:
        case str():
            yield place, value
        case list():
            for number, entry in enumerate(value):
                yield from _texts(entry, (*place, number))
        case dict():
            inside = _inside(place, value)
            for name, entry in value.items():
                yield (*inside, _NAME, name), name
                yield from _texts(entry, (*inside, name))
        case _:
            pass


def _replaced(value: JSON, place: Place, found: dict[Place, Iterator[str]]) -> JSON:
    """The same document with these texts, taken in the order in which `_texts` gives them."""
    match value:
        case str():
            return next(found[place]) if place in found else value
        case list():
            return [_replaced(entry, (*place, number), found) for number, entry in enumerate(value)]
        case dict():
            inside, told = _inside(place, value), dict[str, JSON]()
            for name, entry in value.items():
                named = (*inside, _NAME, name)
                shown = next(found[named]) if named in found else name
                told[shown] = _replaced(entry, (*inside, name), found)
            return told
        case _:
            return value


def _inside(place: Place, value: dict[str, JSON]) -> Place:
    return (*place, *(number for name in _NUMBERS if isinstance(number := value.get(name), int)))
