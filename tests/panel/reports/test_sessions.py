"""What is read back: of sessions that ended, that run, that crashed, and of files that something has damaged."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.panel.loop_stats import LoopStats
from nuke_ai_panel.panel.presenters.bundle import session_as_json, session_as_text
from nuke_ai_panel.panel.reports import adopt, crashed_sessions, past_sessions, sessions
from nuke_ai_panel.panel.reports.journal import session_name
from nuke_ai_panel.providers.redact import Redactor
from report_journals import KEY, opened, run, running, the_session


def test_a_session_that_ended_says_what_it_left_and_its_figures(tmp_path: Path) -> None:
    with opened(tmp_path, clock=lambda: 1000.5) as reports:
        reports.begin("window")
        reports.end({"tasks": ["application/pane"], "sockets": ()}, {"lag": {"p99": 1.5}, "odd": object, "n": None})
    session = the_session(tmp_path)
    assert (session.way_in, session.pid, session.started, session.ended) == ("window", os.getpid(), 1000.5, 1000.5)
    assert session.left == {"tasks": ("application/pane",), "sockets": ()}
    assert session.figures == {"lag": {"p99": 1.5}, "odd": "<class 'object'>", "n": None}
    assert session.versions["panel"] and session.versions["python"] and session.versions["system"]
    assert not session.running and not session.crashed


def test_what_a_session_left_and_its_figures_are_without_secrets(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        reports.begin("window")
        reports.end({KEY: [f"task of {KEY}"]}, {"deep": [{"in": [{"it": KEY}]}], "object": Exception(KEY)})
    assert KEY.encode() not in reports.journal_path.read_bytes()
    assert the_session(tmp_path).ended


def test_begin_writes_the_session_line_also_after_a_report(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        reports.report("early", wait=True)
        assert the_session(tmp_path).way_in == ""
        reports.begin("nuke")
        reports.close()
        assert the_session(tmp_path).way_in == "nuke" and len(the_session(tmp_path).reports) == 1


def test_a_session_that_only_reported_was_not_begun_and_did_not_crash(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        reports.report("from a test, or a plug-in", wait=True)
    assert not the_session(tmp_path).crashed


def test_a_running_session_is_seen_as_such_and_a_killed_one_as_crashed(tmp_path: Path) -> None:
    code = """
    reports.begin("window")
    reports.report("the last words", wait=True)
    print("ready", flush=True)
    sys.stdin.read()
    """
    with running(code, tmp_path) as process:
        session = the_session(tmp_path)
        assert session.running and session.pid == process.pid and not session.crashed
        assert not adopt(session)
        process.kill()
        process.wait()
        session = the_session(tmp_path)
        assert session.crashed and not session.adopted and session.reports[0].message == "the last words"


def crashed(folder: Path) -> None:
    run('reports.begin("window"); reports.report("x", wait=True); os.kill(os.getpid(), 9)', folder, status=-9)


def test_a_crashed_session_is_adopted_once(tmp_path: Path) -> None:
    crashed(tmp_path)
    session = the_session(tmp_path)
    assert list(crashed_sessions(tmp_path)) == [session]
    assert adopt(session) and not adopt(session)
    assert the_session(tmp_path).adopted and the_session(tmp_path).crashed
    assert not list(crashed_sessions(tmp_path))


def test_of_several_processes_that_start_at_once_one_adopts_each_crashed_session(tmp_path: Path) -> None:
    for _ in range(3):
        crashed(tmp_path)
    code = """
    from nuke_ai_panel.panel.reports import adopt, crashed_sessions
    print("ready", flush=True)
    sys.stdin.readline()
    print(sum(adopt(session) for session in crashed_sessions(folder)))
    """
    with contextlib.ExitStack() as started:
        processes = [started.enter_context(running(code, tmp_path)) for _ in range(4)]
        for process in processes:
            print(file=process.stdin, flush=True)
        adopted = [int(process.stdout.readline()) for process in processes]
    assert sum(adopted) == 3
    marks = [file.read_bytes().count(b'{"adopted":') for file in tmp_path.glob("*.jsonl")]
    assert marks == [1, 1, 1]


def test_only_what_crashed_is_parsed_to_be_adopted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is done at each start, beside the first answer; ten full journals take half a second of CPU."""
    crashed(tmp_path)
    for _ in range(3):
        with opened(tmp_path) as reports:
            reports.begin("window")
            reports.end({}, {})
    parsed: list[bytes] = []
    read = sessions.read_line
    monkeypatch.setattr(sessions, "read_line", lambda raw: (parsed.append(raw), read(raw))[1])
    [session] = crashed_sessions(tmp_path)
    assert session.reports[0].message == "x" and len(parsed) == 2


def test_sessions_are_read_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wants the last one reads the last one."""
    for _ in range(3):
        with opened(tmp_path) as reports:
            reports.begin("window")
    read: list[Path] = []
    monkeypatch.setattr(sessions, "_read", lambda file: (read.append(file), b"")[1])
    next(past_sessions(tmp_path))
    assert len(read) == 1


def test_a_session_that_cannot_be_marked_is_not_adopted(tmp_path: Path) -> None:
    crashed(tmp_path)
    session = the_session(tmp_path)
    session.path.unlink()
    assert not adopt(session)


def test_a_torn_last_line_and_a_mark_behind_it_are_both_read(tmp_path: Path) -> None:
    crashed(tmp_path)
    path = the_session(tmp_path).path
    with path.open("ab") as file:
        file.write(b'{"report":{"id":"a-9","mess')
    session = the_session(tmp_path)
    assert session.damaged == 1 and len(session.reports) == 1
    assert adopt(session)
    assert the_session(tmp_path).adopted and the_session(tmp_path).damaged == 1


GARBAGE = [
    b"\xff\xfe\x00garbage",
    b"[" * 100_000,
    b"null",
    b"5",
    b"[1]",
    b"{}",
    b'{"report": 5}',
    b'{"report": {}}',
    b'{"report": {"id": 5, "count": 1}}',
    b'{"report": {"id": "a", "count": -1}}',
    b'{"report": {"id": "a", "count": 1e400}}',
    b'{"again": {"id": "a"}}',
    b'{"what": {}}',
    b'{"a": 1, "b": 2}',
    b'{"report": {"id": "a", "count": ' + b"9" * 5000 + b"}}",
    b"x" * 1_000_000,
]


def test_garbage_between_the_lines_is_counted_and_skipped(tmp_path: Path) -> None:
    crashed(tmp_path)
    path = the_session(tmp_path).path
    with path.open("ab") as file:
        file.write(
            b"\n".join(GARBAGE) + b'\n{"report":{"id":"b","count":2,"severity":"loud","trace":7,"context":[]}}\n'
        )
    session = the_session(tmp_path)
    assert session.damaged == len(GARBAGE)
    [odd] = [report for report in session.reports if report.id == "b"]
    assert (odd.count, odd.severity, odd.trace, odd.context) == (2, "error", (), {})


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_journal(homes: object, raw: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{session_name(0, 1)}.jsonl").write_bytes(raw)
        session = the_session(Path(folder))
        assert session.damaged <= raw.count(b"\n") + 1


def test_an_endless_file_is_read_in_part(tmp_path: Path) -> None:
    path = tmp_path / f"{session_name(0, 1)}.jsonl"
    with path.open("wb") as file:
        file.truncate(10_000_000_000)
    assert the_session(tmp_path).damaged == 1


def test_a_journal_of_a_hundred_megabytes_is_adopted_once_and_its_end_is_seen(tmp_path: Path) -> None:
    crashed(tmp_path)
    path = the_session(tmp_path).path
    with path.open("ab") as file:
        file.truncate(100_000_000)
        file.write(b'\n{"again":{"id":"late","more":3,"last":7}}\n')
    [session] = crashed_sessions(tmp_path)
    assert {report.id for report in session.reports} >= {"late"} and len(session.reports) > 1
    assert adopt(session) and not adopt(session)
    assert not list(crashed_sessions(tmp_path))
    with path.open("ab") as file:
        file.write(b'{"end":{"at":9.0}}\n')
    assert the_session(tmp_path).ended == 9.0


@pytest.mark.parametrize("garbage", [b"x\n", b"{\n", b'{"a":{}}\n', b"\n\n0\n"], ids=["x", "brace", "json", "blank"])
def test_a_file_full_of_other_lines_costs_less_than_a_journal(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / f"{session_name(0, 1)}.jsonl"
    path.write_bytes(garbage * 400_000 + b'{"session":{"way_in":"nuke"}}\n')
    before = time.process_time()
    session = the_session(tmp_path)
    assert time.process_time() - before < 1  # 0.02 s; each of them read as JSON takes 3 s
    assert session.way_in == "nuke" and session.damaged == 400_000


@pytest.mark.parametrize("number", ["9" * 4300, "-9", "1e400", "NaN", "-Infinity", "1e12", "true", "null"])
def test_whatever_number_stands_in_a_journal_the_session_can_be_told(tmp_path: Path, number: str) -> None:
    figures = ",".join(f'"{field.name}":{number}' for field in dataclasses.fields(LoopStats))
    path = tmp_path / f"{session_name(0, 1)}.jsonl"
    path.write_text(
        f'{{"session":{{"way_in":"nuke","pid":{number},"started":{number}}}}}\n'
        f'{{"report":{{"id":"a","kind":"K","count":1,"first":{number},"last":{number}}}}}\n'
        f'{{"again":{{"id":"a","more":{number},"last":{number}}}}}\n'
        f'{{"dropped":{{"calls":{number}}}}}\n{{"end":{{"at":{number},"figures":{{{figures}}}}}}}\n'
    )
    session = the_session(tmp_path)
    text = session_as_text(session, Redactor())
    assert "It ended in order" in text and "K" in text
    assert json.loads(json.dumps(session_as_json(session, Redactor()), allow_nan=False))


def test_a_count_whose_first_line_is_gone_still_counts(tmp_path: Path) -> None:
    path = tmp_path / f"{session_name(0, 1)}.jsonl"
    path.write_bytes(b'{"again":{"id":"a","more":5,"last":7}}\n{"report":{"id":"a","kind":"K","first":1,"count":2}}\n')
    [report] = the_session(tmp_path).reports
    assert (report.kind, report.count, report.first, report.last) == ("K", 7, 1.0, 7.0)


def test_sessions_are_newest_first_and_no_folder_is_none(tmp_path: Path) -> None:
    for started in (1e9, 1.5e9, 1.2e9):
        with opened(tmp_path, clock=lambda started=started: started) as reports:
            reports.report("x", wait=True)
    assert [session.started for session in past_sessions(tmp_path)] == [1.5e9, 1.2e9, 1e9]
    assert not list(past_sessions(tmp_path / "nowhere"))


def test_a_clock_that_was_set_back_makes_no_report_end_before_it_began(tmp_path: Path) -> None:
    times = iter([5000.0, 4000.0, 100.0, 50.0, 20.0])
    with opened(tmp_path, clock=lambda: next(times)) as reports:
        reports.report("x", wait=True)
        reports.report("x", wait=True)
        reports.end({}, {})
        reports.close()
        assert [(report.first, report.last) for report in reports.recent()] == [(4000.0, 4000.0)]
    [report] = the_session(tmp_path).reports
    assert (report.first, report.last, report.count) == (4000.0, 4000.0, 2)
