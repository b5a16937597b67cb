"""The way in for every error: `Reports.report`, from anywhere, at any time.

Owns the taking of a call and its handing over, and the two ends of a process that threads do not live to see: `fork`
and the interpreter's shutdown. What is read from an error is `capture`'s, what becomes of it the `writer`'s.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import sys
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from ... import __version__
from ...providers.redact import Redactor
from .capture import capture, glance
from .crash import CrashLog
from .journal import Journal, journal_folder, session_name
from .ledger import Fold, Ledger, Tally
from .lines import line
from .rendering import Renderer
from .report import Report, ReportCounts, Severity
from .writer import Listener, Writer

DIFFERENT = 16_000
"""Different reports that may wait for the writer, about 10 MB; those beyond are counted by their kind."""
HEAVY = 16_000_000
"""Characters that may wait, in all of them together."""
CALLS = 1_000_000
"""Calls that may wait, 8 bytes each."""
CLOSING = 0.2
"""Seconds that closing gives the writer. What it did not get done then, it goes on with until the process ends."""
EXIT = 2.0
"""Seconds that the end of the process is held up for what waits, while the disk takes it; the rest is counted."""
HOSTS = ("nuke",)
"""Ways in whose process is another's, and with it Python's `faulthandler`, of which there is one."""
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "notice")


class Reports:
    """Takes errors from any thread, coroutine, signal handler or Qt slot. Makes nothing before the first one."""

    def __init__(
        self, *, redactor: Redactor, folder: Path | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """`folder`: where journals are, by default the user's log folder."""
        self.folder = folder or journal_folder()
        self._renderer = Renderer(redactor)
        self._clock = clock
        self._armed = False
        self._reset()

    def _reset(self) -> None:
        """Everything that belongs to one process."""
        self._way_in = ""
        self._crash_log: CrashLog | None = None
        self._started, self._pid = self._clock(), os.getpid()
        name = session_name(self._started, self._pid)
        self.journal_path = self.folder / f"{name}.jsonl"
        self._prefix = name.rsplit("-", 1)[1]
        self._numbers = itertools.count(1)
        self._taken = Tally()
        self._weight = 0
        self._known: dict[int, Fold] = {}
        self._ledger = Ledger(Journal(self.journal_path, self._session_line), self._renderer, self._known)
        self._not_taken = self._ledger.not_taken.add
        self._writer = Writer(self._ledger, self._own_trouble)

    def report(
        self,
        error: BaseException | str,
        *,
        severity: Severity = "error",
        context: Mapping[str, str] | None = None,
        origin: str = "",
        trace: Sequence[str] = (),
        wait: bool = False,
    ) -> str:
        """Takes one error and returns its report's id: the same for equal errors, which are folded.

        An error brings its own trace; that of a text is `trace`, `file:line in function`, outermost first.

        Never raises. Never blocks, but with `wait` for one write, which then survives `kill -9`. After `close`, and
        while the interpreter ends, it is written before this returns. Where too many wait, it is only counted.
        """
        report_id = ""
        try:
            report_id = self._take(error, severity, context, origin, trace, wait)
        except KeyboardInterrupt:
            raise  # not ours: somebody pressed Ctrl+C just now
        except BaseException:
            # At the recursion limit, without memory, or when the modules are gone: counted, in C calls only.
            self._not_taken()
        try:
            self._see_to_writing()
        except KeyboardInterrupt:
            raise
        except BaseException:
            pass  # at the same limits: it waits in the queue, and the next one sees to it
        return report_id

    def begin(self, way_in: str) -> None:
        """Opens this process's journal, on the writer's thread. `way_in`: "window", "nuke" or "terminal"."""
        self._way_in = way_in
        self._hand_over(functools.partial(self._writer.in_turn, self._ledger.begin))
        if way_in not in HOSTS:
            self._crash_log = CrashLog(self.journal_path)
            self._hand_over(self._crash_log.start)

    def end(self, left: Mapping[str, Sequence[str]], figures: Mapping[str, object]) -> None:
        """The session ended in order: what it left open, by kind, and its last figures."""
        said = {"at": self._clock(), "left": left, "figures": figures}
        clean = self._renderer.clean_value(said)
        self._hand_over(functools.partial(self._writer.in_turn, functools.partial(self._ledger.end, line(end=clean))))

    def close(self) -> None:
        """Writes what waits and ends the writer's thread. Later reports are written at once by their caller."""
        if self._crash_log:
            self._hand_over(self._crash_log.stop)
        if self._writer.end(CLOSING):
            atexit.unregister(self._at_exit)

    def _at_exit(self) -> None:
        """The thread ends with the process: it is waited for as long as it gets on, but not for a hung disk."""
        end, before = time.monotonic() + EXIT, -1
        while not self._writer.end(CLOSING) and (waiting := self.counts().waiting) != before:
            self._writer.hurry, before = time.monotonic() > end, waiting

    def recent(self) -> tuple[Report, ...]:
        """The last 500 different reports, newest first, from memory."""
        return self._ledger.recent()

    def counts(self) -> ReportCounts:
        return self._ledger.counts(self._taken.value + self._ledger.not_taken.value)

    def follow(self, listener: Listener) -> Callable[[], None]:
        """`listener` gets each new report and each grown count, on the writer's thread. Returns how to end that."""
        token, listeners = object(), self._writer.listeners
        listeners[token] = listener

        def leave() -> None:
            listeners.pop(token, None)

        return leave

    def catch_up(self, then: Callable[[], object]) -> None:
        """Calls `then` on the writer's thread when every report so far is written and the listeners know of it."""
        self._hand_over(functools.partial(self._writer.catch_up, then))

    def _take(
        self,
        error: BaseException | str,
        severity: str,
        context: Mapping[str, str] | None,
        origin: str,
        trace: Sequence[str],
        wait: bool,
    ) -> str:
        seen = glance(error)
        severity = severity if severity in SEVERITIES else "error"
        key = seen.key(severity)
        fold = self._known.get(key)
        if fold is None:
            report_id = f"{self._prefix}-{next(self._numbers)}"
            if self._crowded() and not wait:
                return self._count_only(seen.kind, report_id)
            at = self._clock()
            captured = capture(error, seen, severity=severity, origin=origin, context=context, trace=trace, at=at)
            self._weight += captured.weight
            fold = self._known.setdefault(key, Fold(key, report_id, captured))
        elif self._writer.queue.qsize() >= CALLS and not wait:
            return self._count_only(seen.kind, fold.id)
        else:
            fold.last = self._clock()
        if wait and self._writer.write_now(fold):
            self._taken.add()
            self._writer.queue.put(functools.partial(self._writer.announce_new, fold))
        else:
            self._writer.queue.put(fold)
            self._taken.add()
        return fold.id

    def _crowded(self) -> bool:
        # Two threads may overwrite each other's weight; it starts anew whenever the writer has caught up.
        if self._writer.queue.empty():
            self._weight = 0
        return len(self._known) >= DIFFERENT or self._weight >= HEAVY

    def _count_only(self, kind: str, report_id: str) -> str:
        self._ledger.drop(kind)
        self._taken.add()
        return report_id

    def _hand_over(self, job: Callable[[], object]) -> None:
        self._writer.queue.put(job)
        self._see_to_writing()

    def _see_to_writing(self) -> None:
        """That what was put into the queue just now is written: by the thread, or where there is none, by us."""
        if not self._armed:
            self._arm()
        if not self._writer.start():
            self._writer.drain()

    def _arm(self) -> None:
        self._armed = True
        atexit.register(self._at_exit)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=functools.partial(_forked, weakref.ref(self)))

    def leave_to_parent(self) -> None:
        """In a forked child: the journal, what waits and the thread are the parent's."""
        self._ledger.journal.close()
        closed = self._writer.told_to_end
        self._reset()
        if closed:
            self._writer.end(0)

    def _session_line(self) -> bytes:
        versions = {"panel": __version__, "python": sys.version.split()[0], "system": _system()}
        for name in ("PySide6", "aiohttp"):
            # Not `getattr`: a host may have put something lazy there, which does whatever it does.
            if isinstance(module := sys.modules.get(name), ModuleType):
                versions[name] = str(vars(module).get("__version__", ""))
        return line(session={"way_in": self._way_in, "pid": self._pid, "started": self._started, "versions": versions})

    def _own_trouble(self, trouble: BaseException, origin: str) -> None:
        self.report(trouble, origin=origin)


def _system() -> str:
    # Not `platform`: it asks by starting processes.
    if (uname := getattr(os, "uname", None)) is None:
        return sys.platform
    said = uname()
    return f"{said.sysname} {said.release} {said.machine}"


def _forked(reports: weakref.ref[Reports]) -> None:
    if (alive := reports()) is not None:
        alive.leave_to_parent()
