"""Taking reports: ids, folding, order, listeners, counts, and the promise that every call is somewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nuke_ai_panel.panel.reports import Report, Reports
from nuke_ai_panel.panel.reports import reporter as reporter_module
from nuke_ai_panel.panel.reports import writer as writer_module
from nuke_ai_panel.panel.reports.ledger import KEEP
from nuke_ai_panel.providers.redact import Redactor
from report_journals import KEY, balance, lines, opened, run, the_session, told

WRITER = "nuke-ai-panel reports"


def test_equal_errors_fold_into_one_line_and_a_count(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        ids = {reports.report("the same") for _ in range(1000)}
        reports.close()
        counts = reports.counts()
    [report] = the_session(tmp_path).reports
    assert ids == {report.id} and report.count == 1000
    assert (counts.taken, counts.written, counts.folded) == (1000, 1, 999)
    assert len(lines(reports.journal_path)) <= 4


@pytest.mark.parametrize("other", [{"severity": "notice"}, {"error": "another"}, {"error": ValueError("the same")}])
def test_another_severity_text_or_kind_is_another_report(tmp_path: Path, other: dict[str, Any]) -> None:
    with opened(tmp_path) as reports:
        assert reports.report("the same") != reports.report(**({"error": "the same"} | other))


def test_the_same_text_from_another_place_is_another_report(tmp_path: Path) -> None:
    def fail(where: int) -> None:
        if where:
            raise ValueError("the same")
        raise ValueError("the same")

    ids: list[str] = []
    with opened(tmp_path) as reports:
        for where in (0, 1, 0, 1):
            try:
                fail(where)
            except ValueError as error:
                ids.append(reports.report(error))
    assert ids[0] != ids[1] and ids[:2] == ids[2:]


def test_an_unknown_severity_is_an_error(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        reports.report("x", severity="loud")  # type: ignore[arg-type]
        reports.close()
        assert reports.recent()[0].severity == "error"


def test_the_ids_of_two_sessions_are_different(tmp_path: Path) -> None:
    with opened(tmp_path) as one, opened(tmp_path) as two:
        assert one.report("x") != two.report("x")


def test_recent_is_newest_first_and_bounded(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        for number in range(KEEP + 100):
            reports.report(f"number {number}")
        reports.report(f"number {KEEP}")
        reports.close()
        recent = reports.recent()
        assert len(recent) == KEEP
        assert [report.message for report in recent[:2]] == [f"number {KEEP}", f"number {KEEP + 99}"]
        assert balance(reports) == 0
    assert len(the_session(tmp_path).reports) == KEEP + 100


def test_one_that_was_pushed_out_comes_back_as_a_new_report(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        first = reports.report("it")
        for number in range(KEEP):
            reports.report(f"number {number}", wait=True)
        assert reports.report("it", wait=True) != first
        reports.close()
        assert balance(reports) == 0
    assert told(the_session(tmp_path)) == KEEP + 2


def test_counts_are_by_what_became_of_them_and_by_kind(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        for number in range(3):
            reports.report(f"text {number}")
            reports.report(ValueError("same"))
        reports.close()
        counts = reports.counts()
    assert (counts.taken, counts.written, counts.folded, counts.waiting) == (6, 4, 2, 0)
    assert counts.by_kind == {"message": 3, "ValueError": 3}


class Gate:
    """Holds the writer's thread in a listener until it is opened."""

    def __init__(self, reports: Reports) -> None:
        self.reached, self.open = threading.Event(), threading.Event()
        self._leave = reports.follow(self._hold)
        reports.report("the gate")
        assert self.reached.wait(20)

    def _hold(self, report: Report) -> None:
        self._leave()
        self.reached.set()
        assert self.open.wait(20)


def test_too_many_waiting_are_counted_and_told_in_a_drop_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporter_module, "DIFFERENT", 50)
    monkeypatch.setattr(reporter_module, "CALLS", 150)
    with opened(tmp_path) as reports:
        gate = Gate(reports)
        for number in range(200):
            reports.report(ValueError(f"number {number}"))
        for _ in range(200):
            reports.report(ValueError("number 0"))
        assert reports.counts().dropped == 151 + 99  # 49 different ones waited beside the gate, and 101 calls more
        gate.open.set()
        reports.close()
        counts = reports.counts()
        assert balance(reports) == 0 and counts.taken == 401 and counts.by_kind["ValueError"] == 400
    session = the_session(tmp_path)
    assert session.dropped == counts.dropped and told(session) == 401
    [dropped] = [line["dropped"] for line in lines(reports.journal_path) if "dropped" in line]
    assert dropped["kinds"] == {"ValueError": counts.dropped}


def test_what_waits_is_bounded_in_characters_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporter_module, "HEAVY", 100_000)
    with opened(tmp_path) as reports:
        gate = Gate(reports)
        for number in range(1000):
            reports.report(f"{number} " + "word " * 500)
        assert 30 < reports.counts().waiting < 50
        gate.open.set()
        reports.close()
        reports.report("there is room again")
        assert balance(reports) == 0 and reports.recent()[0].message == "there is room again"


def test_what_was_written_is_brought_to_the_disk_by_the_writers_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, int]] = []
    done, fsync = threading.Event(), os.fsync

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        synced.append((threading.current_thread().name, os.fstat(descriptor).st_ino))
        done.set()

    monkeypatch.setattr(os, "fsync", noted)
    with opened(tmp_path) as reports:
        reports.report("x", wait=True)
        assert done.wait(20) and synced[0] == (WRITER, reports.journal_path.stat().st_ino)


def test_what_was_written_is_brought_to_the_disk_also_while_more_is_coming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, sync = threading.Event(), os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (sync(descriptor), synced.set()))
    with opened(tmp_path) as reports:

        def more() -> None:
            if not synced.is_set():
                reports.catch_up(more)

        more()
        reports.report("the same", wait=True)
        try:
            assert synced.wait(20)
        finally:
            synced.set()


def test_the_moment_in_which_a_report_pushes_another_out_shows_no_more_than_the_bound(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        for number in range(KEEP):
            reports.report(f"number {number}", wait=True)
        folds = reports._ledger._folds
        folds["one more"] = next(iter(folds.values()))
        assert len(reports.recent()) == KEEP


def test_a_report_that_is_waited_for_is_never_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporter_module, "DIFFERENT", 1)
    with opened(tmp_path) as reports:
        gate = Gate(reports)
        reports.report("dropped")
        reports.report("waited for", wait=True)
        assert b"waited for" in reports.journal_path.read_bytes()
        gate.open.set()


def test_waiting_writes_at_once_also_a_repeated_one(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        for calls in range(1, 4):
            reports.report("the same", wait=True)
            assert the_session(tmp_path).reports[0].count == calls


def test_what_is_waited_for_does_not_wait_behind_what_is_not(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        gate = Gate(reports)
        for number in range(1000):
            reports.report(f"number {number}")
        reports.report("urgent", wait=True)
        assert [report.message for report in the_session(tmp_path).reports] == ["urgent", "the gate"]
        gate.open.set()


def test_listeners_are_told_of_new_ones_after_they_were_written(tmp_path: Path) -> None:
    told_of: list[tuple[str, str, bool]] = []

    def listen(report: Report) -> None:
        written = report.message.encode() in reports.journal_path.read_bytes()
        told_of.append((report.message, threading.current_thread().name, written))

    with opened(tmp_path) as reports:
        reports.follow(listen)
        reports.report("one")
        reports.report("two", wait=True)
        reports.close()
    assert sorted(told_of) == [(text, WRITER, True) for text in ("one", "two")]


def test_listeners_are_told_of_grown_counts_with_the_same_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "PACE", 0.01)
    seen: list[tuple[str, int]] = []
    grown, first = threading.Event(), threading.Event()

    def listen(report: Report) -> None:
        seen.append((report.id, report.count))
        first.set()
        if report.count == 11:
            grown.set()

    with opened(tmp_path) as reports:
        reports.follow(listen)
        report_id = reports.report("the same")
        assert first.wait(20)
        for _ in range(10):
            reports.report("the same")
        assert grown.wait(20)
        assert the_session(tmp_path).reports[0].count == 11
    assert {name for name, _ in seen} == {report_id}
    assert [count for _, count in seen] == sorted({count for _, count in seen})


def test_closing_tells_the_listeners_what_has_grown(tmp_path: Path) -> None:
    seen: list[int] = []
    first = threading.Event()
    with opened(tmp_path) as reports:
        reports.follow(lambda report: (seen.append(report.count), first.set()))  # type: ignore[arg-type,func-returns-value]
        reports.report("the same")
        assert first.wait(20)
        for _ in range(10):
            reports.report("the same")
        reports.close()
    assert seen == [1, 11]


def test_a_listener_that_raises_is_removed_and_that_is_reported(tmp_path: Path) -> None:
    seen: list[str] = []

    def broken(report: Report) -> None:
        raise SystemExit(f"broken {report.id}")

    with opened(tmp_path) as reports:
        reports.follow(broken)
        reports.follow(lambda report: seen.append(report.message))
        reports.report("one")
        reports.report("two")
        reports.close()
        kinds = Counter(report.kind for report in reports.recent())
    assert kinds == {"message": 2, "SystemExit": 1} and {"one", "two"} < set(seen)


def test_a_listener_can_leave(tmp_path: Path) -> None:
    seen: list[str] = []
    with opened(tmp_path) as reports:
        leave = reports.follow(lambda report: seen.append(report.message))
        leave(), leave()
        reports.report("one")
        reports.close()
    assert seen == []


def test_the_thread_ends_with_close_and_what_comes_later_is_written_at_once(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        reports.report("before")
        reports.close()
        assert not [thread for thread in threading.enumerate() if thread.name == WRITER]
        descriptors = len(os.listdir("/proc/self/fd"))
        reports.report("after")
        reports.report("after")
        reports.report("after, waited for", wait=True)
        assert {report.message: report.count for report in the_session(tmp_path).reports} == {
            "before": 1,
            "after": 2,
            "after, waited for": 1,
        }
        reports.end({}, {})
        assert the_session(tmp_path).ended
        assert len(os.listdir("/proc/self/fd")) == descriptors and balance(reports) == 0


def test_many_sessions_leave_no_descriptors_and_no_threads(tmp_path: Path) -> None:
    def one() -> None:
        with opened(tmp_path) as reports:
            reports.begin("window")
            reports.report("x")
            reports.end({}, {})

    one()
    before = (len(os.listdir("/proc/self/fd")), threading.active_count())
    for _ in range(30):
        one()
    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == before


def test_a_key_is_in_no_byte_of_the_journal_and_not_in_memory(tmp_path: Path) -> None:
    class Holder:
        def __repr__(self) -> str:
            return f"<Holder of {KEY}>"

    def fail() -> None:
        local = KEY
        try:
            raise KeyError(KEY)
        except KeyError as error:
            raise RuntimeError(
                f"GET https://user:{KEY}@example.com/?key={KEY} by {Holder()} failed, {local[:0]}"
            ) from error

    with opened(tmp_path) as reports:
        for wait in (False, True):
            try:
                fail()
            except RuntimeError as error:
                reports.report(error, wait=wait, context={KEY: KEY, "url": f"https://x/{KEY}", "key": repr(Holder())})
            reports.report(f"text {KEY}", origin=f"task {KEY}", wait=wait)
            reports.report(ExceptionGroup(KEY, [ValueError(KEY), type(KEY, (Exception,), {})(KEY)]), wait=wait)
            reports._ledger.drop(KEY)
        reports.close()
        assert KEY not in repr(reports.recent()) and len(reports.recent()) == 3
        kept = [fold for fold in reports._known.values()]
        assert kept and all(fold.captured is None for fold in kept)
    assert KEY[9:] not in reports.journal_path.read_text()


def test_an_unknown_key_is_known_by_the_name_it_stands_under(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        reports.report("x", context={"api_key": "n0b0dy-t0ld-us", "authorization": "Basic n0b0dy-t0ld-us"})
        reports.close()
        assert "n0b0dy" not in repr(reports.recent())


def test_idle_costs_no_wake_up(tmp_path: Path) -> None:
    waits: list[float | None] = []
    with opened(tmp_path) as reports:
        writer = reports._writer
        wait, idle = writer._wait, threading.Event()

        def counted() -> Any:
            times = [at for at in (writer._flush_at, writer._sync_at) if at is not None]
            waits.append(min(times) if times else None)
            if not times and writer.queue.empty():
                idle.set()
            return wait()

        writer._wait = counted  # type: ignore[method-assign]
        reports.report("x", wait=True)
        assert idle.wait(20)
        assert waits[-1] is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "ü\udc80", "\0"]), st.sampled_from(["error", "notice"]), st.booleans())
        | st.sampled_from(["close", "begin", "end"]),
        max_size=40,
    )
)
def test_any_sequence_is_accounted_for_and_read_back_the_same(homes: object, steps: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as reports:
        expected: Counter[tuple[str, str]] = Counter()
        for step in steps:
            match step:
                case "close":
                    reports.close()
                case "begin":
                    reports.begin("window")
                case "end":
                    reports.end({}, {})
                case (text, severity, wait):
                    expected[text, severity] += 1
                    reports.report(text, severity=severity, wait=wait)
        reports.close()
        counts = reports.counts()
        assert counts.taken == expected.total() == counts.written + counts.folded
        assert sorted(report.count for report in reports.recent()) == sorted(expected.values())
        if set(steps) - {"close"}:
            session = the_session(Path(folder))
            kept = {report.id: report for report in reports.recent()}
            assert {report.id: report for report in session.reports} == kept
            assert session.damaged == 0


def test_fifty_threads_lose_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:

        def work(thread: int) -> None:
            for number in range(200):
                reports.report(f"thread {thread} number {number % 20}", wait=number % 50 == 0)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        while reports.counts().waiting:
            reports.close()
        assert balance(reports) == 0 and reports.counts().taken == 10_000
    session = the_session(tmp_path)
    assert told(session) == 10_000 and session.damaged == 0


def test_importing_brings_nothing_heavy() -> None:
    code = """
import sys
before = set(sys.modules)
import nuke_ai_panel.panel.reports
print(*sorted(set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    heavy = {
        "aiohttp",
        "keyring",
        "sqlite3",
        "PySide6",
        "nats",
        "importlib.metadata",
        "qasync",
        "asyncio",
        "platformdirs",
    }
    assert not heavy & set(done.stdout.split()), done.stdout


def test_the_flood_of_a_whole_floor_is_accounted_for(tmp_path: Path) -> None:
    flood = Path(__file__).parents[2] / "support" / "report_flood.py"
    for kind in ("equal", "different"):
        done = subprocess.run(
            [sys.executable, str(flood), str(tmp_path / kind), kind, "20000", "50"], capture_output=True, text=True
        )
        figures = json.loads(done.stdout)
        assert figures["lost"] == 0 and figures["taken"] == 20_000
        assert figures["dropped"] == figures["dropped_by_journal"]


def test_reports_are_taken_without_an_event_loop_module_running(tmp_path: Path) -> None:
    assert run("reports.report('x'); reports.close(); print(reports.counts().written)", tmp_path) == "1\n"
    assert Reports(redactor=Redactor(), clock=time.time).folder.name == "journal"
