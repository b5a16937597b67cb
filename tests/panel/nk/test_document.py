from __future__ import annotations

import time

import pytest
from nuke_ai_panel.panel.nk import document as module
from nuke_ai_panel.panel.nk.document import Document, parse
from nuke_ai_panel.panel.nk.errors import DamagedScript, EncryptedScript, NotAScript, TooLarge, UnreadableScript
from nuke_ai_panel.panel.nk.info import info
from nuke_ai_panel.panel.nk.wiring import build


def knobs(text: str | bytes, index: int = 0) -> dict[str, str]:
    data = text if isinstance(text, bytes) else text.encode()
    document = parse(data)
    return {knob.name: document.text(knob.value_span) for knob in document.body(document.commands[index]).knobs}


def kinds(document: Document) -> list[str]:
    return [command.kind for command in document.commands]


def test_each_command_has_its_kind_and_its_line():
    document = parse(
        b"#! C:/Nuke13.2v4/nuke.dll -nx\nversion 13.2 v4\ndefine_window_layout_xml {<a>\n</a>\n}\nadd_layer {P P.red}\n"
        b"Root {\n}\nset N1 [stack 0]\npush $N1\nGroup {\n}\nend_group\nclone $N1 {\n}\nputs {hello}\n"
    )
    assert kinds(document) == (
        ["header", "header", "header", "node", "set", "push", "node", "end_group", "clone", "unknown"]
    )
    assert [command.line for command in document.commands] == [2, 3, 6, 7, 9, 10, 11, 13, 14, 16]


def test_two_pairs_on_a_line_blank_lines_and_crlf_read_alike():
    wanted = {"inputs": "1+1", "white": "1.2 1 0.9 1", "name": "Grade1"}
    assert knobs("Grade { inputs 1+1 white {1.2 1 0.9 1}\n\n name Grade1 }") == wanted
    assert knobs("Grade {\r\n inputs 1+1\r\n white {1.2 1 0.9 1}\r\n name Grade1\r\n}\r\n") == wanted


def test_a_quoted_knob_name_keeps_its_blank():
    assert knobs('CellNoise {\n "User_Red Hue" 0.5\n}') == {"User_Red Hue": "0.5"}


def test_a_byte_order_mark_and_a_missing_last_newline_are_no_trouble():
    assert knobs(b"\xef\xbb\xbfBlur {\n size 3\n}") == {"size": "3"}


def test_bytes_that_are_not_utf8_are_kept_and_readable():
    data = b'StickyNote {\n label "caf\xe9"\n}\n'
    assert parse(data).data == data
    assert knobs(data) == {"label": "caf\u00e9"}


def test_spans_point_at_the_bytes_of_the_file():
    data = b'Grade {\n white {1 2 3}\n label "a b"\n}\n'
    document = parse(data)
    assert [
        (document.raw(k.name_span), document.raw(k.value_span)) for k in document.body(document.commands[0]).knobs
    ] == [
        ("white", "{1 2 3}"),
        ("label", '"a b"'),
    ]


def test_a_class_name_inside_a_label_is_no_node():
    assert kinds(parse(b'StickyNote {\n label "Grade \\{\\n name x\\n\\}"\n}\n')) == ["node"]


def test_a_command_of_tcl_is_no_node():
    document = parse(b"Blur {\n}\nexec {rm -rf /}\nif {1} {puts a}\n")
    assert kinds(document) == ["node", "unknown", "unknown"]


def test_an_odd_body_is_read_as_far_as_it_goes_and_flagged():
    found = info(parse(b"Blur {\n size 3\n stray\n}\n"))
    assert [(flaw.line, "stray" in flaw.text) for flaw in found.warnings] == [(3, True)]
    assert found.classes == {"Blur": 1}


def test_a_broken_list_inside_a_body_is_flagged_with_its_line():
    found = info(parse(b'Blur {\n size 3\n label "a"b\n}\n'))
    assert [flaw.line for flaw in found.warnings] == [3]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"Root {\n}\nBlur {\n size 3\n", 3),
        (b'Root {\n}\nGrade {\n label "lone {"\n}\nBlur {\n}\n', 3),
        (b"Blur {\n}\nset N1 [stack 0\n", 3),
        (b"Group {\n}\nBlur {\n}\n", 1),
        (b"Blur {\n}\nend_group\n", 3),
        (b"Group {\n name A\n}\nGroup {\n name B\n}\nend_group\n", 1),
    ],
)
def test_damage_is_reported_with_its_line(data: bytes, line: int):
    with pytest.raises(DamagedScript) as damage:
        build(parse(data))
    assert damage.value.line == line
    assert str(line) in str(damage.value)


@pytest.mark.parametrize("data", [b"Nuke NC mode encrypted text\x00\x81\x90", b"Nuke Indie mode encrypted text 1234"])
def test_an_encrypted_script_is_refused_by_name(data: bytes):
    with pytest.raises(EncryptedScript):
        parse(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n",
        b"hello world\n",
        b'{"json": 1}',
        b"\x89PNG\r\n\x1a\n\x00\x00{",
        b"#!/bin/sh\necho {",
        b"<html>",
        b"version 13.2 v4\n",
    ],
)
def test_what_holds_no_node_is_no_script(data: bytes):
    with pytest.raises(NotAScript):
        parse(data)


def test_a_script_that_breaks_off_in_its_first_block_is_damaged_not_foreign():
    with pytest.raises(DamagedScript):
        parse(b"Root {\n inputs 0\n")


def test_a_file_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    with pytest.raises(TooLarge):
        parse(b"Blur {\n size 3\n}\n")


@pytest.mark.parametrize("limit", ["MAX_COMMANDS", "MAX_KNOBS"])
def test_a_file_of_too_many_small_things_is_refused(monkeypatch: pytest.MonkeyPatch, limit: str):
    monkeypatch.setattr(module, limit, 5)
    with pytest.raises(TooLarge):
        build(parse(b"Blur {" + b" size 3" * 10 + b"}\n" + b"push 0\n" * 10))


def test_groups_nested_without_end_are_refused():
    with pytest.raises(DamagedScript, match="nested"):
        build(parse(b"Group {}\n" * 1000))


MB = 2**20
QUARTER = MB // 4  # for what makes an object of every few bytes
HOSTILE = {
    "open braces": b"{" * MB,
    "closing braces": b"}" * MB,
    "quotes": b'"' * MB,
    "backslashes": b"\\" * MB,
    "brackets": b"[" * MB,
    "quoted brackets": b'"[' * (MB // 2),
    "blanks": b" " * MB,
    "newlines": b"\n" * MB,
    "joined lines": b"\\\n" * (MB // 2),
    "hashes": b"#" * MB,
    "comments": b"#\n" * (MB // 2),
    "nodes": b"A {}\n" * (QUARTER // 5),
    "open groups": b"Group {}\n" * (QUARTER // 9),
    "group ends": b"A {}\n" + b"end_group\n" * (MB // 10),
    "pushes": b"A {}\n" + b"push 0\n" * (QUARTER // 7) + b"B {inputs 999999999}\n",
    "unknown clones": b"clone $x {}\n" * (QUARTER // 12),
    "a long name": b"Group {name " + b"x" * (QUARTER // 2) + b"}\n" + b"A {}\n" * (QUARTER // 10) + b"end_group\n",
    "a long escaped value": b'A {label "' + b"\\n" * (MB // 2) + b'"}\n',
    "an unclosed value": b'A {label "' + b"\\n" * (MB // 2) + b"}\n",
    "a deep value": b"A {x " + b"{" * (MB // 2) + b"}" * (MB // 2) + b"}\n",
    "many knobs": b"A {" + b"x y " * (QUARTER // 4) + b"}\n",
    "odd bodies": b"A {x}\n" * (QUARTER // 6),
    "user knobs": b"A {" + b"addUserKnob {1 a +X} " * (QUARTER // 21) + b"}\n",
    "unknown commands": b"A {}\n" + b"x y z\n" * (QUARTER // 6),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_takes_linear_time(data: bytes):
    began = time.process_time()
    try:
        graph = build(parse(data))
        for node in graph.nodes[:10]:
            graph.full_name(node)
    except UnreadableScript:
        pass
    assert time.process_time() - began < 15  # quadratic would be many minutes; linear is about a second
