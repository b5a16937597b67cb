from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nk_scripts import quoted
from nuke_ai_panel.panel.nk.words import Unbalanced, Word, decode, elements, raw, read_command, unquoted


def command(data: bytes) -> list[str]:
    words, _ = read_command(data, 0)
    return [unquoted(data, word) for word in words]


def listed(data: bytes) -> list[str]:
    return [unquoted(data, word) for word in elements(data, 0, len(data))]


def test_a_bracket_keeps_a_command_word_together():
    assert command(b"set N1 [stack 0]\npush $N1") == ["set", "N1", "[stack 0]"]


def test_a_comment_that_holds_braces_is_skipped():
    assert command(b"# a { comment\n#! /opt/Nuke13.2 -nx {\nversion 13.2 v4\n") == ["version", "13.2", "v4"]


def test_a_semicolon_ends_a_command_but_not_inside_braces():
    assert command(b"push 0; push 0") == ["push", "0"]
    assert command(b"Text { message a;b };push 0") == ["Text", " message a;b "]


def test_a_backslash_before_a_newline_joins_lines():
    assert command(b"push \\\n 0\nend_group") == ["push", "0"]


def test_quotes_inside_braces_mean_nothing():
    assert command(b'Blur { label "a }\n') == ["Blur", ' label "a ']


def test_a_backslash_shields_a_brace():
    assert command(rb"Blur { label \} }") == ["Blur", r" label \} "]


def test_in_a_list_brackets_dollars_and_hashes_are_ordinary():
    assert listed(b"# [value x] $y ; {a b}") == ["#", "[value", "x]", "$y", ";", "a b"]


def test_braces_nest_and_keep_what_is_in_them():
    assert listed(b'{{"[value x] + 1"}} {1 {curve x1 0} 0}') == ['{"[value x] + 1"}', "1 {curve x1 0} 0"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (rb'"a\nb\tc"', "a\nb\tc"),
        (rb'"\[value mix\] \{ \} \$ \" \\"', '[value mix] { } $ " \\'),
        (rb'"\x41\u00e9\101"', "A\u00e9A"),
        (rb'"raw [value x]"', "raw [value x]"),
        (b'"two\nlines"', "two\nlines"),
        (b'"joined\\\n   lines"', "joined lines"),
        (b'""', ""),
        (rb"a\ b", "a b"),
        (rb"{a\nb}", r"a\nb"),
    ],
)
def test_a_value_says_what_tcl_makes_of_it(written: bytes, said: str):
    assert listed(written) == [said]


@pytest.mark.parametrize("data", [b"Blur {", b'set x "a', b"set x [stack 0", b"Blur {}x", b'push "a"b'])
def test_an_unbalanced_command_names_where_it_begins(data: bytes):
    with pytest.raises(Unbalanced) as problem:
        read_command(b"\n" + data, 0)
    assert 1 <= problem.value.at <= len(data)


@pytest.mark.parametrize("data", [b"{a", b'"a', b"{a}b", b'"a"b'])
def test_an_unbalanced_element_is_reported(data: bytes):
    with pytest.raises(Unbalanced):
        list(elements(data, 0, len(data)))


def test_text_that_is_not_utf8_is_still_readable():
    assert decode(b"caf\xe9") == "caf\u00e9"
    assert decode("caf\u00e9".encode()) == "caf\u00e9"


def test_a_raw_word_keeps_its_quotes():
    assert raw(b'x "a b"', Word(2, 7, "quoted")) == '"a b"'


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
def test_whatever_nuke_quotes_reads_back(text: str):
    assert listed(f"label {quoted(text)} size 1".encode()) == ["label", text, "size", "1"]


@given(st.binary(max_size=200))
def test_any_bytes_are_words_or_unbalanced(data: bytes):
    at = 0
    try:
        while True:
            words, after = read_command(data, at)
            if not words:
                break
            assert at < after <= len(data)
            assert all(at <= word.start < word.end <= after for word in words)
            at = after
        assert after == len(data)
    except Unbalanced as problem:
        assert 0 <= problem.at < len(data)
