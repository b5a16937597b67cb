"""A fake of Nuke's Python API for tests: the calls that the panel uses, on the product's own graph model.

Owns the module's face: names, exceptions and `None`s as Nuke has them (its Python reference; where that is silent,
what public code relies on). It stands in for no node's work: whatever would compute, evaluate or run code fails the
test, and so does any call from another thread than the main one.

    nuke_nodes    nodes, groups, clones, selection       nuke_knobs    values by class
    nuke_loading  from `.nk` text                        nuke_undo     the undo stack
    nuke_menus    menus and panes                        nuke_rules    what fails a test; how many calls there were

The objects that tests steer it by begin with an underscore: `_script`, `_reset`, `_deliver`, `_calls`, `_misuses`.
"""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nuke_nodes
import nuke_undo
from nuke_knobs import (  # noqa: F401
    Array_Knob,
    Boolean_Knob,
    ColorChip_Knob,
    Disable_Knob,
    Double_Knob,
    Enumeration_Knob,
    EvalString_Knob,
    File_Knob,
    Font_Knob,
    Format_Knob,
    Int_Knob,
    Knob,
    Link_Knob,
    Multiline_Eval_String_Knob,
    Obsolete_Knob,
    Pulldown_Knob,
    PyCustom_Knob,
    PyScript_Knob,
    PythonKnob,
    Script_Knob,
    String_Knob,
    Tab_Knob,
    Text_Knob,
    Unsigned_Knob,
    XY_Knob,
    stored_knob,
)
from nuke_loading import load as _load
from nuke_menus import Menu, MenuItem  # noqa: F401
from nuke_menus import reset as _reset_menus
from nuke_menus import top as _top_menu
from nuke_nodes import (  # noqa: F401
    TO_SCRIPT,
    TO_VALUE,
    WRITE_ALL,
    WRITE_NON_DEFAULT_ONLY,
    WRITE_USER_KNOB_DEFS,
    BackdropNode,
    Gizmo,
    Group,
    LiveGroup,
    Node,
    Precomp,
    Root,
    Viewer,
)
from nuke_nodes import script as _script
from nuke_rules import COMPUTES as _COMPUTES
from nuke_rules import Misused as _Misused  # noqa: F401
from nuke_rules import called as _called
from nuke_rules import calls as _calls
from nuke_rules import misuse as _misuse
from nuke_rules import misuses as _misuses
from nuke_rules import refusing as _refusing
from nuke_undo import Undo  # noqa: F401

GUI = True
INTERACTIVE = True
NUKE_VERSION_MAJOR, NUKE_VERSION_MINOR, NUKE_VERSION_RELEASE = 16, 0, 3
NUKE_VERSION_STRING = "16.0v3"
env: dict[str, Any] = {}
EXPRESSIONS, INPUTS, HIDDEN_INPUTS, LINKINPUTS = 1, 2, 4, 8


class CancelledError(Exception):
    """The user cancelled a dialog."""


def __getattr__(name: str) -> Any:
    if name in _COMPUTES:
        return _refusing(name)
    raise AttributeError(f"module 'nuke' has no attribute {name!r}")


def root() -> Root:
    _called("root")
    return _script.root


def thisGroup() -> Group:
    _called("thisGroup")
    return _script.current


def allNodes(filter: str | None = None, group: Group | None = None, recurseGroups: bool = False) -> list[Node]:
    """The newest first, gizmos' insides too when it recurses."""
    _called("allNodes")
    found: list[Node] = []
    waiting = [group or _script.current]
    while waiting:
        for node in reversed(waiting.pop()._nodes):
            if filter is None or node._class == filter:
                found.append(node)
            if recurseGroups and isinstance(node, Group):
                waiting.append(node)
    return found


def toNode(s: str) -> Node | None:
    """From the current group; `root` and `preferences` from anywhere."""
    _called("toNode")
    if s == "root":
        return _script.root
    if s == "preferences":
        return Node("Preferences", _script.root, [stored_knob("name", "preferences")])
    path = s.removeprefix("root.")
    return nuke_nodes.find(_script.root if path != s else _script.current, path)


def exists(s: str) -> bool:
    _called("exists")
    node, _, knob = s.rpartition(".")
    found = nuke_nodes.find(_script.current, node) if node else None
    return nuke_nodes.find(_script.current, s) is not None or (found is not None and found._knob(knob) is not None)


def selectedNodes(filter: str | None = None) -> list[Node]:
    _called("selectedNodes")
    return [n for n in _script.current._nodes if n._selected() and filter in (None, n._class)]


def selectedNode() -> Node:
    _called("selectedNode")
    selected = [node for node in _script.current._nodes if node._selected()]
    if not selected:
        raise ValueError("no node selected")
    return selected[0]


def delete(n: Node) -> None:
    _called("delete")
    if not n._attached:
        raise ValueError("A PythonObject is not attached to a node")
    nuke_nodes.delete(n)


class Nodes:
    """`nuke.nodes.Blur(name="Blur1", inputs=[read], size=10)`: no selection, no panel."""

    def __getattr__(self, class_name: str) -> Callable[..., Node]:
        if class_name.startswith("_") or not class_name[:1].isupper():
            raise AttributeError(class_name)

        def constructor(*, name: str = "", inputs: tuple[Node | None, ...] = (), **knobs: Any) -> Node:
            _called(f"nodes.{class_name}")
            group = _script.current
            made = nuke_nodes.make(class_name, group, [stored_knob(k, _raw(v)) for k, v in knobs.items()])
            made._own("name")._raw = nuke_nodes.unique(name or f"{class_name}1", group, made)
            made._wire(list(inputs))
            return made

        return constructor


nodes = Nodes()


def _raw(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return nuke_nodes.quoted(value) if isinstance(value, str) else str(value)


def scriptName() -> str:
    _called("scriptName")
    if not _script.root._says("name"):
        raise RuntimeError("Cannot get script name: the script was never saved")
    return _script.root._says("name")


def scriptOpen(filename: str) -> None:
    _called("scriptOpen")
    _let_go_of_the_script()
    _load(Path(filename).read_bytes(), _script.root)
    _script.root._own("name")._raw = nuke_nodes.quoted(filename)


def scriptReadText(s: str) -> None:
    _called("scriptReadText")
    _load(s.encode(), _script.current)


def scriptClear() -> None:
    _called("scriptClear")
    _let_go_of_the_script()


def _let_go_of_the_script() -> None:
    """Every object of it is attached to nothing from now on."""
    waiting: list[Node] = [_script.root]
    while waiting:
        node = waiting.pop()
        node._attached = False
        waiting += node._nodes if isinstance(node, Group) else []
    _script.root = Root()


def message(prompt: str) -> None:
    _called("message")
    _messages.append(prompt)


def menu(name: str) -> Menu:
    _called("menu")
    if not GUI:
        raise RuntimeError("menus need a GUI")
    return _top_menu(name)


def getPaneFor(panelName: str) -> Any:
    """What a test put into `_panes`, else None."""
    _called("getPaneFor")
    return _panes.get(panelName)


_panes: dict[str, Any] = {}
_messages: list[str] = []
_waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()


def executeInMainThread(call: Callable[..., Any], args: Any = (), kwargs: dict[str, Any] | None = None) -> None:
    """Returns at once; the call happens at the main thread's next turn, which a test gives by `_deliver`."""
    _off_main("executeInMainThread")
    arguments = args if isinstance(args, tuple) else (args,)

    def later() -> None:
        _swallowing(call, arguments, kwargs or {})

    _waiting.put(later)


def executeInMainThreadWithResult(
    call: Callable[..., Any], args: Any = (), kwargs: dict[str, Any] | None = None
) -> Any:
    """Blocks for the result, without a time limit. An exception of the call is printed, and the result None."""
    _off_main("executeInMainThreadWithResult")
    arguments, answer = args if isinstance(args, tuple) else (args,), queue.SimpleQueue[Any]()

    def later() -> None:
        answer.put(_swallowing(call, arguments, kwargs or {}))

    _waiting.put(later)
    return answer.get()


def _off_main(name: str) -> None:
    if threading.current_thread() is threading.main_thread():
        _misuse(f"nuke: {name} from the main thread hangs Nuke")


def _swallowing(call: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    try:
        return call(*arguments, **keywords)
    except Exception:
        traceback.print_exc()
        return None


def _deliver(timeout: float = 5.0) -> None:
    """The main thread's turn: runs the oldest call that another thread handed over, waiting for it if need be."""
    _waiting.get(timeout=timeout)()


def _reset(*, gui: bool = True) -> None:
    """An empty, unsaved script, as after the start of Nuke."""
    global GUI, INTERACTIVE
    GUI = INTERACTIVE = gui
    _script.__init__()  # the object stays: it is bound by name elsewhere
    _script.gui = gui
    nuke_undo.stack.__init__()
    _reset_menus()
    _messages.clear()
    _panes.clear()
    _misuses.clear()
    _calls.clear()
