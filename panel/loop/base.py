"""What `PanelLoop` is built on: qasync's loop, bound to PySide6, and the private names of asyncio that it uses.

Each of those names is held by a test, so that a Python or qasync that moves one is noticed by name.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from importlib.machinery import PathFinder
from traceback import FrameSummary
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QCoreApplication

PRIVATE_COPY = "nuke_ai_panel._qasync"


def load_qasync() -> ModuleType:
    """The qasync that is bound to PySide6, with the environment as it was.

    qasync takes the Qt that `QT_API` names, which a studio sets to another one, else whichever it finds first. Where
    a neighbour's copy is bound to another Qt already, this is a second copy under a name of our own.
    """
    loaded = sys.modules.get("qasync")
    if loaded is not None and loaded.QtModuleName == "PySide6":
        return loaded
    before = os.environ.get("QT_API")
    os.environ["QT_API"] = "pyside6"
    try:
        return importlib.import_module("qasync") if loaded is None else _second_copy()
    finally:
        if before is None:
            del os.environ["QT_API"]
        else:
            os.environ["QT_API"] = before


def _second_copy() -> ModuleType:
    if PRIVATE_COPY in sys.modules:
        return sys.modules[PRIVATE_COPY]
    found = PathFinder.find_spec("qasync")
    if found is None or found.origin is None:
        raise ImportError("qasync is loaded, but cannot be found again for a copy that uses PySide6")
    places = found.submodule_search_locations
    spec = importlib.util.spec_from_file_location(PRIVATE_COPY, found.origin, submodule_search_locations=places)
    assert spec and spec.loader
    sys.modules[PRIVATE_COPY] = module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[PRIVATE_COPY]
        raise
    return module


if TYPE_CHECKING:

    class Callback(asyncio.Handle):
        """What asyncio's ready queue holds, with the names that its stubs leave out."""

        _context: Context
        _loop: asyncio.AbstractEventLoop
        _callback: Callable[..., object]
        _args: Sequence[object]
        _cancelled: bool
        _repr: str | None
        _source_traceback: list[FrameSummary] | None

        def _run(self) -> None: ...

    class ScheduledHandle(asyncio.TimerHandle, Callback):
        """What asyncio's heap holds, with the names that its stubs leave out."""

        _scheduled: bool
        _when: float

    class SocketTransport(asyncio.Transport):
        """What reads a socket, in pieces of `max_size` bytes."""

        max_size: int

    class SSLProtocol(asyncio.BufferedProtocol):
        """What reads TLS, in pieces of `max_size` bytes."""

        max_size: int
        _ssl_buffer: bytearray
        _ssl_buffer_view: memoryview

    class SSLTransport(asyncio.Transport):
        """What the user of a TLS connection has."""

        _ssl_protocol: SSLProtocol

    class Proactor(Protocol):
        """What waits for completions on Windows."""

        _iocp: int

        def select(self, timeout: float | None = None) -> list[object]: ...

    class Base(asyncio.SelectorEventLoop):
        """The base of `PanelLoop`: on Windows a Proactor loop, elsewhere a selector loop, by way of qasync."""

        _ready: deque[Callback]
        _scheduled: list[ScheduledHandle]
        _timer_cancelled_count: int
        _closed: bool
        _debug: bool
        _stopping: bool
        _thread_id: int | None
        _clock_resolution: float
        _current_handle: asyncio.Handle | None
        _default_executor: ThreadPoolExecutor | None
        _proactor: Proactor  # on Windows only
        slow_callback_duration: float

        def __init__(self, app: QCoreApplication) -> None: ...
        def _check_closed(self) -> None: ...
        def _check_running(self) -> None: ...
        def _process_events(self, event_list: list[object]) -> None: ...
        def _write_to_self(self) -> None: ...
        def _make_socket_transport(self, *args: object, **options: object) -> SocketTransport: ...
        def _make_ssl_transport(self, *args: object, **options: object) -> SSLTransport: ...
        def _asyncgen_firstiter_hook(self, agen: Any) -> None: ...
        def _asyncgen_finalizer_hook(self, agen: Any) -> None: ...

else:
    Callback = asyncio.Handle
    Base = load_qasync().QEventLoop

CALLBACK_SLOTS = frozenset(
    ("_callback", "_args", "_cancelled", "_loop", "_source_traceback", "_repr", "__weakref__", "_context")
)
CALLBACK_IS_KNOWN = frozenset(asyncio.Handle.__slots__) == CALLBACK_SLOTS
"""Whether a handle can be made by hand. If this Python's has other slots, asyncio's own constructor makes them."""
