"""One life from its beginning to its end, in a process of its own: `python lifetime_work.py WORK SERVER_URL BEGAN`.

Prints its figures as one line of JSON. BEGAN is `time.monotonic()` of whoever started the process.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import logging.handlers
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

URL, BEGAN = sys.argv[2], float(sys.argv[3])
CYCLES, WARM_UP = 500, 100
CALLS, THREADS = 100_000, 50
STREAMS, STREAMING = 100, ("compatible", "llama_cpp")
"""More than one provider: no setting lets that many questions to one of them be asked at once."""

Figures = dict[str, Any]


def since_start() -> float:
    return (time.monotonic() - BEGAN) * 1e3


def at_first_paint(widget: type, tell: Callable[[], object]) -> None:
    """Calls `tell` once, when the first widget of this class has painted."""
    from PySide6.QtCore import QEvent

    before, told = widget.event, list[bool]()

    def event(self: Any, happening: QEvent) -> bool:
        result = before(self, happening)
        if happening.type() == QEvent.Type.Paint and not told:
            told.append(True)
            tell()
        return result

    widget.event = event  # type: ignore[method-assign]


def bare_window() -> Figures:
    """The same widgets in a window, and nothing behind them."""
    from nuke_ai_panel.ui.chat_pane import ChatPane
    from PySide6.QtWidgets import QApplication

    figures: Figures = {}
    app = QApplication([])

    def painted() -> None:
        figures["paint_ms"] = since_start()
        app.quit()

    at_first_paint(ChatPane, painted)
    pane = ChatPane()
    pane.resize(560, 860)
    pane.show()
    app.exec()
    return figures


def window() -> Figures:
    """`nuke-ai-panel`, up to where it can be asked."""
    from nuke_ai_panel.panel import cli
    from nuke_ai_panel.panel.window import Session, Window

    figures: Figures = {}
    at_first_paint(Window, lambda: figures.setdefault("paint_ms", since_start()))
    start = Session._start  # pyright: ignore[reportPrivateUsage]

    async def started(self: Session) -> None:
        await start(self)
        figures["ready_ms"] = since_start()
        self.quit()

    Session._start = started  # type: ignore[method-assign]
    cli.main([])
    return figures


def quit_with_everything_hung() -> Figures:
    """A host quits on us: 1,000 tasks, 100 streams, a keyring, a NATS server and a child that hang, a stubborn task."""
    import socket

    from memory_keyring import Hung
    from nuke_ai_panel.panel import settings as options
    from nuke_ai_panel.panel.app import Application
    from nuke_ai_panel.panel.loop import PanelLoop
    from nuke_ai_panel.panel.settings import ProviderSettings, Settings
    from nuke_ai_panel.providers.base import Request
    from nuke_ai_panel.providers.messages import Message, Text, TextDelta
    from PySide6.QtCore import QCoreApplication

    host, silent, figures = QCoreApplication([]), socket.create_server(("127.0.0.1", 0)), dict[str, Any]()
    loop = PanelLoop(host).attach()
    streams, apps, keyring = set[str](), list[Application](), Hung()

    async def stream(app: Application, provider: str, name: str) -> None:
        async with app.providers.stream(provider, Request("tiny", (Message("user", (Text("hi"),)),))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    streams.add(name)

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                continue

    async def child() -> None:
        process = await asyncio.create_subprocess_exec("sleep", "3600")
        process.send_signal(subprocess.signal.SIGSTOP)  # type: ignore[attr-defined]
        try:
            await process.wait()
        finally:
            process.kill()

    async def begin() -> None:
        settings = Settings()
        for provider in STREAMING:
            settings.set_provider(provider, ProviderSettings(f"{URL}/endless/v1", "tiny"))
        settings.set(options.AT_ONCE, STREAMS // len(STREAMING))
        settings.set(options.NATS_SERVER, f"nats://127.0.0.1:{silent.getsockname()[1]}")
        settings.remember_key("openai@https://api.openai.com:443", True)
        app = Application(settings=settings, keyring=keyring, environ={}, loop_stats=loop.stats)
        apps.append(app)
        app.reports.report("something for NATS")
        for number in range(STREAMS):
            name, provider = f"stream {number}", STREAMING[number % len(STREAMING)]
            app.scope.start(stream(app, provider, name), name=name)
        while len(streams) < STREAMS:  # all of them at the same time, and each has said something
            await asyncio.sleep(0.01)
        for number in range(1000):
            app.scope.start(asyncio.sleep(3600), name=f"task {number}")
        app.scope.start(stubborn(), name="stubborn")
        app.scope.start(child(), name="child")
        app.scope.start(app.keys.find("openai", "https://api.openai.com:443"), name="keyring")
        while not (keyring.asked.is_set() and app.forwarder.stats()[1].state == "sending"):
            await asyncio.sleep(0.01)
        figures["running"] = app.scope.stats().running
        figures["streams"] = app.providers.open_streams
        loop.call_soon(host.quit)

    def closing() -> None:
        from nuke_ai_panel.panel.tasks import TaskScope

        scope, began = TaskScope("closing", loop=loop), time.perf_counter()
        close = scope.start(apps[0].close(), name="close")
        loop.finish(close, 5)
        figures["ms"] = (time.perf_counter() - began) * 1e3
        figures["left"] = list(close.result().tasks) if close.done() else ["close"]
        figures["sessions"] = len(apps[0].providers.open_sessions)
        loop.detach()

    from nuke_ai_panel.panel.tasks import TaskScope

    host.aboutToQuit.connect(closing)
    scope = TaskScope("begin", loop=loop)
    scope.start(begin(), name="begin")
    host.exec()
    silent.close()
    return figures


def _harness() -> Any:
    from host_harness import NukeLike, load_fakes
    from nuke_ai_panel.panel import dock
    from PySide6.QtWidgets import QApplication

    program = NukeLike(QApplication([]), load_fakes())
    dock.register()
    return program


def open_pane() -> Figures:
    """A pick in the Pane menu of the harness, up to where the pane can be asked."""
    from nuke_ai_panel.panel.dock import DockedPane

    return _opened(_harness(), DockedPane)


def open_text_box() -> Figures:
    """The same with a pane that is only a text box."""
    from PySide6.QtWidgets import QPlainTextEdit

    program = _harness()

    class TextBox(QPlainTextEdit):
        pass

    sys.modules["__main__"].TextBox = TextBox  # type: ignore[attr-defined]
    program.nukescripts.panels.registerWidgetAsPanel("__import__('__main__').TextBox", "AI Panel", "text.box")
    return _opened(program, TextBox)


def _opened(program: Any, kind: type) -> Figures:
    from host_harness import is_ready
    from PySide6.QtCore import Qt, QTimer

    figures: Figures = {}
    ticks, gap, last = QTimer(), 0.0, 0.0

    def tick() -> None:
        nonlocal gap, last
        now = time.perf_counter()
        gap, last = max(gap, now - last - 0.001), now

    def painted() -> None:
        figures["paint_ms"] = (time.perf_counter() - picked) * 1e3
        heavy = ("aiohttp", "keyring", "sqlite3")
        figures["imported"] = [name for name in heavy if name in sys.modules]

    def script() -> Iterator[Callable[[], object]]:
        nonlocal picked, gap
        settled = time.monotonic() + 0.3
        yield lambda: time.monotonic() > settled
        gap, picked = 0.0, time.perf_counter()
        pane = program.open_pane()
        figures["call_ms"] = (time.perf_counter() - picked) * 1e3
        yield lambda: "paint_ms" in figures
        if hasattr(pane, "seen"):
            yield lambda: is_ready(pane)
            figures["ready_ms"] = (time.perf_counter() - picked) * 1e3
        figures["gap_ms"] = gap * 1e3

    picked = 0.0
    at_first_paint(kind, painted)
    ticks.setTimerType(Qt.TimerType.PreciseTimer)
    ticks.timeout.connect(tick)
    ticks.start(1)
    program.play(script())
    return figures


def cycles() -> Figures:
    """Open, ask, close, again and again, in the harness."""
    from host_harness import ask, is_ready, is_running
    from nuke_ai_panel.panel import settings as options
    from nuke_ai_panel.panel.settings import ProviderSettings, Settings, save, settings_path

    settings = Settings()
    settings.set(options.PROVIDER, "compatible")
    settings.set_provider("compatible", ProviderSettings(f"{URL}/v1", "tiny"))
    save(settings.changes, settings_path())
    program = _harness()
    figures: Figures = {}

    def script() -> Iterator[Callable[[], object]]:
        before: dict[str, float] = {}
        for number in range(WARM_UP + CYCLES):
            pane = program.open_pane()
            yield lambda pane=pane: is_ready(pane)
            pane.chat.header.new_chat_requested.emit()
            ask(pane, "hi")
            yield lambda pane=pane: not is_running(pane)
            program.close_tab(pane)
            program.destroy(pane)
            if number == WARM_UP - 1:
                yield _quiet(program)
                before = _census(program)
        yield _quiet(program)
        figures.update({name: value - before[name] for name, value in _census(program).items()})

    began = time.perf_counter()
    program.play(script())
    figures["cycle_ms"] = (time.perf_counter() - began) / (WARM_UP + CYCLES) * 1e3
    return figures


def _quiet(program: Any) -> Callable[[], bool]:
    """Until what a destroyed pane had begun has ended, and idle threads have gone."""
    until = time.monotonic() + 12
    return lambda: time.monotonic() > until and not program.docking.panel.app.scope.stats().running


def _census(program: Any) -> dict[str, float]:
    gc.collect()
    app = program.docking.panel.app
    fds = os.listdir("/proc/self/fd")
    sockets = [fd for fd in fds if _target(fd).startswith("socket:")]
    with open("/proc/self/statm", encoding="ascii") as statm:
        rss = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return {
        "tasks": app.scope.stats().running,
        "sessions": len(app.providers.open_sessions),
        "sockets": len(sockets),
        "threads": threading.active_count(),
        "fds": len(fds),
        "rss_mb": rss,
    }


def _target(fd: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:  # that of the listing itself
        return ""


def queue_handler() -> Figures:
    """100,000 errors from 50 threads through the standard library's `QueueHandler`, unbounded, into a file."""
    log, errors = logging.getLogger("flood"), queue.SimpleQueue[Any]()
    listener = logging.handlers.QueueListener(errors, logging.FileHandler(os.path.join(os.environ["HOME"], "log")))  # type: ignore
    log.propagate = False
    log.addHandler(logging.handlers.QueueHandler(errors))  # type: ignore[arg-type]
    listener.start()
    alone, with_reports = _flood(lambda _: None), _flood(lambda error: log.error("it failed", exc_info=error))
    begin = time.process_time()
    listener.stop()
    return {"cpu_us": (with_reports + time.process_time() - begin - alone) / CALLS * 1e6}


def _flood(tell: Callable[[BaseException], object]) -> float:
    """CPU seconds."""

    def work() -> None:
        for _ in range(CALLS // THREADS):
            try:
                raise ValueError("The node Merge1 has no knob 'mixx'; there are 42 others.")
            except ValueError as error:
                tell(error)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    begin = time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.process_time() - begin


WORKS: dict[str, Callable[[], Figures]] = {
    work.__name__: work
    for work in (
        bare_window,
        window,
        quit_with_everything_hung,
        open_pane,
        open_text_box,
        cycles,
        queue_handler,
    )
}

if __name__ == "__main__":
    print(json.dumps(WORKS[sys.argv[1]]()), flush=True)
    os._exit(0)
