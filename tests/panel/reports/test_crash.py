"""When the interpreter itself dies, the next start reads where it was."""

from __future__ import annotations

import stat
from pathlib import Path

from report_journals import run, the_session

CRASHING = """
import faulthandler
reports.begin("window")
begun = threading.Event()
reports.catch_up(begun.set)
begun.wait()
reports.report("the last words", wait=True)
"""


def test_the_next_start_reads_the_stacks_of_a_crash(tmp_path: Path) -> None:
    code = CRASHING + "def deep_inside():\n    faulthandler._sigsegv()\ndeep_inside()"
    run(code, tmp_path, status=-11)
    session = the_session(tmp_path)
    assert session.crashed and session.reports[0].message == "the last words"
    assert "Segmentation fault" in session.crash and "deep_inside" in session.crash
    [file] = tmp_path.glob("*.crash")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_kill_leaves_a_crashed_session_without_a_text(tmp_path: Path) -> None:
    run(CRASHING + "os.kill(os.getpid(), 9)", tmp_path, status=-9)
    assert the_session(tmp_path).crashed and the_session(tmp_path).crash == ""


def test_a_process_that_ends_in_order_leaves_no_crash_file(tmp_path: Path) -> None:
    code = CRASHING + "reports.end({}, {}); reports.close(); print(faulthandler.is_enabled())"
    assert run(code, tmp_path) == "False\n"
    assert not list(tmp_path.glob("*.crash")) and the_session(tmp_path).ended


def test_a_text_that_was_written_is_kept_when_the_process_goes_on(tmp_path: Path) -> None:
    code = CRASHING + "faulthandler.dump_traceback(reports._crash_log._file.descriptor)\nreports.close()"
    run(code, tmp_path)
    assert "most recent call first" in the_session(tmp_path).crash


def test_in_a_host_faulthandler_is_the_hosts(tmp_path: Path) -> None:
    code = CRASHING.replace("window", "nuke") + "print(faulthandler.is_enabled()); reports.close()"
    assert run(code, tmp_path) == "False\n" and not list(tmp_path.glob("*.crash"))


def test_a_faulthandler_that_somebody_has_turned_on_is_left_alone(tmp_path: Path) -> None:
    code = "import faulthandler\nfaulthandler.enable()" + CRASHING + "reports.close(); print(faulthandler.is_enabled())"
    assert run(code, tmp_path) == "True\n" and not list(tmp_path.glob("*.crash"))


def test_a_forked_child_that_ends_leaves_its_parents_file_alone(tmp_path: Path) -> None:
    code = """
child = os.fork()
if child == 0:
    reports.close()
    os._exit(0)
os.waitpid(child, 0)
faulthandler._sigsegv()
"""
    run(CRASHING + code, tmp_path, status=-11)
    assert "Segmentation fault" in the_session(tmp_path).crash
