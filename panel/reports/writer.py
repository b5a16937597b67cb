"""The thread that writes: started by the first report, it sleeps without a timer when there is nothing to do.

Owns the queue, the thread, the turn to write (a caller that waits takes it too), the pace of count lines and of
`fsync`, and the listeners. What is written is the `ledger`'s.

    report() ── put(fold) ──> queue ──> this thread ──> ledger ──> journal, then the listeners

Until it has ended, whatever touches the disk is done on it: the caller may be the thread of a host's screen, and the
journal on a drive that has gone.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from .ledger import EXHAUSTED, Fold, Ledger
from .report import Report

Listener = Callable[[Report], None]
Item = Fold | Callable[[], object] | None
"""One call of what is folded there, a job, or None: nothing comes any more."""

PACE = 1.0
"""Seconds between two count lines of the same report, and between two lines about dropped ones."""
RETRY = 10.0
"""Seconds until a journal that could not be written is tried again, unless a report comes before."""
SYNC = 0.02
"""Seconds after which what was written is brought to the disk even while more is coming."""
BATCH = 200
PATIENCE = 2.0
"""Seconds that a caller waits for its turn; only a disk that hangs takes as long."""


class Writer:
    """Does the jobs of its queue in their order. Everything may be called from any thread."""

    def __init__(self, ledger: Ledger, on_trouble: Callable[[BaseException, str], object]) -> None:
        self.ledger = ledger
        self.queue: SimpleQueue[Item] = SimpleQueue()
        self.listeners: dict[object, Listener] = {}
        self._on_trouble = on_trouble
        # Reentrant, so that a signal handler in the middle of a turn finds `_in_turn` set instead of waiting for ever.
        self._turn = threading.RLock()
        self._in_turn = False
        self._starting = threading.Lock()
        self._running = threading.Lock()
        self._thread: threading.Thread | None = None
        self.told_to_end = self._ended = False
        self.hurry = False
        """The process ends: what has no line yet is only counted."""
        self._flush_at: float | None = None
        self._sync_at: float | None = None

    def start(self) -> bool:
        """Whether there is a thread that does what was put until now; it is started if need be. False after it has
        ended, and where none can be made any more, as at the interpreter's end."""
        # Asked after putting: either the thread, at its end, sees what was put, or its end is seen here.
        if self._thread is not None:
            return not self._ended
        if self.told_to_end or not threading.main_thread().is_alive():
            return False
        # Not waiting: whoever holds this is starting it, maybe below us, interrupted by a signal.
        if not self._starting.acquire(blocking=False):
            return True
        try:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="nuke-ai-panel reports", daemon=True)
                thread.start()
                self._thread = self._thread or thread
        except RecursionError:
            return True  # it is our caller who is deep; the next one starts it
        except RuntimeError:
            return False
        finally:
            self._starting.release()
        return True

    def end(self, patience: float) -> bool:
        """Lets the thread do what waits, put the journal away, and end. False when that takes longer than `patience`
        seconds: then it goes on with it."""
        self.told_to_end = True
        thread = self._thread
        if thread is None:
            if not self.queue.empty():
                self.drain()
            return True
        self.queue.put(None)
        if thread is not threading.current_thread():
            thread.join(patience)
        return not thread.is_alive()

    def in_turn(self, work: Callable[[], object], patience: float = -1) -> bool:
        """Does `work` while nobody else writes. False when the turn did not come within `patience` seconds, or when
        this very thread is in the middle of a turn: a signal handler, or a `__del__`, that reports."""
        if not self._turn.acquire(timeout=patience):
            return False
        try:
            if self._in_turn:
                return False
            self._in_turn = True
            try:
                work()
            finally:
                self._in_turn = False
        finally:
            self._turn.release()
        return True

    def write_now(self, fold: Fold) -> bool:
        """Writes one call on the caller's thread; `announce_new` comes after it. False when that is impossible now."""
        try:
            self.ledger.prepare(fold)
            return self.in_turn(lambda: self.ledger.record(fold, 1, at_once=True), PATIENCE)
        except EXHAUSTED:
            return False

    def announce_new(self, fold: Fold) -> None:
        """The thread's: tells the listeners of a report, unless they know it."""
        if not fold.told:
            self._announce(fold)

    def catch_up(self, then: Callable[[], object]) -> None:
        """The thread's: what was taken before this is written and told, grown counts too; then it calls `then`."""
        self._flush()
        then()

    def _announce(self, fold: Fold) -> None:
        report = fold.report
        if report is None or report.count <= fold.told:
            return
        fold.told = report.count
        for token, listener in list(self.listeners.items()):
            try:
                listener(report)
            except BaseException as trouble:
                self.listeners.pop(token, None)
                self._on_trouble(trouble, "a listener of the reports, now removed")

    def drain(self, *, sync: bool = False) -> None:
        """Does what waits on this thread, where there is no other, and lets go of the journal."""
        # In the middle of a turn the one whose turn it is drains afterwards.
        while self.in_turn(lambda: None, PATIENCE):
            if jobs := self._take_waiting([]):
                self._do(jobs)
                continue
            self.in_turn(lambda: self._put_away(sync), PATIENCE)
            if self.queue.empty():  # but for what a `__del__` has reported meanwhile
                return

    def _put_away(self, sync: bool) -> None:
        self.ledger.flush()
        self.ledger.give_up()
        if sync:
            self._sync()
        self.ledger.journal.close()

    def _run(self) -> None:
        # A start that was interrupted may have made a thread after all.
        if not self._running.acquire(blocking=False):
            return
        self._thread = threading.current_thread()
        going = not self.told_to_end
        while going:
            going = self._do(self._wait())
            self._run_job(self._keep_up)
        self._run_job(self._flush)
        self.drain(sync=True)
        self._ended = True
        if not self.queue.empty():
            self.drain()

    def _wait(self) -> list[Item]:
        """What to do next; nothing when it is time for what was put off."""
        times = [at for at in (self._flush_at, self._sync_at) if at is not None]
        timeout = max(min(times) - time.monotonic(), 0) if times else None
        try:
            first = self.queue.get(timeout=timeout)
        except Empty:
            return []
        return self._take_waiting([first])

    def _take_waiting(self, items: list[Item]) -> list[Item]:
        with contextlib.suppress(Empty):
            while len(items) < BATCH:
                items.append(self.queue.get_nowait())
        return items

    def _do(self, items: list[Item]) -> bool:
        """Whether to go on. Equal calls are counted together, up to the next item of another kind."""
        calls: dict[Fold, int] = {}
        going = True
        for item in items:
            if isinstance(item, Fold):
                calls[item] = calls.pop(item, 0) + 1  # the last one reported is the newest
                continue
            self._record(calls)
            calls = {}
            if item is None:
                going = False
            else:
                self._run_job(item)
        self._record(calls)
        return going

    def _run_job(self, job: Callable[[], object]) -> None:
        try:
            job()
        except BaseException as trouble:  # it must not end the thread that writes all
            self._on_trouble(trouble, "the writer of reports")

    def _record(self, calls: dict[Fold, int]) -> None:
        ledger = self.ledger
        if self.hurry:
            calls = {fold: count for fold, count in calls.items() if not ledger.count_only(fold, count)}
        with contextlib.suppress(*EXHAUSTED):
            for fold in calls:
                ledger.prepare(fold)

        def record() -> None:
            for fold, count in calls.items():
                try:
                    ledger.record(fold, count)
                except BaseException:  # one of them must not end the thread that writes all
                    ledger.lose(count)

        self.in_turn(record)
        for fold in calls:
            self.announce_new(fold)

    def _keep_up(self) -> None:
        """Does what is due by now, and notes when the rest is."""
        ledger, now = self.ledger, time.monotonic()
        if self._flush_at is not None and now >= self._flush_at:
            self._flush()
        if self._flush_at is None and ledger.has_pending:
            self._flush_at = now + (RETRY if ledger.failing else PACE)
        if ledger.unsynced and (self.queue.empty() or (self._sync_at is not None and now >= self._sync_at)):
            self._sync()
        elif ledger.unsynced and self._sync_at is None:
            self._sync_at = now + SYNC

    def _flush(self) -> None:
        self._flush_at = None
        self.in_turn(self.ledger.flush)
        for fold in self.ledger.take_grown():
            self._announce(fold)

    def _sync(self) -> None:
        self.ledger.unsynced, self._sync_at = False, None
        with contextlib.suppress(OSError):
            self.ledger.journal.sync()  # not in a turn: a slow disk holds up nobody else
