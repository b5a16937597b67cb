"""What the block in menu.py does when Nuke starts."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from nuke_ai_panel import install_nuke
from nuke_ai_panel.installing.menu_block import SITE, with_block
from nuke_ai_panel.installing.target import Target
from nuke_folder import DOCK, make_host, panel_wheels, start_nuke


@pytest.mark.parametrize(("version", "system"), [((3, 9, 7), "linux"), ((3, 13, 0), "linux"), ((3, 11, 7), "win32")])
def test_a_nuke_it_is_not_made_for_prints_one_line(version: tuple[int, ...], system: str, monkeypatch, capsys) -> None:
    nuke = types.ModuleType("nuke")  # the oldest PySide looks at the name of each module that is imported
    nuke.GUI = True  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nuke", nuke)
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "nuke_ai_panel.panel.dock", raising=False)
    before, names = list(sys.path), {"__file__": "/home/.nuke/menu.py"}
    exec(with_block(b"mine = 1\n", "0.1.0-0123456789ab", Target("linux", "x86_64")), names)
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1 and "installed for Nuke 16 and 17 (Python 3.11 on Linux x86_64)" in printed
    assert sys.path == before and names.keys() == {"__builtins__", "__file__", "mine"}


@pytest.mark.parametrize("missing", ["__file__", "GUI"])
def test_a_nuke_that_lacks_what_the_lines_ask_for_prints_one_line(missing: str, monkeypatch, capsys) -> None:
    """What comes behind them in menu.py is somebody else's, and runs."""
    nuke = types.ModuleType("nuke")
    nuke.GUI = True  # type: ignore[attr-defined]
    names = {"__file__": "/home/.nuke/menu.py"}
    (names if missing == "__file__" else vars(nuke)).pop(missing)
    monkeypatch.setitem(sys.modules, "nuke", nuke)
    monkeypatch.setattr(sys, "version_info", (3, 11, 7))
    monkeypatch.delitem(sys.modules, "nuke_ai_panel.panel.dock", raising=False)
    before = list(sys.path)
    exec(with_block(b"", "0.1.0-0123456789ab", Target(sys.platform, "x86_64")) + b"mine = 1\n", names)
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1 and printed.startswith("AI Panel: not started, ") and missing in printed
    assert sys.path == before and "mine" in names


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "Jürgen's home"
    folder.mkdir()
    (folder / "menu.py").write_text("mine = 1\n")
    return folder


def put_in(home: Path, wheels: Path) -> None:
    assert install_nuke.main(["install", "--nuke-dir", str(home), "--wheels", str(wheels)]) == 0
    with (home / "menu.py").open("a") as menu:
        menu.write("print('the line after')\n")


needs_311 = pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the block starts in Python 3.11 only")


@needs_311
def test_nuke_starts_the_pane_and_nothing_of_the_host_is_hidden(home: Path, tmp_path: Path) -> None:
    """The host's older copy of a package wins over ours, because our folder is last in `sys.path`."""
    host = make_host(tmp_path / "host")
    (host / "small_need.py").write_text("FROM = 'the host'\n")
    (host / "PySide6").mkdir()
    (host / "PySide6" / "__init__.py").write_text("")
    put_in(home, panel_wheels(tmp_path / "wheels", dock="import PySide6, only_ours\n" + DOCK))
    printed, after = start_nuke(host, home / "menu.py")
    assert '"need": "the host"' in printed and str(host / "PySide6").replace("\\", "\\\\") in printed
    assert printed.endswith("the line after\n")
    assert after["kept"] and after["names"] == ["mine"]
    assert [Path(path).parent for path in after["added"]] == [home / SITE]


@needs_311
@pytest.mark.parametrize(
    "dock", ["import not_there", "raise RuntimeError('two\\nlines: ü')", "def register(): 1 / 0", "("]
)
def test_a_panel_that_fails_prints_one_line_and_leaves_nuke_alone(home: Path, tmp_path: Path, dock: str) -> None:
    put_in(home, panel_wheels(tmp_path / "wheels", dock=dock + "\n"))
    printed, after = start_nuke(make_host(tmp_path / "host"), home / "menu.py")
    line, last = printed.splitlines()
    assert line.startswith("AI Panel: not started, ") and line.endswith("install_nuke.py status")
    assert last == "the line after" and after == {"names": ["mine"], "added": [], "kept": True}


@needs_311
def test_without_a_screen_nothing_is_started(home: Path, tmp_path: Path) -> None:
    put_in(home, panel_wheels(tmp_path / "wheels"))
    printed, after = start_nuke(make_host(tmp_path / "host", gui=False), home / "menu.py")
    assert printed == "the line after\n" and after["added"] == []


@needs_311
def test_two_folders_with_a_panel_start_the_first(home: Path, tmp_path: Path) -> None:
    host, studio = make_host(tmp_path / "host"), tmp_path / "studio"
    studio.mkdir()
    put_in(home, panel_wheels(tmp_path / "wheels"))
    put_in(studio, panel_wheels(tmp_path / "newer", "0.2.0"))
    (tmp_path / "both.py").write_text(
        f"import runpy\nrunpy.run_path({str(home / 'menu.py')!r})\nrunpy.run_path({str(studio / 'menu.py')!r})\n"
    )
    printed, after = start_nuke(host, tmp_path / "both.py")
    assert printed.count("registered") == 1 and len(after["added"]) == 1
