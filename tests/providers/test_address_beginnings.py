"""An address whose beginning is missing or misspelt: what is proposed can be taken as it stands."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers.address import address_problem, parse_address


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("htp:/x", "http://x"),
        ("http:/x", "http://x"),
        ("HTTP:x", "http://x"),
        ("http//x", "http://x"),
        ("https:/127.0.0.1:8080", "https://127.0.0.1:8080"),
        ("htps:/api.openai.com/v1", "https://api.openai.com/v1"),
    ],
)
def test_a_misspelt_beginning_is_put_right(text: str, meant: str) -> None:
    assert address_problem(text) == f"The beginning is misspelt, perhaps this is meant: {meant}."


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("//host/v1", "https://host/v1"),
        ("nas:8080/v1", "http://nas:8080/v1"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("api.openai.com/v1", "https://api.openai.com/v1"),
    ],
)
def test_a_missing_beginning_is_put_in_front(text: str, meant: str) -> None:
    assert address_problem(text) == f"Put the kind of connection in front: {meant}."


@pytest.mark.parametrize("text", ["ftp:/x", "c:/models", "localhost:/v1"])
def test_where_nothing_is_meant_that_could_be_guessed_it_says_how_addresses_begin(text: str) -> None:
    assert address_problem(text) == "It has to begin with http:// or https://."


@pytest.mark.parametrize(("text", "part"), [("user@host", "user name"), ("host?x=1", "?"), ("host:99999", "65535")])
def test_what_would_be_refused_next_is_told_first(text: str, part: str) -> None:
    assert part in address_problem(text)


@given(st.text("htps:/@.[]1a-", max_size=30))
def test_what_is_proposed_is_an_address(text: str) -> None:
    if proposed := re.search(r"(?:meant|in front): (.*)\.$", address_problem(text)):
        assert parse_address(proposed[1]).url
