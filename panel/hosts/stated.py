"""What a node's block states, whether the block stands in a file or the running Nuke wrote it just now.

Owns the way from a block's text to the values of the port, so that both hosts tell the same of the same node. It
evaluates nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ..nk.document import Body, Command, Document
from ..nk.knobs import CODE_KNOBS, LINK, number, runs_code, switch, user_knob
from ..nk.words import Word
from .base import KnobValue, NodeRow

_LABEL = 500
_NOT_KNOBS = frozenset({"addUserKnob", "inputs", "name", "xpos", "ypos", "selected"})
_TOLD_APART = frozenset(
    "label disable file xpos ypos format fps first_frame last_frame colorManagement".split()  # of a row; of the project
)


@dataclass(frozen=True, slots=True)
class Stated:
    """`knobs` are those that the port tells of; `texts` what rows and the project are made of, unquoted."""

    texts: Mapping[str, str]
    knobs: tuple[KnobValue, ...]


def read_block(text: str) -> Stated:
    """From a list of names and values in `.nk` form. What stands behind a damaged place is left out."""
    data = b"{" + text.encode("utf-8", "surrogateescape") + b"}"
    document = Document(data, ())
    body = document.body(Command("node", (Word(0, len(data), "braced"),), 1))
    texts = {knob.name: document.text(knob.value_span) for knob in body.knobs if knob.name in _TOLD_APART}
    return Stated(texts, stated_knobs(document, body))


class Blocks:
    """What blocks state; one whose text is as it was is not read again. Keeps those of the last two rounds."""

    def __init__(self) -> None:
        self._new: dict[str, Stated] = {}
        self._old: dict[str, Stated] = {}

    def next_round(self) -> None:
        self._old, self._new = self._new, {}

    def read(self, text: str) -> Stated:
        found = self._new.get(text) or self._old.get(text) or read_block(text)
        self._new[text] = found
        return found


def stated_knobs(document: Document, body: Body) -> tuple[KnobValue, ...]:
    """Of equal names the last."""
    return tuple({knob.name: knob for knob in _values(document, body)}.values())


def _values(document: Document, body: Body) -> Iterator[KnobValue]:
    """The knobs of one block; user knobs only where their definition says something: code or a link."""
    for knob in body.knobs:
        if knob.name == "addUserKnob":
            defined = user_knob(document, knob.value_span)
            if defined and defined.type in CODE_KNOBS and defined.text:
                yield KnobValue(defined.name, defined.text, runs_code=True)
            elif defined and defined.type == LINK:
                yield KnobValue(defined.name, f"link to {defined.text}")
        elif is_knob(knob.name):
            value = document.text(knob.value_span)
            yield KnobValue(knob.name, value, runs_code(knob.name, value))


def is_knob(name: str) -> bool:
    """Whether a name of a block is told as a knob: its name, place and links are in the row."""
    return name not in _NOT_KNOBS


def node_row(
    name: str,
    class_name: str,
    inputs: tuple[str | None, ...],
    value: Callable[[str], str | None],
    *,
    clone_of: str | None,
    opens_group: bool,
    code: tuple[str, ...],
) -> NodeRow:
    """`value` gives the text of a knob, None where the script states none. The group is in the full name."""
    x, y = number(value("xpos")), number(value("ypos"))
    return NodeRow(
        name=name,
        class_name=class_name,
        group=name.rpartition(".")[0],
        inputs=inputs,
        label=(value("label") or "")[:_LABEL],
        disabled=switch(value("disable")),
        clone_of=clone_of,
        opens_group=opens_group,
        file=value("file") or "",
        code=code,
        position=None if x is None or y is None else (x, y),
    )


def code_knobs(knobs: tuple[KnobValue, ...]) -> tuple[str, ...]:
    return tuple(knob.name for knob in knobs if knob.runs_code)
