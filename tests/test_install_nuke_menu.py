"""The block in menu.py: found, replaced and taken out in any bytes; and what it does when Nuke starts."""

from __future__ import annotations

import ast
import sys
import types
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel import install_nuke
from nuke_ai_panel.install_nuke import Target, Trouble, blocks, with_block, without_block
from nuke_folder import DOCK, make_host, panel_wheels, start_nuke

HERE = Target("linux", "x86_64")
ONE, OTHER = "0.1.0-0123456789ab", "0.2.0-ba9876543210-2"
LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
CONTENTS = st.one_of(
    st.binary(max_size=40),
    st.lists(st.sampled_from([b"import nuke", b"\r\n", b"\n", b"\r", b"\xef\xbb\xbf", b"\xff", b"#", b" ", b""])).map(
        b"".join
    ),
)


@given(content=CONTENTS)
def test_in_and_out_is_the_same_bytes(content: bytes) -> None:
    installed = with_block(content, ONE, HERE)
    assert installed.startswith(content) and [block.release for block in blocks(installed)] == [ONE]
    assert without_block(installed) == content


@given(content=CONTENTS)
def test_once_more_is_the_same_and_an_upgrade_comes_out_as_well(content: bytes) -> None:
    installed = with_block(content, ONE, HERE)
    assert with_block(installed, ONE, HERE) == installed
    upgraded = with_block(installed, OTHER, HERE)
    assert [block.release for block in blocks(upgraded)] == [OTHER]
    assert without_block(upgraded) == content


@given(content=CONTENTS, above=CONTENTS, below=CONTENTS.filter(bool), line_end=LINE_ENDS)
def test_edits_around_the_block_stay(content: bytes, above: bytes, below: bytes, line_end: bytes) -> None:
    above = above + line_end if above and content else b""
    edited = above + with_block(content, ONE, HERE) + below
    joined = content and not content.endswith((b"\r", b"\n"))
    if not joined:
        assert without_block(edited) == above + content + below
        return
    (kept, added) = without_block(edited)[: len(above + content)], without_block(edited)[len(above + content) :]
    assert kept == above + content and added in [end + below for end in (b"\n", b"\r\n", b"\r")]


@given(content=st.lists(st.sampled_from([b"import nuke", b"", b"x = 1"])).map(b"\n".join))
def test_an_editor_that_turns_all_line_ends_around_is_no_obstacle(content: bytes) -> None:
    turned = with_block(content, ONE, HERE).replace(b"\n", b"\r\n")
    assert not blocks(turned)[0].edited
    assert without_block(turned) == content.replace(b"\n", b"\r\n")


def test_text_that_a_program_appends_begins_a_line_and_stays() -> None:
    appended = with_block(b"import nuke", ONE, HERE) + b"import mine\n"
    assert b"<<<\nimport mine" in appended
    assert without_block(appended) == b"import nuke\nimport mine\n"


@pytest.mark.parametrize(
    ("content", "line_end"),
    [(b"", b"\n"), (b"a\r\nb\r\nc\n", b"\r\n"), (b"a\nb\nc\r\n", b"\n"), (b"a\rb\r", b"\r"), (b"a", b"\n")],
)
def test_the_block_takes_the_usual_line_end(content: bytes, line_end: bytes) -> None:
    added = with_block(content, ONE, HERE)[len(content) :]
    assert added.count(line_end) > 20 and not added.replace(line_end, b"").strip(line_end).count(b"\n")


def test_a_file_copied_together_from_two_has_one_block_again() -> None:
    twice = with_block(b"", ONE, HERE) + b"a\n" + with_block(b"", ONE, HERE)
    assert [block.release for block in blocks(with_block(twice, OTHER, HERE))] == [OTHER]
    assert without_block(twice) == b"a\n"


@pytest.mark.parametrize("part", [b"# >>> nuke_ai_panel", b"# <<< nuke_ai_panel"])
def test_half_a_block_is_told(part: bytes) -> None:
    with pytest.raises(Trouble, match="by hand"):
        blocks(with_block(b"", ONE, HERE).replace(part, b"# "))


def test_a_changed_line_is_seen_and_a_line_end_is_none() -> None:
    installed = with_block(b"", ONE, HERE)
    assert not blocks(installed)[0].edited
    assert blocks(installed.replace(b"GUI", b"gui"))[0].edited


def test_the_block_is_ascii_and_read_by_each_python_that_shares_the_folder() -> None:
    block = with_block(b"", ONE, HERE)
    ast.parse(block.decode("ascii"), feature_version=(3, 7))
    assert b"f'" not in block and b'f"' not in block


@pytest.mark.parametrize(("version", "system"), [((3, 9, 7), "linux"), ((3, 13, 0), "linux"), ((3, 11, 7), "win32")])
def test_a_nuke_it_is_not_made_for_prints_one_line(version: tuple[int, ...], system: str, monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "nuke", types.SimpleNamespace(GUI=True))
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "nuke_ai_panel.panel.dock", raising=False)
    before, names = list(sys.path), {"__file__": "/home/.nuke/menu.py"}
    exec(with_block(b"mine = 1\n", ONE, HERE), names)
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1 and "installed for Nuke 16 and 17 (Python 3.11 on Linux x86_64)" in printed
    assert sys.path == before and names.keys() == {"__builtins__", "__file__", "mine"}


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
    assert [Path(path).parent for path in after["added"]] == [home / install_nuke.SITE]


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
