"""Whatever call to the system fails, and wherever the installer is killed: menu.py is whole, the next run repairs."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nuke_ai_panel import install_nuke
from nuke_ai_panel.installing.actions import install
from nuke_ai_panel.installing.menu_block import SITE, blocks
from nuke_ai_panel.installing.nuke_folder import NukeFolder
from nuke_ai_panel.installing.release import differences
from nuke_ai_panel.installing.target import Target
from nuke_folder import FailingCalls, Killed, panel_wheels, picture

TARGET = Target("linux", "x86_64")
FULL = OSError(errno.ENOSPC, "No space left on device")


class Case:
    """One Nuke folder that is put back to a state before each attempt."""

    def __init__(self, home: Path, wheels: Path, newer: Path) -> None:
        self.folder = home / ".nuke"
        self._home, self._wheels, self._newer = home, wheels, newer

    def install(self) -> int:
        return self._main("install", "--wheels", str(self._wheels))

    def upgrade(self) -> int:
        return self._main("install", "--wheels", str(self._newer))

    def uninstall(self) -> int:
        return self._main("uninstall")

    def _main(self, action: str, *more: str) -> int:
        return install_nuke.main([action, "--nuke-dir", str(self.folder), *more])

    def picture(self) -> dict[str, object]:
        return picture(self._home)

    def menu(self) -> bytes | None:
        menu = self.folder / "menu.py"
        return menu.read_bytes() if menu.exists() else None

    def is_in_order(self) -> bool:
        return self._main("status") == 0

    def starts_a_whole_release(self) -> bool:
        return all(not differences(self.folder / SITE / block.release) for block in blocks(self.menu() or b""))


@pytest.fixture(scope="module")
def wheel_folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    base = tmp_path_factory.mktemp("wheels")
    return panel_wheels(base / "one"), panel_wheels(base / "newer", "0.2.0")


NO_FOLDER, MENU = "no folder", "a folder with a menu.py"


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path, wheel_folders: tuple[Path, Path]) -> Case:
    case = Case(tmp_path / "home", *wheel_folders)
    (tmp_path / "home").mkdir()
    if request.param == MENU:
        case.folder.mkdir()
        (case.folder / "menu.py").write_bytes(b"import nuke\r\nmine = 1")
    return case


def attempts(calls: FailingCalls, action: Callable[[], object], error: OSError | None) -> Iterator[object]:
    """What `action` did with its first call failing, then its second, until none fails. The caller resets between."""
    for number in range(1, 1000):
        with calls.at(number, error):
            try:
                done = action()
            except Killed:
                done = "killed"
        if not calls.failed:
            return
        yield done


@pytest.mark.parametrize(("case", "error"), [(NO_FOLDER, None), (NO_FOLDER, FULL), (MENU, None)], indirect=["case"])
def test_an_install_that_fails_anywhere_is_repaired_by_the_next(case: Case, monkeypatch, error: OSError | None) -> None:
    before, menu = case.picture(), case.menu()
    case.install()
    installed, started = case.picture(), case.menu()
    case.uninstall()
    assert case.picture() == before
    count = 0
    for done in attempts(FailingCalls(monkeypatch), case.install, error):
        count += 1
        assert case.menu() in (menu, started) and case.starts_a_whole_release()
        if done == 1:
            assert case.picture() == before
            continue
        assert case.install() == 0 and case.picture() == installed
        assert case.uninstall() == 0 and case.picture() == before
    assert count > 30


@pytest.mark.parametrize(("case", "error"), [(MENU, None), (NO_FOLDER, FULL)], indirect=["case"])
def test_an_upgrade_that_fails_anywhere_starts_the_old_or_the_new(
    case: Case, monkeypatch, error: OSError | None
) -> None:
    before = case.picture()
    case.upgrade()
    new = case.menu()
    case.uninstall()
    case.install()
    installed, old = case.picture(), case.menu()
    count = 0
    for done in attempts(FailingCalls(monkeypatch), case.upgrade, error):
        count += 1
        assert case.menu() in (old, new) and case.starts_a_whole_release()
        if done == 1:
            assert case.picture() == installed
            continue
        assert case.upgrade() == 0 and case.menu() == new and case.is_in_order()
        assert case.uninstall() == 0 and case.picture() == before
        assert case.install() == 0 and case.picture() == installed
    assert count > 30


@pytest.mark.parametrize(("case", "error"), [(NO_FOLDER, None), (NO_FOLDER, FULL), (MENU, None)], indirect=["case"])
def test_an_uninstall_that_fails_anywhere_is_repaired_by_the_next(
    case: Case, monkeypatch, error: OSError | None
) -> None:
    before, menu = case.picture(), case.menu()
    case.install()
    installed, started = case.picture(), case.menu()
    count = 0
    for _ in attempts(FailingCalls(monkeypatch), case.uninstall, error):
        count += 1
        assert case.menu() in (menu, started, b"") and case.starts_a_whole_release()
        assert case.uninstall() == 0 and case.picture() == before
        assert case.install() == 0 and case.picture() == installed
    assert count > 15


@pytest.mark.parametrize("case", [NO_FOLDER, MENU], indirect=True)
def test_a_disk_that_fills_while_a_package_is_written_changes_nothing(case: Case, tmp_path: Path, capsys) -> None:
    resource = pytest.importorskip("resource")
    before = case.picture()
    big = panel_wheels(tmp_path / "big", dock="x = '" + "x" * 300_000 + "'\n")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(OSError):
            install(NukeFolder(case.folder), TARGET, big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert case.picture() == before
