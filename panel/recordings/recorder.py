"""`Recordings`: takes the answers of one provider down while somebody wants that, each into a file of its own.

Owns what is recorded and until when: it ends by itself after some minutes and some answers, and when the disk refuses.
An answer is kept in memory until it is over; then it is cleaned and written on a thread. It never waits for the disk.

    start ── answer ── answer ── ... ── stop: by the user, by the time, after so many, by the disk, at closing
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ...providers.wire.recording import TITLE, Head, Tape
from ..reports import Reports
from ..tasks import ScopeClosed, TaskScope
from ..threads import run_blocking
from .cleaning import Cleaner
from .folder import Recorded, append_recording, write_recording

SECONDS = 600.0
MOST_ANSWERS = 20
MOST_BYTES = 32 * 2**20
"""Of one answer; what follows is left out."""
WRITE_SECONDS = 30.0
NOTE = ": It holds what was asked and what was answered, without keys and pictures. Read it before you share it."
FULL = f"larger than {MOST_BYTES // 2**20} MB"
STOPPED = "recording was stopped"


@dataclass(frozen=True, slots=True)
class RecordingState:
    """What is recorded at this moment. `provider` "": nothing is. `until`: by the clock of `time.monotonic`.

    `answers`: how many of this recording, or of the last one, are written. `last`: the newest of them. `trouble`: why
    it ended before it should.
    """

    provider: str = ""
    until: float = 0.0
    answers: int = 0
    last: Recorded | None = None
    trouble: str = ""

    @property
    def seconds_left(self) -> float:
        return max(0.0, self.until - time.monotonic()) if self.provider else 0.0


class Recordings:
    """A `Recorder`. Used on the loop's thread; `changed` is called there with each new state."""

    def __init__(
        self,
        folder: Path,
        clean: Callable[[str], str],
        scope: TaskScope,
        reports: Reports,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """`scope`: for the writing; it is closed after whatever may still be answered."""
        self.folder = folder
        self.state = RecordingState()
        self._cleaner = Cleaner(clean)
        self._scope = scope
        self._reports = reports
        self._sleep = sleep
        self._file: Path | None = None
        self._open: list[_Tape] = []
        self._begun = 0
        self._writing: set[asyncio.Task[None]] = set()
        self._end: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[RecordingState], object]] = []

    def start(self, provider_id: str, *, file: Path | None = None) -> None:
        """From now on this provider's answers are recorded, and nobody else's. `file`: all into this one."""
        self.stop()
        self._file, self._begun = file, 0
        self._become(RecordingState(provider_id, time.monotonic() + SECONDS))
        self._end = self._scope.start(self._stop_later(), name="end the recording")

    def stop(self, trouble: str = "") -> None:
        """What is under way is written as far as it came."""
        if not self.state.provider:
            return
        if self._end is not None:
            self._end.cancel()
            self._end = None
        self._become(replace(self.state, provider="", trouble=trouble))
        for tape in tuple(self._open):
            tape.cut(STOPPED)

    async def finish(self) -> RecordingState:
        """Stops, and waits until everything is written or has failed."""
        self.stop()
        while self._writing:
            await asyncio.wait(self._writing)
        return self.state

    def follow(self, changed: Callable[[RecordingState], object]) -> Callable[[], None]:
        """Gives how to leave."""
        self._listeners.append(changed)
        return partial(self._leave, changed)

    def begin(self, head: Head, question: bytes) -> Tape | None:
        if head.provider != self.state.provider or self._begun >= MOST_ANSWERS:
            return None
        self._begun += 1
        tape = _Tape(head, question, self._over)
        self._open.append(tape)
        return tape

    def _leave(self, changed: Callable[[RecordingState], object]) -> None:
        if changed in self._listeners:
            self._listeners.remove(changed)

    def _become(self, state: RecordingState) -> None:
        self.state = state
        for changed in tuple(self._listeners):
            changed(state)

    async def _stop_later(self) -> None:
        await self._sleep(SECONDS)
        self._end = None
        self.stop()

    def _over(self, tape: _Tape) -> None:
        self._open.remove(tape)
        try:
            writing = self._scope.start(self._keep(tape, self._file), name="write a recording", on_close="finish")
            self._writing.add(writing)
            writing.add_done_callback(self._writing.discard)
        except ScopeClosed:
            self._reports.report("An answer was not recorded: the panel was closing.", severity="notice")

    async def _keep(self, tape: _Tape, file: Path | None) -> None:
        """What fails here ends the recording and is told; the answer has nothing to do with it."""
        try:
            kept = await run_blocking(self._write, tape, file, deadline=WRITE_SECONDS)
        except OSError as error:
            self._reports.report(error, origin="recording")
            self.stop(f"It could not be written: {error.strerror or 'the disk does not answer'}.")
            return
        self._become(replace(self.state, answers=self.state.answers + 1, last=kept))
        if self.state.provider and self.state.answers >= MOST_ANSWERS:
            self.stop()

    def _write(self, tape: _Tape, file: Path | None) -> Recorded:
        content = tape.content(self._cleaner)
        if file is not None:
            return append_recording(file, content)
        return write_recording(self.folder, tape.head.provider, content)


class _Tape:
    """One answer as it comes. `note`: why it is not whole, "" for what was taken to its end."""

    def __init__(self, head: Head, question: bytes, over: Callable[[_Tape], None]) -> None:
        self.head = head
        self._question = question
        self._over: Callable[[_Tape], None] | None = over
        self._pieces: list[bytes] = []
        self._size = 0
        self._note = ""
        self._taken = time.time()
        self._began = time.monotonic()
        self._seconds = 0.0

    def take(self, piece: bytes) -> None:
        if self._over is None or self._size > MOST_BYTES:
            return
        self._size += len(piece)
        if self._size > MOST_BYTES:
            self._note = FULL
        else:
            self._pieces.append(piece)

    def end(self) -> None:
        if self._over is not None:
            self._seconds = time.monotonic() - self._began
            over, self._over = self._over, None
            over(self)

    def cut(self, why: str) -> None:
        """It is enough, though more may come."""
        self._note = why
        self.end()

    def content(self, cleaner: Cleaner) -> bytes:
        """As it is written: what it is of, an empty line, what came."""
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self._taken))
        entries = [*self.head.lines(), f": seconds: {self._seconds:.1f}"]
        entries += [f": cut: {self._note}"] if self._note else []
        question = f": question: {cleaner.question(self._question)}"
        top = (f"{TITLE}, {when} UTC", NOTE, *map(cleaner.text, entries), question, "", "")
        answer = cleaner.answer(b"".join(self._pieces))
        return "\n".join(top).encode("utf-8", "surrogateescape") + answer + b"\n"
