"""Menus of the fake Nuke: what was added, and choosing it as a user does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nuke_rules import Watched

NAMES = ("Nuke", "Pane", "Nodes", "Properties", "Animation", "Viewer", "Node Graph", "Axis")


class MenuItem(Watched):
    def __init__(self, name: str, command: str | Callable[[], Any] | None = None) -> None:
        self._name = name
        self._command = command

    def name(self) -> str:
        return self._name

    def invoke(self) -> None:
        """A text runs in the main namespace, as Nuke does it."""
        if isinstance(self._command, str):
            import __main__

            exec(self._command, vars(__main__))
        elif self._command:
            self._command()


class Menu(MenuItem):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._items: list[MenuItem] = []

    def items(self) -> list[MenuItem]:
        return list(self._items)

    def addCommand(self, name: str, command: str | Callable[[], Any] | None = None, *_: Any, **__: Any) -> MenuItem:
        """A slash makes sub-menus; a command of the same name is replaced."""
        *menus, last = name.split("/")
        menu = self._inside(menus)
        menu._items = [item for item in menu._items if item._name != last]
        menu._items.append(MenuItem(last, command))
        return menu._items[-1]

    def addMenu(self, name: str, *_: Any, **__: Any) -> Menu:
        return self._inside(name.split("/"))

    def addSeparator(self, *_: Any, **__: Any) -> MenuItem:
        self._items.append(MenuItem(""))
        return self._items[-1]

    def findItem(self, path: str) -> MenuItem | None:
        found: MenuItem | None = self
        for name in path.split("/"):
            inside = found._items if isinstance(found, Menu) else []
            found = next((item for item in inside if item._name == name), None)
        return found

    def removeItem(self, name: str) -> bool:
        before = len(self._items)
        self._items = [item for item in self._items if item._name != name]
        return len(self._items) < before

    def _inside(self, names: list[str]) -> Menu:
        menu = self
        for name in names:
            found = next((item for item in menu._items if item._name == name and isinstance(item, Menu)), None)
            if found is None:
                found = Menu(name)
                menu._items.append(found)
            assert isinstance(found, Menu)
            menu = found
        return menu


_menus: dict[str, Menu] = {}


def top(name: str) -> Menu:
    return _menus.setdefault(name, Menu(name))


def reset() -> None:
    _menus.clear()
