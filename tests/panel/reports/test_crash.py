"""When the interpreter itself dies, the next start reads where it was."""

from __future__ import annotations

import stat
from pathlib import Path

from report_journals import run, the_session

CRASHING = """
from nuke_ai_panel.panel.reports.crash import CrashLog
reports.begin("window")
log = CrashLog(reports.journal_path)
log.start()
reports.report("the last words", wait=True)
"""


def test_the_next_start_reads_the_stacks_of_a_crash(tmp_path: Path) -> None:
    code = CRASHING + "import faulthandler\ndef deep_inside():\n    faulthandler._sigsegv()\ndeep_inside()"
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
    run(CRASHING + "log.stop(); log.stop(); reports.end({}, {}); reports.close()", tmp_path)
    assert not list(tmp_path.glob("*.crash")) and the_session(tmp_path).ended


def test_a_text_that_was_written_is_kept_when_the_process_goes_on(tmp_path: Path) -> None:
    code = CRASHING + "import faulthandler\nfaulthandler.dump_traceback(log._descriptor)\nlog.stop()\nreports.close()"
    run(code, tmp_path)
    assert "most recent call first" in the_session(tmp_path).crash
