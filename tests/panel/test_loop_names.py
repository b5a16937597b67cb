"""What PanelLoop takes from asyncio and qasync without a promise: a version that moves a name is told by that name."""

from __future__ import annotations

import ast
import asyncio
import os
import re
import ssl
import sys
from pathlib import Path
from types import ModuleType

import pytest
from nuke_ai_panel.panel.loop import PanelLoop, base, batches, pieces
from nuke_ai_panel.panel.loop.base import load_qasync

LOOP = Path(base.__file__).parent
WINDOWS_ONLY = {"_proactor"}
FUNCTIONS = {
    asyncio.events: ("_get_running_loop", "_set_running_loop"),
    asyncio.tasks: ("_enter_task", "_leave_task"),
    sys: ("_current_frames",),
}


def _declared(class_name: str) -> list[str]:
    """The names that the class of this name declares for the type checker."""
    tree = ast.parse((LOOP / "base.py").read_text())
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


@pytest.mark.parametrize("name", [*_declared("Callback"), *_declared("ScheduledHandle")])
def test_a_timers_handle_has(name: str):
    loop = asyncio.new_event_loop()
    assert hasattr(asyncio.TimerHandle(0, print, (), loop), name)
    loop.close()


def test_a_handle_has_the_slots_that_are_filled_by_hand_and_no_others():
    """With others the loop is slower, and right: it asks asyncio's own constructor."""
    assert base.CALLBACK_IS_KNOWN
    assert {name for name in _declared("Callback") if name != "_run"} == base.CALLBACK_SLOTS - {"__weakref__"}


def test_a_loop_works_where_the_slots_are_unknown(qapp, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batches, "CALLBACK_IS_KNOWN", False)
    loop = PanelLoop(qapp)
    assert loop.run_until_complete(asyncio.sleep(0.001, "fine")) == "fine"
    loop.close()


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in FUNCTIONS.items() for name in names])
def test_there_is_the_function(module: ModuleType, name: str):
    assert callable(getattr(module, name))


async def test_a_task_steps_aside_while_its_own_loop_is_the_running_one():
    """The order that Python 3.14 demands: leave, then another loop; this loop again, then enter."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task
    asyncio.tasks._leave_task(loop, task)
    asyncio.events._set_running_loop(None)
    asyncio.events._set_running_loop(loop)
    asyncio.tasks._enter_task(loop, task)
    assert asyncio.current_task() is task


def test_no_other_private_name_is_used():
    """A name that somebody takes without a test of its own would break in silence."""
    used, ours = set[str](), set[str]()
    for file in LOOP.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__"):
                (used if isinstance(node.ctx, ast.Load) else ours).add(node.attr)
            elif isinstance(node, ast.FunctionDef) and file.name != "base.py":
                ours.add(node.name)
            elif isinstance(node, ast.Assign | ast.AnnAssign) and file.name != "base.py":
                ours |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    guarded = {name for names in FUNCTIONS.values() for name in names}
    for class_name in ("Base", "Callback", "ScheduledHandle", "Proactor", "SSLProtocol", "SSLTransport"):
        guarded |= set(_declared(class_name))
    assert used - ours - guarded == set()


def test_a_transport_reads_at_most_max_size():
    assert asyncio.selector_events._SelectorSocketTransport.max_size > pieces.PIECE
    assert asyncio.sslproto.SSLProtocol.max_size > pieces.PIECE


@pytest.mark.parametrize("name", [*_declared("SSLProtocol"), *_declared("SSLTransport")])
async def test_a_tls_connection_has(name: str):
    loop, context = asyncio.get_running_loop(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    protocol = asyncio.sslproto.SSLProtocol(loop, asyncio.Protocol(), context, None, server_side=True)
    transport = protocol._app_transport
    transport.abort()
    assert hasattr(protocol, name) or hasattr(transport, name)


class TestWindows:
    """What cannot run elsewhere is read: the sources are there on every system."""

    def _names(self, module: ModuleType, file: str, class_name: str) -> set[str]:
        assert module.__file__
        tree = ast.parse(Path(module.__file__).with_name(file).read_text(encoding="utf-8"))
        found = next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == class_name)
        attributes = {node.attr for node in ast.walk(found) if isinstance(node, ast.Attribute)}
        return attributes | {node.name for node in ast.walk(found) if isinstance(node, ast.FunctionDef)}

    def test_the_proactor_has_a_port_and_packets_can_be_posted_to_it(self):
        assert {"_iocp", "GetQueuedCompletionStatus"} <= self._names(asyncio, "windows_events.py", "IocpProactor")

    def test_qasyncs_proactor_waits_without_limit_and_passes_over_packets_of_nobody(self):
        qasync = load_qasync()
        assert {"select", "_poll", "_cache"} <= self._names(qasync, "_windows.py", "_IocpProactor")
        assert {"_process_events"} <= self._names(qasync, "_windows.py", "_ProactorEventLoop")
        assert qasync.__file__
        source = Path(qasync.__file__).with_name("_windows.py").read_text(encoding="utf-8")
        assert "if timeout is None:\n            ms = UINT32_MAX" in source
        assert re.search(r"except KeyError:(\s*#.*)*\s*if key not in \(0, _overlapped.INVALID_HANDLE_VALUE\)", source)

    def test_asyncios_loop_takes_the_descriptor_for_signals(self):
        """That is why it is kept."""
        assert "set_wakeup_fd" in self._names(asyncio, "proactor_events.py", "BaseProactorEventLoop")


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
