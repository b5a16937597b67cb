"""The file on the disk: whole lines, one process each, private, bounded, and honest when there is no room."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import time
import types
from pathlib import Path

import pytest
from nuke_ai_panel.panel.reports import Reports, locks, past_sessions, private_file
from nuke_ai_panel.panel.reports import journal as journal_module
from nuke_ai_panel.panel.reports.journal import (
    LATER_PARTS,
    SESSIONS,
    Journal,
    is_running,
    journal_folder,
    remove_old_sessions,
    session_name,
    sessions_in,
)
from nuke_ai_panel.providers.redact import Redactor
from report_journals import balance, lines, opened, run, the_session, told

HEAD = b'{"session":{"pid":1}}\n'


def journal(folder: Path, part_bytes: int = 1000) -> Journal:
    return Journal(folder / f"{session_name(0, 4711)}.jsonl", lambda: HEAD, part_bytes=part_bytes)


def test_the_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with opened(tmp_path / "a" / "journal") as reports:
            reports.report("x", wait=True)
            path = reports.journal_path
            modes = [stat.S_IMODE(os.stat(place).st_mode) for place in (path.parent, path)]
    finally:
        os.umask(before)
    assert modes == [0o700, 0o600]


def test_nothing_is_made_before_the_first_report(tmp_path: Path) -> None:
    with opened(tmp_path / "journal") as reports:
        assert reports.recent() == () and reports.counts().taken == 0
        reports.close()
    assert not (tmp_path / "journal").exists()


def test_each_line_is_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: (written.append(data), write(descriptor, data))[1])
    with opened(tmp_path) as reports:
        for number in range(5):
            reports.report(f"number {number}", wait=True)
    assert len(written) == 6 and all(data.endswith(b"\n") and data.count(b"\n") == 1 for data in written)


def test_a_session_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    book = journal(tmp_path)
    for number in range(400):
        book.write(b'{"number":%d}\n' % number)
    book.close()
    [files] = sessions_in(tmp_path).values()
    assert len(files) == 1 + LATER_PARTS
    assert all(file.read_bytes().startswith(HEAD) for file in files)
    numbers = [line["number"] for file in files for line in lines(file) if "number" in line]
    assert numbers[0] == 0 and numbers[-1] == 399 and len(numbers) < 300


def test_reports_of_a_part_that_is_gone_are_whole_in_the_next(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        reports._ledger.journal._part_bytes = 2_000
        for number in range(100):
            reports.report("the same all the time", wait=True)
            reports.report(f"another {number} {'x' * 100}", wait=True)
    [session] = past_sessions(tmp_path)
    [same] = [report for report in session.reports if report.message == "the same all the time"]
    assert same.count > 1 and not [report for report in session.reports if not report.message]


def test_what_was_dropped_is_known_however_many_parts_are_gone(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        reports._ledger.journal._part_bytes = 2_000
        reports._ledger.drop("ValueError")
        reports._taken.add()
        for number in range(100):
            reports.report(f"another {number} {'x' * 100}", wait=True)
    assert the_session(tmp_path).dropped == 1 and balance(reports) == 0


def test_the_lock_is_held_until_the_journal_is_closed_also_through_rotations(tmp_path: Path) -> None:
    book = journal(tmp_path, part_bytes=10)
    for _ in range(10):
        book.write(b"{}\n")
        assert is_running(book.path)
    book.close()
    assert not is_running(book.path)


def test_old_sessions_are_removed_and_running_ones_stay(tmp_path: Path) -> None:
    running = journal(tmp_path)
    running.write(b"{}\n")
    for second in range(1, 31):
        (tmp_path / f"{session_name(second * 1e6, 1)}.jsonl").write_bytes(HEAD)
        (tmp_path / f"{session_name(second * 1e6, 2)}.crash").write_bytes(b"Fatal")
    (tmp_path / "notes.txt").write_text("not ours")
    remove_old_sessions(tmp_path)
    names = list(sessions_in(tmp_path))
    assert len(names) == 11 and names[-1] == running.path.stem
    assert (tmp_path / "notes.txt").exists()
    running.close()


def test_a_session_that_begins_removes_the_old_ones(tmp_path: Path) -> None:
    for started in range(SESSIONS + 5):
        (tmp_path / f"{session_name(started, 1)}.jsonl").write_bytes(HEAD)
    with opened(tmp_path) as reports:
        reports.report("x", wait=True)
        assert reports.journal_path.exists() and len(sessions_in(tmp_path)) == SESSIONS


def test_a_clock_that_was_ahead_once_makes_no_session_the_last_one_for_ever(tmp_path: Path) -> None:
    ahead, old, new = (session_name(when, 1) for when in (time.time() + 1e9, 1e9, time.time()))
    for name in (ahead, old, new):
        (tmp_path / f"{name}.jsonl").write_bytes(HEAD)
    assert list(sessions_in(tmp_path)) == [new, old, ahead]
    remove_old_sessions(tmp_path, sessions=2)
    assert list(sessions_in(tmp_path)) == [new, old]


def test_a_clock_that_is_a_little_ahead_is_another_machines(tmp_path: Path) -> None:
    """A home on the network; the other one is just being opened there, and has no lock yet."""
    ahead, ours = session_name(time.time() + 600, 1), session_name(time.time(), 1)
    for name in (ahead, ours):
        (tmp_path / f"{name}.jsonl").write_bytes(b"")
    assert list(sessions_in(tmp_path)) == [ahead, ours]


def test_journals_of_single_commands_give_way_to_those_of_sessions(tmp_path: Path) -> None:
    """A script asks a hundred times and fails; the Nuke that crashed before is what somebody will want to know of."""
    crashed = session_name(1e6, 1)
    (tmp_path / f"{crashed}.jsonl").write_bytes(b'{"session":{"way_in":"nuke","pid":1}}\n')
    for second in range(2, 32):
        (tmp_path / f"{session_name(second * 1e6, 1)}.jsonl").write_bytes(b'{"session":{"way_in":"","pid":1}}\n')
    remove_old_sessions(tmp_path)
    names = list(sessions_in(tmp_path))
    assert crashed in names and len(names) <= 11


def test_a_journal_that_another_process_removes_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = journal(tmp_path)

    def removed(descriptor: int) -> bool:
        monkeypatch.undo()
        book.path.unlink()
        return locks.take_lock(descriptor)

    monkeypatch.setattr(journal_module, "take_lock", removed)
    book.write(b'{"number":1}\n')
    assert book.path.read_bytes() == HEAD + b'{"number":1}\n' and is_running(book.path)
    book.close()


def test_without_a_home_folder_nothing_is_left_where_the_program_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    reports = Reports(redactor=Redactor())
    reports.begin("window")
    reports.report("x", wait=True)
    reports.end({}, {})
    reports.close()
    assert not list(tmp_path.iterdir()) and [report.message for report in reports.recent()] == ["x"]
    assert reports.counts().unwritten == 1


def test_the_folder_is_bounded_in_bytes(tmp_path: Path) -> None:
    for second in range(1, 6):
        with (tmp_path / f"{session_name(second * 1e6, 1)}.jsonl").open("wb") as file:
            file.truncate(6_000_000)
    remove_old_sessions(tmp_path)
    assert len(sessions_in(tmp_path)) == 2  # and 6 MB for what the newest may still write


def test_half_a_line_of_a_full_disk_spoils_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = journal(tmp_path)
    book.write(b'{"number":1}\n')
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:5]))
    with pytest.raises(OSError, match="No space"):
        book.write(b'{"number":2}\n')
    monkeypatch.undo()
    book.write(b'{"number":3}\n')
    book.close()
    assert book.path.read_bytes() == HEAD + b'{"number":1}\n{"num\n{"number":3}\n'


FULL = """
import resource
reports.report("before", wait=True)
used = reports.journal_path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (used + 100, resource.RLIM_INFINITY))
for number in range(700):
    reports.report(f"no room {number}", wait=number % 2 == 0)
    reports.report("no room, the same")
while reports._writer.queue.qsize():
    os.sched_yield()
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
reports.report("room again", wait=True)
reports.close()
counts = reports.counts()
print(counts.taken, counts.written + counts.folded, counts.unwritten, counts.waiting)
"""


def test_a_full_disk_raises_nothing_and_is_told_when_there_is_room_again(tmp_path: Path) -> None:
    taken, kept, unwritten, waiting = map(int, run(FULL, tmp_path).split())
    session = the_session(tmp_path)
    # 700 different ones do not fit into memory: the oldest are given up, the others written when there is room.
    assert waiting == 0 and 150 < unwritten < 300 and kept + unwritten == taken
    assert session.unwritten == unwritten and told(session) == taken
    assert session.reports[0].message == "room again" or session.reports[1].message == "room again"
    assert session.damaged <= 1  # the half line that did fit


def test_a_device_that_is_full_for_ever_costs_nothing_but_the_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_file, "_FLAGS", os.O_WRONLY | os.O_APPEND)
    with opened(tmp_path) as reports:
        os.symlink("/dev/full", tmp_path / "full")
        reports._ledger.journal.path = tmp_path / "full"
        reports._ledger.journal._lock = private_file.PrivateFile(tmp_path / "full")
        for number in range(50):
            reports.report(f"number {number}", wait=number % 2 == 0)
        reports.close()
        counts = reports.counts()
        assert (counts.taken, counts.unwritten, balance(reports)) == (50, 50, 0)
        assert len(reports.recent()) == 50


READ_ONLY = """
reports.report("before", wait=True)
reports.close()
os.chmod(folder, 0o500)
if os.geteuid() == 0:
    os.setuid(65534)
second = Reports(redactor=redactor, folder=folder / "deeper")
third = Reports(redactor=redactor, folder=folder)
for other in (second, third):
    for number in range(10):
        other.report(f"nowhere {number}", wait=number % 2 == 0)
    other.close()
    print(other.counts().unwritten, len(other.recent()))
"""


def test_a_folder_that_cannot_be_written_raises_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    for parent in (tmp_path, *tmp_path.parents):  # a process that gave up root must be able to come here
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    try:
        assert run(READ_ONLY, folder).split() == ["10", "10"] * 2
    finally:
        folder.chmod(0o700)
    (tmp_path / "a file").touch()
    with opened(tmp_path / "a file" / "journal") as reports:
        reports.report("nowhere", wait=True)
        reports.close()
        assert reports.counts().unwritten == 1


def test_a_folder_deleted_underneath_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    with opened(folder) as reports:
        reports.report("the same", wait=True)
        shutil.rmtree(folder)
        reports.report("the same", wait=True)
        reports.report("another", wait=True)
        assert is_running(reports.journal_path)
    session = the_session(folder)
    assert {report.message for report in session.reports} == {"the same", "another"}
    assert session.pid == os.getpid()


def test_a_descriptor_that_a_plug_in_has_closed_is_opened_again(tmp_path: Path) -> None:
    with opened(tmp_path) as reports:
        reports.report("before", wait=True)
        os.close(reports._ledger.journal._file.descriptor)
        reports.report("after", wait=True)
        assert is_running(reports.journal_path) and balance(reports) == 0
    assert {report.message for report in the_session(tmp_path).reports} == {"before", "after"}


def test_no_line_goes_into_a_file_that_has_got_our_number_and_it_is_not_closed_either(tmp_path: Path) -> None:
    with opened(tmp_path / "journal") as reports:
        reports.report("before", wait=True)
        number = reports._ledger.journal._file.descriptor
        with open(tmp_path / "comp.nk", "wb") as comp:
            os.dup2(comp.fileno(), number)
            reports.report("after", wait=True)
            reports.close()
            assert (tmp_path / "comp.nk").read_bytes() == b""
            os.close(number)
    assert {report.message for report in the_session(tmp_path / "journal").reports} == {"before", "after"}


def test_a_part_that_is_full_is_brought_to_the_disk_before_it_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, synced, sync = journal(tmp_path, part_bytes=40), [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (synced.append(os.fstat(descriptor).st_ino), sync(descriptor)))
    for number in range(8):
        book.write(b'{"number":%d}\n' % number)
    book.sync()
    book.close()
    [files] = sessions_in(tmp_path).values()
    assert len(files) > 2 and {file.stat().st_ino for file in files} <= set(synced)


def test_two_processes_at_once_have_a_journal_each(tmp_path: Path) -> None:
    code = """
    other = Reports(redactor=redactor, folder=folder)
    for number in range(200):
        reports.report(f"number {number}", wait=number % 3 == 0)
        other.report(f"number {number}", wait=number % 3 == 0)
    reports.close(), other.close()
    """
    run(code, tmp_path), run(code, tmp_path)
    sessions = list(past_sessions(tmp_path))
    assert len(sessions) == 4
    assert all(len(session.reports) == 200 and not session.damaged for session in sessions)


def test_the_same_process_number_at_the_same_time_is_another_session(tmp_path: Path) -> None:
    with opened(tmp_path, clock=lambda: 1e9) as one, opened(tmp_path, clock=lambda: 1e9) as two:
        one.report("one", wait=True)
        two.report("two", wait=True)
        assert one.journal_path != two.journal_path
        assert len(list(past_sessions(tmp_path))) == 2


def test_windows_locks_a_byte_behind_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def locking(descriptor: int, mode: int, length: int) -> None:
        asked.append((os.lseek(descriptor, 0, os.SEEK_CUR), length))
        if len(asked) > 1:
            raise PermissionError(13, "locked")

    fake = types.SimpleNamespace(__name__="msvcrt", LK_NBLCK=2, locking=locking)
    monkeypatch.setattr(locks, "_system", fake)
    with open(tmp_path / "file", "wb") as file:
        assert locks.try_lock(file.fileno()) and not locks.try_lock(file.fileno())
    assert asked == [(0x7FFF0000, 1)] * 2 and (tmp_path / "file").stat().st_size == 0


def test_a_file_system_without_locks_keeps_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(descriptor: int, how: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(
        locks, "_system", types.SimpleNamespace(__name__="fcntl", LOCK_SH=1, LOCK_EX=2, LOCK_NB=4, flock=flock)
    )
    with opened(tmp_path) as reports:
        reports.report("x", wait=True)
        assert not the_session(tmp_path).running


def test_on_a_network_drive_who_may_only_read_sees_that_a_session_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NFS refuses an exclusive lock on what is open for reading; that was taken for nobody holding it."""
    fcntl = locks._system
    flock = fcntl.flock

    def of_nfs(descriptor: int, how: int) -> None:
        if how & fcntl.LOCK_EX and fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", of_nfs)
    book = journal(tmp_path)
    book.write(b"{}\n")
    assert is_running(book.path)
    book.close()
    assert not is_running(book.path)


def test_somebody_who_only_looks_is_no_session_that_runs(tmp_path: Path) -> None:
    book = journal(tmp_path)
    book.write(b"{}\n")
    book.close()
    with book.path.open("rb") as looking:
        assert not locks.is_held(looking.fileno())
        assert not is_running(book.path)


def test_journals_are_in_the_users_log_folder() -> None:
    assert journal_folder().name == "journal" and "nuke-ai-panel" in str(journal_folder())
