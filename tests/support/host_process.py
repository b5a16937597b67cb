"""The host harness in a process of its own, driven line by line.

    async with host_process() as host:
        await host.do("open")
        await host.do("ask", 0, "hi")
        await host.do("wait", 0, "Hello")
        end = await host.quit("twice")

Each line to it is `[command, argument, ...]`, each line from it the command's result; the last one tells how the
program ended. Commands are the methods of `Commands`. Whatever the program says on stderr is kept.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import json
import os
import re
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from guards import Census, _open_sessions, _sockets, settle
from host_troubles import Troubles

DEV = ("-X", "dev", "-W", "error::ResourceWarning")
HARMLESS = re.compile(r"This plugin does not support|.* took \d+\.\d+ seconds$")
"""What Qt says of the offscreen screen, and a loop in debug mode of callbacks that take long on a busy machine."""


def noise_in(said: bytes) -> list[str]:
    """The lines of a program's stderr that mean something."""
    return [line for line in said.decode().splitlines() if not HARMLESS.match(line)]


class HostProcess:
    """A running program. `noise` is what it has said on stderr, once it has ended."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.noise: list[str] = []

    async def do(self, command: str, *arguments: Any) -> Any:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps([command, *arguments]).encode() + b"\n")
        line = await self._process.stdout.readline()
        assert line, await self._end()
        return json.loads(line)

    async def quit(self, how: str) -> dict[str, Any]:
        """How it ended, with its exit code."""
        end = await self.do("quit", how)
        await self._end()
        return end | {"code": self._process.returncode}

    async def _end(self) -> list[str]:
        rest, said = await self._process.communicate()
        self.noise = noise_in(said)
        self.noise += [line for line in rest.decode().splitlines() if line != "neighbour at exit: fine"]
        return self.noise


@asynccontextmanager
async def host_process(*, dev: bool = True, **environ: str) -> AsyncIterator[HostProcess]:
    """`dev`: with everything that Python can find fault with, as no user runs it."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *(DEV if dev else ()), str(Path(__file__))),
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_LOGGING_RULES": "*=false"} | environ,
    )
    try:
        yield HostProcess(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


class Commands(Troubles):
    """What the program can be told to do. A generator is played to its end, and gives its result then."""

    def __init__(self, program: Any) -> None:
        self._program = program
        self._asked_to_quit = 0.0
        self._ticks: list[int] = []
        program.app.aboutToQuit.connect(self._note_ticks)

    def open(self) -> Any:
        """A pane, up to where it can be asked; the index of it."""
        from host_harness import is_ready

        pane = self._program.open_pane()
        yield lambda: is_ready(pane)
        return len(self._program.panes) - 1

    def begin(self, moment: str) -> Any:
        """A pane, up to this moment of its start."""
        pane, program = self._program.open_pane(), self._program
        moments: dict[str, Callable[[], object]] = {
            "made": lambda: True,
            "seen": lambda: pane.seen,
            "importing": lambda: program.docking,
            "attached": lambda: program.docking and program.docking.loop,
            "alive": lambda: program.docking and program.docking.panel,
        }
        yield moments[moment]

    def open_only(self) -> Any:
        """A pane, up to its first paint; which of our costly modules were there by then."""
        pane = self._program.open_pane()
        yield lambda: pane.seen
        return [name for name in ("aiohttp", "keyring", "sqlite3", "qasync", "asyncio") if name in sys.modules]

    def open_timed(self, kind: str = "panel") -> Any:
        """A pane, or "text box": seconds to its first paint and until it is ready, and how long the Qt thread was busy.

        `longest`: the longest time in which a 1 ms timer of the neighbour could not fire.
        """
        from host_harness import is_ready

        yield lambda: self._program.window.isVisible()
        neighbour = self._program.neighbour
        neighbour.longest_gap = 0.0
        began, busy = time.perf_counter(), time.thread_time()
        pane = self._program.open_pane() if kind == "panel" else self._program.open_text_box()
        opened, busy_opened = time.perf_counter() - began, time.thread_time() - busy
        yield lambda: pane.painted if kind != "panel" else pane.seen
        painted, busy_painted = time.perf_counter() - began, time.thread_time() - busy
        if kind == "panel":
            yield lambda: is_ready(pane)
        return {
            "constructed": opened,
            "constructed_busy": busy_opened,
            "painted": painted,
            "painted_busy": busy_painted,
            "ready": time.perf_counter() - began,
            "ready_busy": time.thread_time() - busy,
            "longest": neighbour.longest_gap,
        }

    def ask(self, index: int, question: str) -> None:
        from host_harness import ask

        ask(self._program.panes[index], question)

    def wait(self, index: int, text: str) -> Any:
        """Until the newest answer holds this text."""
        from host_harness import said

        yield lambda: text in said(self._program.panes[index])[-1]

    def idle(self, index: int) -> Any:
        """Until the newest answer has ended, and what it used is closed."""
        from host_harness import is_running

        pane = self._program.panes[index]
        yield lambda: not is_running(pane)
        return pane.chat.view.messages[-1].markdown

    def close_tab(self, index: int) -> None:
        self._program.close_tab(self._program.panes[index])

    def destroy(self, index: int) -> None:
        self._program.destroy(self._program.panes[index])

    def reopen(self, times: int, leave: str) -> Any:
        """Opens a pane and leaves it in this way, so many times; the transcript that the last one showed."""
        from host_harness import is_ready, is_running, said

        transcript: list[str] = []
        for _ in range(times):
            pane = self._program.open_pane()
            yield lambda pane=pane: is_ready(pane)
            yield lambda pane=pane: said(pane) and not is_running(pane)
            transcript = said(pane)
            getattr(self._program, leave)(pane)
        return transcript

    def cycle(self, times: int) -> Any:
        """Opens a pane, asks in a new chat, and destroys the pane, so many times; then the census."""
        from host_harness import ask, is_ready, is_running

        for _ in range(times):
            pane = self._program.open_pane()
            yield lambda pane=pane: is_ready(pane)
            pane.chat.header.new_chat_requested.emit()
            ask(pane, "hi")
            yield lambda pane=pane: not is_running(pane)
            self._program.destroy(pane)
        return (yield from self.census())

    def neighbour(self) -> str:
        return self._program.neighbour.asyncio_run()

    def census(self) -> Any:
        """What lives, when everything has come to rest."""
        docking = self._program.docking
        app = docking.panel.app
        yield lambda: not app.scope.stats().names
        settle()
        now = Census.take()
        return {
            "tasks": app.scope.stats().running,
            "scopes": _scopes(app.scope),
            "sessions": len(now.sessions),
            "sockets": len(now.sockets),
            "timers": len(now.timers),
            "windows": len(now.windows),
            "threads": len([thread for thread in now.threads.values() if "idle" not in thread.name]),
            "fds": len(os.listdir("/proc/self/fd")),
            "rss": _rss(),
        }

    def start_stubborn(self) -> None:
        """A task of the panel that does not end when it is asked to."""

        async def swallow() -> None:
            while True:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    pass

        self._program.docking.panel.app.scope.start(swallow(), name="stubborn")

    def quit(self, how: str) -> None:
        app, docking = self._program.app, self._program.docking
        self._asked_to_quit = time.monotonic()
        app.aboutToQuit.connect(self._note_ticks)
        match how:
            case "twice":
                app.quit()
                app.quit()
            case "from our callback":
                docking.loop.call_soon(app.quit)
            case "from our task":

                async def quit_the_host() -> None:
                    app.quit()

                docking.panel.app.scope.start(quit_the_host(), name="quit the host")
            case "without a word":
                app.aboutToQuit.disconnect()
                app.exit()
            case _:
                app.exit()

    def ended(self) -> dict[str, Any]:
        """To be said when the program's loop has returned."""
        seconds = time.monotonic() - self._asked_to_quit
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and "abandoned" not in thread.name:
                thread.join(1)
        tasks = [thing for thing in gc.get_objects() if isinstance(thing, asyncio.Task)]  # of whatever loop
        pending = [task.get_name() for task in tasks if not task.done()]
        # The import of it may have been given up, and then it is there in part.
        whole = hasattr(sys.modules.get("aiohttp"), "ClientSession")
        return {
            "seconds": seconds,
            "ticks": self._ticks[-1] - self._ticks[0] if self._ticks else 0,
            "pending": pending,
            "sessions": list(dict(_open_sessions(gc.get_objects())).values()) if whole else [],
            "sockets": sum(1 for _ in _sockets()),
            "dropped": self._program.docking is None,
        }

    def _note_ticks(self) -> None:
        self._ticks.append(self._program.neighbour.ticks)


def _scopes(scope: Any) -> int:
    return 1 + sum(_scopes(child) for child in scope._children)


def _rss() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


def _serve(program: Any, commands: Commands) -> Any:
    """The script of the program: what it is told, until it is told to quit."""
    lines: list[bytes] = []
    reader = threading.Thread(target=_read_lines, args=(lines,), daemon=True, name="abandoned: reads its orders")
    reader.start()
    while True:
        yield lambda: lines
        name, *arguments = json.loads(lines.pop(0))
        result = getattr(commands, name)(*arguments)
        if hasattr(result, "send"):
            result = yield from result
        if name == "quit":
            while True:
                yield _never
        print(json.dumps(result), flush=True)


def _read_lines(lines: list[bytes]) -> None:
    while line := os.read(0, 65536):
        lines.extend(line.splitlines())


def _never() -> bool:
    return False


def _at_exit() -> None:
    """The neighbour cleans up, as plug-ins do."""
    with asyncio.Runner() as runner:
        runner.run(asyncio.sleep(0.001))
    print("neighbour at exit: fine", flush=True)


def main() -> None:
    from host_harness import NukeLike, load_fakes
    from PySide6.QtWidgets import QApplication

    app = QApplication(["nuke-like"])
    app.setQuitOnLastWindowClosed(False)
    program = NukeLike(app, load_fakes())
    from nuke_ai_panel.panel import dock

    dock.register()
    commands = Commands(program)
    atexit.register(_at_exit)
    program.play(_serve(program, commands))
    print(json.dumps(commands.ended()), flush=True)
    program.close()


if __name__ == "__main__":
    main()
