"""The block in menu.py: found, replaced and taken out in any bytes."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.installing.menu_block import blocks, with_block, without_block
from nuke_ai_panel.installing.target import Target
from nuke_ai_panel.installing.trouble import Trouble

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
