"""A fake of `nukescripts.panels` for tests: how Nuke makes the widgets of panels, and nothing else.

A panel's widget is named by a text. Each pick in the Pane menu and each workspace that is restored makes a new panel,
whose custom knob evaluates that text in the main namespace and calls what it gives without arguments. Where the widget
goes is the host's affair: a test puts a function into `panels._dock`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import nuke

_restorers: dict[str, Callable[[], Any]] = {}


class WidgetKnob:
    """What `PyCustom_Knob` evaluates to."""

    def __init__(self, widget_class: Callable[[], Any]) -> None:
        self.widgetClass = widget_class

    def makeUI(self) -> Any:
        self.widget = self.widgetClass()
        return self.widget


class PythonPanel:
    def __init__(self, title: str = "", id: str = "") -> None:
        self.title = title
        self.id = id
        self.command = ""

    def addToPane(self, pane: Any = None) -> PythonPanel:
        import __main__

        widget = eval(self.command, vars(__main__)).makeUI()
        panels._dock(widget, self.title, self.id)
        return self


def registerPanel(id: str, command: Callable[[], Any]) -> None:
    _restorers[id] = command


def restorePanel(id: str) -> Any:
    """What Nuke does for each panel that a workspace names."""
    return _restorers[id]()


def registerWidgetAsPanel(widget: str, name: str, id: str, create: bool = False) -> PythonPanel | None:
    def make() -> PythonPanel:
        panel = PythonPanel(name, id)
        panel.command = f"__import__('nukescripts').panels.WidgetKnob({widget})"
        return panel

    def add() -> PythonPanel:
        return make().addToPane()

    nuke.menu("Pane").addCommand(name, add)
    registerPanel(id, add)
    return make() if create else None


def _nowhere(widget: Any, title: str, id: str) -> None:
    raise AssertionError("the test has no window to dock into")


def _reset() -> None:
    _restorers.clear()
    panels._dock = _nowhere


panels = SimpleNamespace(
    PythonPanel=PythonPanel,
    WidgetKnob=WidgetKnob,
    registerPanel=registerPanel,
    registerWidgetAsPanel=registerWidgetAsPanel,
    restorePanel=restorePanel,
    _dock=_nowhere,
)
