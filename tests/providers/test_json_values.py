"""Foreign JSON: what may be read, and what is as good as none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers.messages import JSON
from nuke_ai_panel.providers.wire.json_values import as_count, parse_json

PARTS = st.sampled_from([*'{}[],:" \n\t\r', '"a"', "1", "-0.5e3", "true", "null", "NaN", "\\ud83d", "\u2028", "\ufeff"])


@given(st.lists(PARTS, max_size=12).map("".join))
def test_what_the_standard_library_reads_is_read_and_nothing_else(text: str) -> None:
    try:
        wanted: JSON = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError):
            parse_json(text)
    else:
        assert repr(parse_json(text)) == repr(parse_json(text.encode())) == repr(wanted)


@pytest.mark.parametrize("text", ["[" * 100_000, b"[" * 100_000])
def test_what_is_nested_too_deeply_cannot_be_read(text: str | bytes) -> None:
    with pytest.raises(ValueError, match="too deeply"):
        parse_json(text)


@pytest.mark.parametrize("value", [10**400, "9" * 400, 1e300, 2**53 + 1, -1, True, "x", float("inf"), float("nan")])
def test_what_counts_nothing_is_no_count(value: JSON) -> None:
    assert as_count(value) is None


@pytest.mark.parametrize("value", [7, "7", 7.0, 2**53])
def test_a_count_may_come_as_text(value: JSON) -> None:
    assert as_count(value) in (7, 2**53)
