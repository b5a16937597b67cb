"""`install_nuke.py`: in, out again to the byte, and told how it is; with small wheels that stand in for the panel."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nuke_ai_panel import install_nuke
from nuke_ai_panel.installing import fetching
from nuke_ai_panel.installing.menu_block import SITE, blocks
from nuke_folder import make_wheel, panel_wheels, picture

SCRIPT = Path(install_nuke.__file__)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return panel_wheels(tmp_path_factory.mktemp("wheels") / "wheels")


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return panel_wheels(tmp_path_factory.mktemp("wheels") / "newer", "0.2.0")


@pytest.fixture(scope="module")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return panel_wheels(tmp_path_factory.mktemp("wheels") / "newest", "0.3.0")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Nuke folder as artists have it: a space, an umlaut, a quote, and a menu.py from Windows."""
    folder = tmp_path / "Jürgen's 100% \\ home" / ".nuke"
    folder.mkdir(parents=True)
    (folder / "menu.py").write_bytes("import nuke\r\n# f\xfcr den Kunden\r\n".encode("latin-1"))
    (folder / "init.py").write_text("import nuke\n")
    return folder


def install(folder: Path, wheels: Path) -> int:
    return install_nuke.main(["install", "--nuke-dir", str(folder), "--wheels", str(wheels)])


def uninstall(folder: Path) -> int:
    return install_nuke.main(["uninstall", "--nuke-dir", str(folder)])


def problems(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    install_nuke.main(["status", "--nuke-dir", str(folder), "--json"])
    (row,) = json.loads(capsys.readouterr().out)["folders"]
    return [problem["kind"] for problem in row["problems"]]


def started_in(folder: Path) -> Path:
    (block,) = blocks((folder / "menu.py").read_bytes())
    return folder / SITE / block.release


def test_it_lists_the_users_folder_and_those_of_the_studio(tmp_path: Path) -> None:
    studio = tmp_path / "studio"
    folders = install_nuke.nuke_folders({"NUKE_PATH": f"{studio}{os.pathsep}"}, tmp_path)
    assert folders == [tmp_path / ".nuke", studio]


def test_in_and_out_leaves_the_folder_as_it_was(folder: Path, wheels: Path) -> None:
    before = picture(folder)
    assert install(folder, wheels) == 0
    assert (started_in(folder) / "nuke_ai_panel" / "panel" / "dock.py").is_file()
    assert not (started_in(folder) / "PySide6").exists()
    assert b"\n" not in (folder / "menu.py").read_bytes().replace(b"\r\n", b"")
    assert uninstall(folder) == 0
    assert picture(folder) == before


def test_it_runs_alone_and_says_what_it_did_and_what_is_next(folder: Path, wheels: Path) -> None:
    command = [sys.executable, "-S", str(SCRIPT), "install", "--nuke-dir", str(folder), "--wheels", str(wheels)]
    environ = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    assert "Installed AI Panel 0.1.0: 2 packages" in done.stdout and "restart Nuke" in done.stdout
    assert "Nuke has its own: pyside6-essentials" in done.stdout


def test_installing_twice_changes_nothing(folder: Path, wheels: Path) -> None:
    install(folder, wheels)
    once = picture(folder)
    assert install(folder, wheels) == 0
    assert picture(folder) == once


def test_an_upgrade_keeps_the_lines_around_the_block(folder: Path, wheels: Path, newer: Path) -> None:
    before = picture(folder)
    install(folder, wheels)
    menu = folder / "menu.py"
    menu.write_bytes(menu.read_bytes() + b"print('mine')\r\n")
    assert install(folder, newer) == 0
    assert started_in(folder).name.startswith("0.2.0-")
    assert menu.read_bytes().endswith(b"<<<\r\nprint('mine')\r\n") and menu.read_bytes().count(b">>>") == 2
    uninstall(folder)
    menu.write_bytes(menu.read_bytes().removesuffix(b"print('mine')\r\n"))
    assert picture(folder) == before


def test_an_open_nuke_goes_on_importing_after_an_upgrade(
    folder: Path, wheels: Path, newer: Path, newest: Path, capsys
) -> None:
    """The release before stays whole, and only that one: until the next upgrade, or until all goes."""
    install(folder, wheels)
    first = started_in(folder)
    files = picture(first)
    assert install(folder, newer) == 0 and f"{first.name} stays for a Nuke that is open" in capsys.readouterr().out
    second = started_in(folder)
    assert install(folder, newer) == 0 and install(folder, newer) == 0
    assert picture(first) == files and problems(folder, capsys) == []
    assert install(folder, newest) == 0 and not first.exists() and second.exists()
    assert install(folder, newer) == 0 and started_in(folder) == second
    assert len(list((folder / SITE).glob("0.*"))) == 2 and problems(folder, capsys) == []


def test_what_cannot_go_yet_stays_whole_until_the_next_run(
    folder: Path, wheels: Path, newer: Path, newest: Path, monkeypatch, capsys
):
    """Windows refuses to rename a folder with an open file."""
    before = picture(folder)
    install(folder, wheels)
    old, files = started_in(folder), picture(started_in(folder))
    rename = os.rename

    def locked(source: Path, target: Path) -> None:
        if Path(source) == old:
            raise PermissionError(13, "in use", str(source))
        rename(source, target)

    monkeypatch.setattr(os, "rename", locked)
    assert install(folder, newer) == 0 and "in use" not in capsys.readouterr().out
    assert install(folder, newest) == 0
    assert f"{old} is in use" in capsys.readouterr().out and picture(old) == files
    assert problems(folder, capsys) == ["idle"]
    assert uninstall(folder) == 1 and b"nuke_ai_panel" not in (folder / "menu.py").read_bytes()
    monkeypatch.undo()
    assert uninstall(folder) == 0
    assert picture(folder) == before


def test_what_was_made_goes_again_and_what_was_added_since_stays(tmp_path: Path, wheels: Path) -> None:
    folder = tmp_path / ".nuke"
    install(folder, wheels)
    install(folder, wheels)
    assert uninstall(folder) == 0 and not folder.exists()
    install(folder, wheels)
    (folder / "menu.py").write_bytes((folder / "menu.py").read_bytes() + b"import mine\n")
    uninstall(folder)
    assert picture(folder).keys() == {".", "menu.py"} and (folder / "menu.py").read_bytes() == b"import mine\n"


def test_an_empty_menu_file_that_was_there_before_stays(tmp_path: Path, wheels: Path) -> None:
    (tmp_path / "menu.py").touch()
    install(tmp_path, wheels)
    uninstall(tmp_path)
    assert (tmp_path / "menu.py").read_bytes() == b""


def test_a_linked_menu_file_stays_a_link(folder: Path, wheels: Path, tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    (folder / "menu.py").rename(dotfiles / "nuke_menu.py")
    (folder / "menu.py").symlink_to(dotfiles / "nuke_menu.py")
    before = picture(tmp_path)
    install(folder, wheels)
    assert (folder / "menu.py").is_symlink() and b"nuke_ai_panel" in (dotfiles / "nuke_menu.py").read_bytes()
    uninstall(folder)
    assert picture(tmp_path) == before


def test_a_linked_nuke_folder_stays_a_link(folder: Path, wheels: Path, tmp_path: Path) -> None:
    """A home that was moved to a share, with a menu.py as some editors on Windows save it."""
    (folder / "menu.py").write_bytes("\ufeff# für den Kunden\r\nimport nuke".encode())
    (tmp_path / "home").mkdir()
    (link := tmp_path / "home" / ".nuke").symlink_to(folder)
    before = picture(tmp_path)
    assert install(link, wheels) == 0 and install(folder, wheels) == 0 and started_in(folder).is_dir()
    compile((folder / "menu.py").read_bytes(), "menu.py", "exec")
    assert uninstall(link) == 0
    assert picture(tmp_path) == before


def test_the_mode_of_the_menu_file_is_kept(folder: Path, wheels: Path) -> None:
    (folder / "menu.py").chmod(0o640)
    install(folder, wheels)
    assert (folder / "menu.py").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("locked", [".", "menu.py"])
def test_what_is_read_only_is_left_alone(folder: Path, wheels: Path, locked: str, capsys) -> None:
    mode = (folder / locked).stat().st_mode
    (folder / locked).chmod(mode & ~0o222)
    before = picture(folder)
    assert install(folder, wheels) == 1
    assert "is read-only. Nothing was changed." in capsys.readouterr().err
    assert picture(folder) == before
    (folder / locked).chmod(mode)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("a file/menu.py", "is not there"),
        ("a file", "is not a folder"),
        ("typo/in/it", "Is the path right?"),
        ("x" * 300, "too long"),
    ],
)
def test_a_folder_that_cannot_be_one_is_told(tmp_path: Path, wheels: Path, wrong: str, says: str, capsys) -> None:
    (tmp_path / "a file").touch()
    before = picture(tmp_path)
    assert install(tmp_path / wrong, wheels) == 1
    assert says in capsys.readouterr().err and picture(tmp_path) == before


def test_taking_out_what_is_not_there_is_no_failure(folder: Path, tmp_path: Path, capsys) -> None:
    before = picture(tmp_path)
    assert uninstall(folder) == 0 and uninstall(tmp_path / "none") == 0
    assert capsys.readouterr().out.count("Nothing to take out") == 2
    assert picture(tmp_path) == before


def test_the_folder_deleted_by_hand_is_no_obstacle(folder: Path, wheels: Path, capsys) -> None:
    before = picture(folder)
    install(folder, wheels)
    for path in sorted((folder / SITE).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (folder / SITE).rmdir()
    assert problems(folder, capsys) == ["missing"]
    assert uninstall(folder) == 0
    assert picture(folder) == before


def test_the_lines_deleted_by_hand_are_no_obstacle(folder: Path, wheels: Path, capsys) -> None:
    before, menu = picture(folder), (folder / "menu.py").read_bytes()
    install(folder, wheels)
    (folder / "menu.py").write_bytes(menu)
    assert problems(folder, capsys) == ["idle"]
    assert uninstall(folder) == 0
    assert picture(folder) == before


def test_lines_edited_by_hand_are_taken_out_and_told(folder: Path, wheels: Path, capsys) -> None:
    before = picture(folder)
    install(folder, wheels)
    menu = folder / "menu.py"
    menu.write_bytes(menu.read_bytes().replace(b"    import os\r\n", b"    import os  # mine\r\n"))
    assert problems(folder, capsys) == ["edited"]
    assert uninstall(folder) == 0 and "edited by hand" in capsys.readouterr().out
    assert picture(folder) == before


@pytest.mark.parametrize("action", ["install", "uninstall"])
def test_half_of_our_lines_are_left_for_a_person(folder: Path, wheels: Path, action: str, capsys) -> None:
    install(folder, wheels)
    menu = folder / "menu.py"
    menu.write_bytes(menu.read_bytes().replace(b"# <<< nuke_ai_panel", b"#"))
    before = picture(folder)
    assert (
        install_nuke.main([action, "--nuke-dir", str(folder), *(["--wheels", str(wheels)] * (action == "install"))])
        == 1
    )
    assert "by hand" in capsys.readouterr().err and picture(folder) == before
    assert problems(folder, capsys) == ["menu.py"]


def test_files_of_others_in_our_folder_stay_and_are_named(folder: Path, wheels: Path, capsys) -> None:
    install(folder, wheels)
    (folder / SITE / "notes.txt").write_text("mine")
    assert uninstall(folder) == 1 and "notes.txt" in capsys.readouterr().out
    assert picture(folder / SITE).keys() == {".", "installed.json", "notes.txt"}


@pytest.mark.parametrize("times", [1, 3])
def test_status_tells_what_was_done_to_the_files_and_installing_repairs_it(
    folder: Path, wheels: Path, times: int, capsys
) -> None:
    install(folder, wheels)
    for _ in range(times):
        assert problems(folder, capsys) == []
        damaged = started_in(folder)
        (damaged / "small_need.py").write_text("FROM = 'a stranger'\n")
        (damaged / "only_ours.py").unlink()
        (damaged / "stray.py").touch()
        (damaged / "__pycache__").mkdir()
        (damaged / "__pycache__" / "small_need.pyc").touch()
        assert problems(folder, capsys) == ["missing", "changed", "stray"]
        assert install(folder, wheels) == 0
        assert problems(folder, capsys) == [] and started_in(folder) != damaged and not damaged.exists()
    repaired = picture(folder)
    assert install(folder, wheels) == 0 and picture(folder) == repaired


def test_what_file_managers_leave_is_no_fault_and_no_obstacle(folder: Path, wheels: Path, capsys) -> None:
    before = picture(folder)
    install(folder, wheels)
    for place in (folder / SITE, started_in(folder), started_in(folder) / "nuke_ai_panel"):
        for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
            (place / name).touch()
    assert problems(folder, capsys) == []
    assert uninstall(folder) == 0 and picture(folder) == before


def test_status_sees_a_package_that_is_gone_with_its_list_of_files(folder: Path, wheels: Path, capsys) -> None:
    install(folder, wheels)
    for name in ("small_need-1.0.dist-info", "small_need.py", "only_ours.py"):
        path = started_in(folder) / name
        [file.unlink() for file in path.iterdir()] and path.rmdir() if path.is_dir() else path.unlink()
    assert problems(folder, capsys) == ["changed", "missing"]


def test_status_is_for_programs_too(folder: Path, wheels: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("NUKE_PATH", str(folder))
    assert install_nuke.main(["status", "--json"]) == 1
    install(folder, wheels)
    capsys.readouterr()
    assert install_nuke.main(["status", "--json"]) == 0
    mine, studio = json.loads(capsys.readouterr().out)["folders"]
    assert (mine["there"], mine["installed"]) == (False, False)
    assert (studio["installed"], studio["version"], studio["packages"]) == (True, "0.1.0", 2)
    assert install_nuke.main(["status"]) == 0
    assert "all files as installed" in capsys.readouterr().out


def test_an_error_in_the_users_own_lines_is_told_and_not_blamed_on_us(folder: Path, wheels: Path, capsys) -> None:
    (folder / "menu.py").write_bytes(b"import nuke\nprint 'Nuke 11'\n")
    assert install(folder, wheels) == 0
    assert "has an error of its own" in capsys.readouterr().out
    assert install_nuke.main(["status", "--nuke-dir", str(folder)]) == 1
    printed = capsys.readouterr().out
    assert "has an error of its own" in printed and "Install again" not in printed


def test_the_panel_itself_must_be_among_the_wheels(folder: Path, tmp_path: Path, capsys) -> None:
    before = picture(folder)
    make_wheel(tmp_path / "other", "small_need", {"small_need.py": ""})
    assert install(folder, tmp_path / "other") == 1 and "nuke_ai_panel-" in capsys.readouterr().err
    assert picture(folder) == before


def test_a_package_that_is_missing_among_the_wheels_is_named(folder: Path, tmp_path: Path, capsys) -> None:
    before = picture(folder)
    few = panel_wheels(tmp_path / "few")
    next(few.glob("small_need*")).unlink()
    assert install(folder, few) == 1 and "small-need (for nuke-ai-panel)" in capsys.readouterr().err
    assert picture(folder) == before


def test_a_package_in_a_version_that_is_ruled_out_is_named(folder: Path, tmp_path: Path, capsys) -> None:
    before = picture(folder)
    old = panel_wheels(tmp_path / "old")
    next(old.glob("small_need*")).unlink()
    make_wheel(old, "small_need", {"small_need.py": ""}, version="0.9")
    assert install(folder, old) == 1
    assert "small-need>=1 (for nuke-ai-panel), not 0.9" in capsys.readouterr().err
    assert picture(folder) == before


def test_a_version_that_could_not_stand_in_menu_py_is_refused(folder: Path, tmp_path: Path, capsys) -> None:
    before = picture(folder)
    assert install(folder, panel_wheels(tmp_path / "odd", "1'+x")) == 1
    assert "cannot be a version" in capsys.readouterr().err and picture(folder) == before


def test_a_wheel_that_only_has_the_panels_name_is_refused(folder: Path, tmp_path: Path, capsys) -> None:
    before = picture(folder)
    make_wheel(tmp_path / "hollow", "nuke_ai_panel", {"nuke_ai_panel/__init__.py": ""})
    assert install(folder, tmp_path / "hollow") == 1 and "must hold the panel" in capsys.readouterr().err
    assert picture(folder) == before


@given(content=st.binary(max_size=60), crlf=st.booleans())
@settings(max_examples=20)
def test_any_menu_file_comes_back_to_the_byte(wheels: Path, tmp_path_factory, content: bytes, crlf: bool) -> None:
    folder = tmp_path_factory.mktemp("Jürgen's home")
    content = content.replace(b"\n", b"\r\n") if crlf else content
    (folder / "menu.py").write_bytes(content)
    assert install(folder, wheels) == 0 and (folder / "menu.py").read_bytes().startswith(content)
    assert uninstall(folder) == 0 and picture(folder).keys() == {".", "menu.py"}
    assert (folder / "menu.py").read_bytes() == content


def test_an_interrupt_leaves_no_trace(folder: Path, wheels: Path, monkeypatch) -> None:
    before = picture(folder)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fetching, "unpack", interrupted)
    assert install(folder, wheels) == 130
    assert picture(folder) == before


@pytest.mark.parametrize("option", ["--nuke-dir", "--wheels"])
def test_a_variable_that_was_not_set_is_not_the_current_folder(option: str, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as exit:
        install_nuke.main(["install", option, ""])
    assert exit.value.code == 2 and "is empty" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_the_home_may_be_written_as_shells_leave_it(folder: Path, wheels: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("USERPROFILE", str(folder.parent))
    assert install_nuke.main(["install", "--nuke-dir=~/.nuke", f"--wheels={wheels}"]) == 0
    assert started_in(folder).is_dir()


def test_a_home_that_is_empty_is_not_the_root_of_the_disk(wheels: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("HOME", "")
    assert install_nuke.main(["install", "--wheels", str(wheels)]) == 1
    assert "HOME is empty" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="rights as Linux has them")
@pytest.mark.parametrize("has_menu", [True, False])
def test_whoever_may_read_the_nuke_folder_may_read_the_panel(tmp_path: Path, wheels: Path, has_menu: bool) -> None:
    """A TD with a umask of 077 installs for everybody. Nobody is given a right to write."""
    (folder := tmp_path / "studio").mkdir()
    folder.chmod(0o775)
    if has_menu:
        (folder / "menu.py").touch(0o640)
    umask = os.umask(0o077)
    try:
        assert install(folder, wheels) == 0
    finally:
        os.umask(umask)
    modes = {path: path.stat().st_mode & 0o777 for path in [folder / "menu.py", *folder.glob(f"{SITE}/**/*")]}
    assert modes.pop(folder / "menu.py") == (0o640 if has_menu else 0o644)
    assert {(path.is_dir(), mode) for path, mode in modes.items()} == {(True, 0o755), (False, 0o644)}
    assert (folder / SITE).stat().st_mode & 0o777 == 0o755


def test_a_link_in_place_of_our_folder_is_not_followed(folder: Path, wheels: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / SITE).symlink_to(tmp_path / "elsewhere")
    assert install(folder, wheels) == 1 and "not a folder of its own" in capsys.readouterr().err
    assert uninstall(folder) == 1 and not list((tmp_path / "elsewhere").iterdir())


def test_a_link_that_leads_nowhere_is_no_nuke_folder(tmp_path: Path, wheels: Path, capsys) -> None:
    (tmp_path / ".nuke").symlink_to(tmp_path / "unmounted")
    assert install(tmp_path / ".nuke", wheels) == 1 and "is not a folder" in capsys.readouterr().err


def test_copied_away_with_its_folder_it_runs_from_anywhere(folder: Path, wheels: Path, tmp_path: Path) -> None:
    """A place whose path nobody would choose, other packages of that name around, and nothing of ours on the path."""
    place = tmp_path / "für Jürgen's team"
    place.mkdir()
    shutil.copy(SCRIPT, place)
    shutil.copytree(SCRIPT.parent / "installing", place / "installing")
    (tmp_path / "nuke_ai_panel").mkdir()
    (tmp_path / "nuke_ai_panel" / "__init__.py").write_text("raise ImportError('another one')")
    (tmp_path / "installing.py").write_text("raise ImportError('another one')")
    command = [
        sys.executable,
        "-I",
        "-S",
        "-W",
        "error",
        str(place / "install_nuke.py"),
        "install",
        "--nuke-dir",
        str(folder),
    ]
    done = subprocess.run([*command, "--wheels", str(wheels)], cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "") and started_in(folder).is_dir()


def test_copied_away_without_its_folder_it_says_so(tmp_path: Path) -> None:
    shutil.copy(SCRIPT, tmp_path)
    command = [sys.executable, "-I", str(tmp_path / "install_nuke.py"), "status"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "its folder 'installing' beside it" in done.stderr


FILES = [SCRIPT, *sorted((SCRIPT.parent / "installing").glob("*.py"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_needs_nothing_but_an_older_python(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    modules = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]
    assert {module.split(".")[0] for module in modules} <= sys.stdlib_module_names
