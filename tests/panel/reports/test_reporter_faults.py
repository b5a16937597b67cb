"""The moments at which errors are usually lost: a closing loop, a dying process, a fork, a signal, a hanging disk."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
import types
from pathlib import Path

import pytest
from nuke_ai_panel.panel.reports import past_sessions
from nuke_ai_panel.panel.reports import reporter as reporter_module
from nuke_ai_panel.panel.reports import writer as writer_module
from report_journals import KEY, balance, opened, run, the_session, told


def messages(folder: Path) -> dict[str, int]:
    return {report.message: report.count for report in the_session(folder).reports}


def test_a_thousand_reports_from_fifty_threads_while_the_loop_closes(tmp_path: Path) -> None:
    loop = asyncio.new_event_loop()
    with opened(tmp_path) as reports:
        ready = threading.Barrier(51)

        def work(thread: int) -> None:
            ready.wait()
            for number in range(20):
                try:
                    loop.call_soon_threadsafe(print)
                except RuntimeError as error:
                    reports.report(error, context={"thread": str(thread)})
                else:
                    reports.report(f"thread {thread}, number {number}")

        threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        ready.wait()
        loop.close()
        reports.close()
        for thread in threads:
            thread.join()
        reports.close()
        assert balance(reports) == 0 and reports.counts().taken == 1000
    assert told(the_session(tmp_path)) == 1000


async def test_a_report_from_a_cancelled_task_on_a_loop_that_is_going_down(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:

        async def work() -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError as error:
                reports.report(error, severity="notice", wait=True)
                raise

        async with asyncio.TaskGroup() as group:
            task = group.create_task(work(), name="application/stream")
            await asyncio.sleep(0)
            task.cancel()
        [report] = the_session(tmp_path).reports
        assert (report.kind, report.origin) == ("CancelledError", "application/stream")


@pytest.mark.parametrize("times", range(5))
def test_a_kill_right_after_a_report_that_was_waited_for(tmp_path: Path, times: int) -> None:
    run("reports.report('the last words', wait=True); os.kill(os.getpid(), signal.SIGKILL)", tmp_path, status=-9)
    assert messages(tmp_path) == {"the last words": 1}


ENDINGS = {
    "what waits at the end": """
        for number in range(3000):
            reports.report(f"number {number}")
        for _ in range(3):
            reports.report("expected")
    """,
    "what waits at the end, on a disk that takes its time": """
        import time
        write = os.write
        os.write = lambda *line: (time.sleep(0.002), write(*line))[1]
        for number in range(250):
            reports.report(f"number {number}")
        for _ in range(3):
            reports.report("expected")
    """,
    "the first one in atexit": """
        import atexit
        atexit.register(lambda: [reports.report("expected") for _ in range(3)])
    """,
    "atexit before ours": """
        import atexit
        reports.report("first")
        atexit.register(lambda: [reports.report("expected") for _ in range(3)])
    """,
    "atexit after ours": """
        import atexit
        atexit.register(lambda: [reports.report("expected") for _ in range(3)])
        reports.report("first")
    """,
    "a global is torn down": """
        late = Late(reports)
    """,
    "a global is torn down after use": """
        reports.report("first")
        late = Late(reports)
    """,
    "modules are torn down": """
        import builtins
        builtins.late = Late(reports)
    """,
    "modules are torn down after use": """
        import builtins
        reports.report("first")
        builtins.late = Late(reports)
    """,
    "a circle is collected": """
        import gc
        gc.disable()
        late = Late(reports)
        late.circle = late
        del late
    """,
    "a thread outlives the main one": """
        def work():
            threading.main_thread().join()
            for _ in range(3):
                reports.report("expected")
        threading.Thread(target=work).start()
    """,
    "closed before": """
        reports.report("first")
        reports.close()
        late = Late(reports)
    """,
}

LATE = """
class Late:
    def __init__(self, reports):
        self.reports = reports
    def __del__(self):
        for number in (0, 1, 2):
            self.reports.report("expected", wait=number == 1)
        self.reports.report(ValueError("with the key %s"))
"""


@pytest.mark.parametrize("ending", ENDINGS)
def test_reports_of_the_interpreters_last_moments_are_written(tmp_path: Path, ending: str) -> None:
    run(LATE % KEY + _dedented(ENDINGS[ending]), tmp_path)
    found = messages(tmp_path)
    assert found["expected"] == 3
    if "Late" in ENDINGS[ending]:
        assert found["with the key [key removed]"] == 1
    assert KEY not in the_session(tmp_path).path.read_text()


def _dedented(code: str) -> str:
    import textwrap

    return textwrap.dedent(code)


def test_an_uncaught_exit_still_writes_what_waits(tmp_path: Path) -> None:
    run("reports.begin('window'); reports.report('x'); sys.exit(3)", tmp_path, status=3)
    assert messages(tmp_path) == {"x": 1} and the_session(tmp_path).crashed


FORK = """
import time, warnings
warnings.simplefilter("ignore")
reports.begin("window")
for number in range(500):
    reports.report(f"parent {number}")
child = os.fork()
if child == 0:
    reports.report("child", wait=True)
    reports.report("child, not waited for")
    reports.close()
    os._exit(0 if reports.counts().taken == 2 else 1)
assert os.waitpid(child, 0)[1] == 0
reports.report("parent afterwards", wait=True)
here, there = os.pipe()
grandchild = os.fork()
if grandchild == 0:
    os.write(there, b"!")
    while True:
        signal.pause()
os.read(here, 1)
reports.end({}, {})
while threading.active_count() > 1:
    reports.close()
reports.close()
print(list(past_sessions(folder))[-1].running, reports.counts().taken)
os.kill(grandchild, 9)
os.waitpid(grandchild, 0)
"""


def test_a_forked_child_has_its_own_journal_and_does_not_hold_its_parents_lock(tmp_path: Path) -> None:
    assert run(FORK, tmp_path).split() == ["False", "501"]
    sessions = list(past_sessions(tmp_path))
    assert len(sessions) == 2 and sessions[0].pid != sessions[1].pid
    of_child = next(session for session in sessions if not session.way_in)
    of_parent = next(session for session in sessions if session.way_in)
    assert {report.message for report in of_child.reports} == {"child", "child, not waited for"}
    assert len(of_parent.reports) == 501 and all("parent" in report.message for report in of_parent.reports)


def test_a_child_that_is_forked_after_closing_writes_at_once_too(tmp_path: Path) -> None:
    code = """
    reports.report("parent")
    reports.close()
    child = os.fork()
    if child == 0:
        reports.report("child")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    """
    run(code, tmp_path)
    told = [report.message for session in past_sessions(tmp_path) for report in session.reports]
    assert sorted(told) == ["child", "parent"]


SIGNALS = """
handled = waited = 0
def handler(number, frame):
    global handled, waited
    handled += 1
    if handled % 3 == 0:
        waited += 1
        reports.report("from the handler, waited for", wait=True)
    else:
        reports.report(f"from the handler {handled % 7}")
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
calls = 0
error = ValueError("the same")
while handled < 1500:
    reports.report(f"number {calls % 50}", wait=calls % 10 == 0)
    reports.report(error)
    calls += 2
    if calls == 5000:
        reports.close()
signal.setitimer(signal.ITIMER_REAL, 0)
reports.close()
counts = reports.counts()
print(counts.taken - calls - handled, counts.waiting, counts.dropped, counts.unwritten)
by_text = {report.message: report.count for report in reports.recent()}
print(by_text["the same"] - calls // 2, by_text["from the handler, waited for"] - waited)
"""


def test_a_signal_handler_that_reports_in_the_middle_of_a_report_neither_deadlocks_nor_miscounts(
    tmp_path: Path,
) -> None:
    assert run(SIGNALS, tmp_path).split() == ["0"] * 6
    assert the_session(tmp_path).damaged == 0


def test_a_text_that_one_handler_reports_in_the_middle_of_another_is_the_text_both_times(tmp_path: Path) -> None:
    code = """
    text, steps, at = "from the handler", 0, 0
    def handler(number, frame):
        reports.report(text)
    def step(frame, event, argument):
        global steps
        steps += 1
        if steps == at:
            signal.raise_signal(signal.SIGALRM)
    signal.signal(signal.SIGALRM, handler)
    while steps >= at:
        at, steps = at + 1, 0
        sys.setprofile(step)
        reports.report(text)
        sys.setprofile(None)
    reports.close()
    print(*(f"{report.message}: {report.count - 2 * at + 1}" for report in reports.recent()))
    """
    assert run(code, tmp_path) == "from the handler: 0\n"


def test_a_handler_in_the_middle_of_a_write_is_written_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    with opened(tmp_path) as reports:

        def interrupted(descriptor: int, data: bytes) -> int:
            monkeypatch.undo()
            reports.report("the handler", wait=True)
            return write(descriptor, data)

        monkeypatch.setattr(os, "write", interrupted)
        reports.report("interrupted", wait=True)
        reports.close()
        assert balance(reports) == 0
    assert messages(tmp_path) == {"interrupted": 1, "the handler": 1}


def test_a_keyboard_interrupt_goes_where_it_belongs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*arguments: object, **more: object) -> None:
        raise KeyboardInterrupt

    with opened(tmp_path) as reports:
        with monkeypatch.context() as patched:
            patched.setattr(reporter_module, "capture", pressed)
            with pytest.raises(KeyboardInterrupt):
                reports.report("x")
        reports.report("y", wait=True)
        reports.close()
        assert balance(reports) == 0


def test_what_cannot_be_made_is_written_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as reports:

        def broken(*arguments: object) -> None:
            raise TypeError(KEY)

        monkeypatch.setattr(reports._renderer, "report", broken)
        reports.report(f"with {KEY}", wait=True)
        reports.close()
        assert balance(reports) == 0
    assert messages(tmp_path) == {"This report could not be made: TypeError.": 1}


def test_one_that_cannot_be_recorded_does_not_end_the_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as reports:
        with monkeypatch.context() as patched:
            failed = threading.Event()

            def broken(*arguments: object, **more: object) -> None:
                failed.set()
                raise MemoryError

            patched.setattr(reports._ledger, "record", broken)
            reports.report("lost for want of memory")
            assert failed.wait(20)
        reports.report("the next one")
        reports.close()
        assert balance(reports) == 0 and reports.counts().unwritten == 1
    assert messages(tmp_path) == {"the next one": 1} and the_session(tmp_path).unwritten == 1


def test_without_threads_the_caller_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    with opened(tmp_path) as reports:
        reports.report("x")
        reports.report("x")
        assert messages(tmp_path) == {"x": 2}


def test_a_disk_that_hangs_holds_up_neither_reporting_nor_closing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporter_module, "CLOSING", 0.01)
    monkeypatch.setattr(writer_module, "PATIENCE", 0.01)
    hangs, goes_on = threading.Event(), threading.Event()
    write = os.write

    def hanging(descriptor: int, data: bytes) -> int:
        hangs.set()
        assert goes_on.wait(20)
        return write(descriptor, data)

    with opened(tmp_path) as reports:
        monkeypatch.setattr(os, "write", hanging)
        reports.report("first")
        assert hangs.wait(20)
        for number in range(100):
            reports.report(f"number {number}")
        reports.report("waited for, as long as that makes sense", wait=True)
        reports.close()
        reports.report("after closing")
        assert reports.recent() is not None and reports.counts().waiting == 103
        goes_on.set()
        monkeypatch.undo()
        while reports.counts().waiting:
            reports.close()
    assert told(the_session(tmp_path)) == 103


def test_a_listener_that_reports_reports(tmp_path: Path) -> None:
    def listen(report: object) -> None:
        reports.report("from a listener")
        reports.report("from a listener, waited for", wait=True)

    with opened(tmp_path) as reports:
        reports.follow(listen)
        reports.report("x")
        reports.close()
    assert set(messages(tmp_path)) == {"x", "from a listener", "from a listener, waited for"}


def test_closing_from_a_listener_is_no_deadlock(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        reports.follow(lambda report: reports.close())
        reports.report("x")
        reports.close()
    assert messages(tmp_path) == {"x": 1}


def test_a_process_that_ends_under_a_flood_writes_or_counts_every_report(tmp_path: Path) -> None:
    run("for number in range(15_000): reports.report(f'number {number}')", tmp_path)
    assert told(the_session(tmp_path)) == 15_000


TOUCHING = ("open", "write", "fsync", "fstat", "stat", "close", "unlink", "mkdir", "listdir", "makedirs")


def test_neither_beginning_nor_ending_touches_the_disk_on_the_callers_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller is the thread of the host's screen, and the folder may be on a drive that has gone."""
    here, touched = threading.get_ident(), list[str]()

    def watched(name: str) -> object:
        real = getattr(os, name)

        def call(*arguments: object, **more: object) -> object:
            if threading.get_ident() == here:
                touched.append(name)
            return real(*arguments, **more)

        return call

    with opened(tmp_path / "journal") as reports:
        with monkeypatch.context() as patched:
            for name in TOUCHING:
                patched.setattr(os, name, watched(name))
            reports.begin("window")
            reports.report("x")
            reports.end({}, {})
            while reports._writer.start():
                reports.close()
        assert touched == []
    assert the_session(tmp_path / "journal").ended and messages(tmp_path / "journal") == {"x": 1}


def test_after_closing_a_report_does_not_wait_for_a_writer_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporter_module, "CLOSING", 0.01)
    monkeypatch.setattr(writer_module, "PATIENCE", 50.0)
    hangs, goes_on = threading.Event(), threading.Event()
    write = os.write

    def hanging(descriptor: int, data: bytes) -> int:
        hangs.set()
        assert goes_on.wait(20)
        return write(descriptor, data)

    with opened(tmp_path) as reports:
        monkeypatch.setattr(os, "write", hanging)
        reports.report("first")
        assert hangs.wait(20)
        reports.close()
        began = time.monotonic()
        reports.report("after closing")
        assert time.monotonic() - began < 10
        goes_on.set()
        while reports.counts().waiting:
            reports.close()
    assert messages(tmp_path) == {"first": 1, "after closing": 1}


def test_a_finalizer_that_reports_while_the_journal_is_put_away_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as reports:
        reports.report("before")
        reports.close()
        give_up = reports._ledger.give_up

        def collected() -> None:
            monkeypatch.undo()
            reports.report("from a finalizer")
            give_up()

        monkeypatch.setattr(reports._ledger, "give_up", collected)
        reports.report("after closing")
        assert balance(reports) == 0
    assert set(messages(tmp_path)) == {"before", "after closing", "from a finalizer"}


def test_a_job_that_fails_is_reported_and_the_thread_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as reports:
        with monkeypatch.context() as patched:
            done = threading.Event()

            def broken() -> None:
                done.set()
                raise LookupError("a lazy module of a host's")

            patched.setattr(reports._ledger, "begin", broken)
            reports.begin("nuke")
            assert done.wait(20)
        reports.report("the next one")
        reports.close()
    assert messages(tmp_path) == {"a lazy module of a host's": 1, "the next one": 1}


def test_a_fault_in_what_the_thread_does_by_itself_does_not_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "PACE", 0.0)
    with opened(tmp_path) as reports:
        flush, done = reports._ledger.flush, threading.Event()

        def out_of_memory() -> None:
            reports._ledger.flush = flush
            done.set()
            raise MemoryError

        reports.report("the same", wait=True)
        reports._ledger.flush = out_of_memory
        reports.report("the same")
        assert done.wait(20)
        reports.report("the next one")
        told_all = threading.Event()
        reports.catch_up(told_all.set)
        assert told_all.wait(20) and balance(reports) == 0
    assert messages(tmp_path) == {"the same": 2, "the next one": 1, "": 1}


def test_a_version_that_cannot_be_asked_for_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Lazy(types.ModuleType):
        def __getattr__(self, name: str) -> object:
            raise RuntimeError(f"{name} before the host is ready")

    with opened(tmp_path) as reports:
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, "aiohttp", Lazy("aiohttp"))
            reports.begin("nuke")
            reports.report("x")
            reports.close()
    assert messages(tmp_path) == {"x": 1} and "panel" in the_session(tmp_path).versions


def test_a_slow_disk_holds_up_the_end_of_a_process_only_so_long_and_the_rest_is_counted(tmp_path: Path) -> None:
    code = """
    import time
    from nuke_ai_panel.panel.reports import reporter
    reporter.EXIT = 0.3
    write = os.write
    os.write = lambda *line: (time.sleep(0.01), write(*line))[1]
    for number in range(5000):
        reports.report(f'number {number}')
    """
    began = time.monotonic()
    run(code, tmp_path)
    assert time.monotonic() - began < 30  # all of them would take 50
    session = the_session(tmp_path)
    assert told(session) == 5000 and session.dropped > 0
