"""Two installers in one folder: a login script on two machines that mount one home, or a second click."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from nuke_ai_panel import install_nuke
from nuke_ai_panel.installing import disk, lock
from nuke_ai_panel.installing.menu_block import SITE
from nuke_ai_panel.installing.nuke_folder import LOCK
from nuke_ai_panel.installing.trouble import Trouble
from nuke_folder import panel_wheels, picture

SCRIPT = install_nuke.__file__
HOLD = """
import sys
from pathlib import Path
from nuke_ai_panel.installing import lock
with lock.alone(Path(sys.argv[1]), Path()):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return panel_wheels(tmp_path_factory.mktemp("wheels") / "wheels")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (folder := tmp_path / ".nuke").mkdir()
    (folder / "menu.py").write_bytes(b"import nuke\r\n")
    return folder


def run(action: str, folder: Path, wheels: Path) -> int:
    return install_nuke.main([action, "--nuke-dir", str(folder), "--wheels", str(wheels)])


@pytest.mark.parametrize("action", ["install", "uninstall"])
def test_the_second_is_sent_away_and_changes_nothing(folder: Path, wheels: Path, action: str, capsys) -> None:
    run("install", folder, wheels)
    with lock.alone(folder / SITE / LOCK, folder):
        before = picture(folder)
        assert run(action, folder, wheels) == 1
        assert f"Another install or uninstall is at work in {folder}." in capsys.readouterr().err
        assert picture(folder) == before
    assert run(action, folder, wheels) == 0


def test_one_that_was_killed_holds_nobody_up(folder: Path, wheels: Path) -> None:
    before = picture(folder)
    (folder / SITE).mkdir()
    command = [sys.executable, "-c", HOLD, str(folder / SITE / LOCK)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdout.readline().strip() == b"held"
        assert run("install", folder, wheels) == 1
        holder.kill()
    assert run("install", folder, wheels) == 0 and not (folder / SITE / LOCK).exists()
    assert run("uninstall", folder, wheels) == 0 and picture(folder) == before


def test_a_share_that_knows_no_locks_is_installed_to_all_the_same(folder: Path, wheels: Path, monkeypatch) -> None:
    fcntl = pytest.importorskip("fcntl")

    def unknown(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unknown)
    before = picture(folder)
    assert run("install", folder, wheels) == 0 and run("uninstall", folder, wheels) == 0
    assert picture(folder) == before


@pytest.mark.parametrize("actions", [["install"] * 4, ["install", "uninstall"] * 2], ids="-".join)
def test_many_at_once_leave_a_folder_in_order(tmp_path: Path, wheels: Path, actions: list[str]) -> None:
    """Where there was none before: each makes it, or finds it, or is sent away."""
    folder = tmp_path / "home" / ".nuke"
    folder.parent.mkdir()
    options = ["--nuke-dir", str(folder), "--wheels", str(wheels)]
    started = [
        subprocess.Popen([sys.executable, "-I", SCRIPT, action, *options], stdout=subprocess.DEVNULL)
        for action in actions
    ]
    codes = [process.wait() for process in started]
    assert 0 in codes and set(codes) <= {0, 1}
    assert run("install", folder, wheels) == 0 and run("status", folder, wheels) == 0
    assert run("uninstall", folder, wheels) == 0 and picture(folder.parent).keys() == {"."}


def test_a_lock_that_was_removed_while_we_took_it_is_none(tmp_path: Path, monkeypatch) -> None:
    """Its holder ended between our opening it and our locking it: the next one would make a new file, and lock that."""
    fcntl = pytest.importorskip("fcntl")
    path, flock, removals = tmp_path / LOCK, fcntl.flock, [1]

    def late(descriptor: int, operation: int) -> None:
        if removals:
            removals.pop()
            path.unlink()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with lock.alone(path, tmp_path):
        with pytest.raises(Trouble), lock.alone(path, tmp_path):
            pass
    assert not removals and not path.exists()


@pytest.mark.parametrize("name", ["replace", "rename"])
def test_a_virus_scanner_that_still_reads_is_waited_for(folder: Path, wheels: Path, name: str, monkeypatch) -> None:
    refusals, waits = [PermissionError(errno.EACCES, "in use")] * 3, list[float]()
    step = getattr(os, name)

    def refused(*arguments: Path) -> None:
        if refusals:
            raise refusals.pop()
        step(*arguments)

    monkeypatch.setattr(disk, "TRIES", 5)
    monkeypatch.setattr("time.sleep", waits.append)
    monkeypatch.setattr(os, name, refused)
    assert run("install", folder, wheels) == 0 and len(waits) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_stopped_by_ctrl_c_nothing_is_left(folder: Path, wheels: Path) -> None:
    """A real signal, in the middle of the work."""
    before = picture(folder)
    stop = "import os, signal, sys; sys.path[0] = ''\nfrom nuke_ai_panel import install_nuke\n"
    stop += "from nuke_ai_panel.installing import fetching\n"
    stop += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored where tests run in the background
    stop += f"fetching.unpack = lambda *_: os.kill(os.getpid(), {int(signal.SIGINT)})\n"
    stop += "sys.exit(install_nuke.main(sys.argv[1:]))"
    options = ["install", "--nuke-dir", str(folder), "--wheels", str(wheels)]
    done = subprocess.run([sys.executable, "-c", stop, *options], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "install: stopped\n") and picture(folder) == before
