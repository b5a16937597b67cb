"""The undo stack of the fake Nuke: sets of changes, each with its way back and forth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nuke_rules import called

Change = tuple[Callable[[], None], Callable[[], None]]


class _Set:
    def __init__(self) -> None:
        self.text = ""
        self.changes: list[Change] = []


class _Stack:
    def __init__(self) -> None:
        self.open: list[_Set] = []
        self.done: list[_Set] = []
        self.undone: list[_Set] = []
        self.disabled = 0


stack = _Stack()


def change(do: Callable[[], None], undo: Callable[[], None]) -> None:
    """Makes a change and remembers the way back: in the set that is open, else as one of its own."""
    do()
    if stack.disabled:
        return
    stack.undone.clear()
    if stack.open:
        stack.open[-1].changes.append((do, undo))
    else:
        single = _Set()
        single.changes.append((do, undo))
        stack.done.append(single)


class Undo:
    """`with nuke.Undo():` and `nuke.Undo.begin()` ... `end()`; sets in sets are one step of the outermost."""

    def __enter__(self) -> Undo:
        self.begin()
        return self

    def __exit__(self, *_problem: Any) -> None:
        self.end()

    @classmethod
    def begin(cls) -> None:
        called("Undo.begin")
        stack.open.append(_Set())

    @classmethod
    def name(cls, text: str) -> None:
        called("Undo.name")
        if stack.open:
            stack.open[-1].text = text

    @classmethod
    def end(cls) -> None:
        called("Undo.end")
        if not stack.open:
            return
        ended = stack.open.pop()
        if stack.open:
            stack.open[-1].changes += ended.changes
        elif ended.changes:
            stack.done.append(ended)

    @classmethod
    def new(cls) -> None:
        cls.end()
        cls.begin()

    @classmethod
    def cancel(cls) -> None:
        called("Undo.cancel")
        if stack.open:
            _back(stack.open.pop())

    @classmethod
    def undo(cls) -> None:
        called("Undo.undo")
        if stack.done:
            stack.undone.append(stack.done.pop())
            _back(stack.undone[-1])

    @classmethod
    def redo(cls) -> None:
        called("Undo.redo")
        if stack.undone:
            stack.done.append(stack.undone.pop())
            for do, _ in stack.done[-1].changes:
                do()

    @classmethod
    def undoSize(cls) -> int:
        called("Undo.undoSize")
        return len(stack.done)

    @classmethod
    def undoDescribe(cls, index: int = 0) -> str:
        called("Undo.undoDescribe")
        return stack.done[-1 - index].text if index < len(stack.done) else ""

    @classmethod
    def disable(cls) -> None:
        called("Undo.disable")
        stack.disabled += 1

    @classmethod
    def enable(cls) -> None:
        called("Undo.enable")
        stack.disabled = max(0, stack.disabled - 1)

    @classmethod
    def disabled(cls) -> bool:
        called("Undo.disabled")
        return bool(stack.disabled)


def _back(changes: _Set) -> None:
    for _, undo in reversed(changes.changes):
        undo()
