"""What PanelLoop takes from asyncio and qasync without a promise: a version that moves a name is told by that name."""

from __future__ import annotations

import ast
import asyncio
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest
from nuke_ai_panel.panel.loop import PanelLoop, base
from nuke_ai_panel.panel.loop.base import load_qasync

WINDOWS_ONLY = {"_proactor"}


def _declared(class_name: str) -> list[str]:
    """The names that the class of this name declares for the type checker."""
    tree = ast.parse(Path(base.__file__).read_text())
    body = next(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == class_name)
    attributes = [
        node.target.id for node in body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    ]
    return attributes + [node.name for node in body if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("name", _declared("Base"))
def test_the_base_has(qapp, name: str):
    loop = PanelLoop(qapp)
    assert hasattr(loop, name) or (name in WINDOWS_ONLY and sys.platform != "win32")
    loop.close()


@pytest.mark.parametrize("name", [*_declared("ScheduledHandle"), "_cancelled", "_context", "_run"])
def test_a_timers_handle_has(name: str):
    loop = asyncio.new_event_loop()
    assert hasattr(asyncio.TimerHandle(0, print, (), loop), name)
    loop.close()


@pytest.mark.parametrize("name", ["_get_running_loop", "_set_running_loop"])
def test_asyncio_events_has(name: str):
    assert callable(getattr(asyncio.events, name))


@pytest.mark.parametrize("name", ["_enter_task", "_leave_task"])
def test_asyncio_tasks_has(name: str):
    assert callable(getattr(asyncio.tasks, name))


def test_a_task_can_be_told_that_it_is_pending_on_purpose():
    assert hasattr(asyncio.Task, "_log_destroy_pending")


def test_asyncio_calls_back_into_what_we_replace(qapp):
    """Signals come in by `_add_callback`, sockets by `_add_reader` and `_add_writer`."""
    for name in ("_add_callback", "_add_reader", "_add_writer", "_remove_reader", "_remove_writer"):
        assert callable(getattr(asyncio.SelectorEventLoop, name))


def test_qasync_is_bound_to_pyside_whatever_the_studio_says(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QT_API", "pyside2")
    monkeypatch.delitem(sys.modules, "qasync")
    assert load_qasync().QtModuleName == "PySide6"
    assert os.environ["QT_API"] == "pyside2"


def test_an_unset_qt_api_stays_unset(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("QT_API", raising=False)
    monkeypatch.delitem(sys.modules, "qasync")
    load_qasync()
    assert "QT_API" not in os.environ


def test_a_neighbours_qasync_with_another_qt_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    neighbours = ModuleType("qasync")
    neighbours.QtModuleName = "PyQt5"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "qasync", neighbours)
    ours = load_qasync()
    assert ours.QtModuleName == "PySide6" and ours is load_qasync()
    assert sys.modules["qasync"] is neighbours
