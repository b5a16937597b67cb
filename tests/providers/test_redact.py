"""No key leaves in any text, in whatever form it stands there, and the filter is not slow on any text."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers.redact import REMOVED, Redactor, Secret

KEY = 'k3y/with+odd"chars=\\é'

LOOKS_LIKE_A_KEY = [
    "sk-0123456789abcdef",
    "sk-ant-api03-0123456789_-",
    "sk-or-v1-0123456789",
    "AIzaSyA0123456789",
    "gsk_0123456789",
    "xai-0123456789",
]


def redactor(*keys: str) -> Redactor:
    made = Redactor()
    for key in keys:
        made.add(Secret(key))
    return made


@pytest.mark.parametrize("key", LOOKS_LIKE_A_KEY)
@pytest.mark.parametrize("text", ["{}", "key={}.", 'x "{}" y', "Bearer {}", "https://h/?key={}&a=1", "\n{}\n"])
def test_what_looks_like_a_key_is_removed_unasked(key: str, text: str) -> None:
    cleaned = Redactor().clean(text.format(key))
    assert key not in cleaned and REMOVED in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hunter2hunter2",
        "Authorization: Basic dXNlcjpodW50ZXIyaHVudGVyMg==",
        "x-api-key: hunter2hunter2",
        '{"api_key": "hunter2hunter2"}',
        "api-key=hunter2hunter2",
        "http://user:hunter2hunter2@host/v1",
        "http://user:hunter2@hunter2@host/v1",
        "https://host/v1?key=hunter2hunter2",
        "https://host/v1?a=1&api_key=hunter2hunter2",
        "'x-goog-api-key': 'hunter2hunter2'",
    ],
)
def test_a_key_is_removed_by_the_place_where_it_stands(text: str) -> None:
    cleaned = Redactor().clean(text)
    assert "hunter2" not in cleaned and "dXNlcj" not in cleaned


def test_ordinary_text_stays() -> None:
    text = "Grade4 feeds Merge2; see http://127.0.0.1:8080/v1?a=1 and the ask-me-anything task-list, bearer of news."
    assert redactor(KEY).clean(text) == text


@pytest.mark.parametrize(
    "form",
    [
        KEY,
        quote(KEY, safe=""),
        quote(KEY, safe="").lower(),
        json.dumps(KEY),
        json.dumps(KEY, ensure_ascii=False),
        *[base64.b64encode(f"{'u' * n}:{KEY}:x".encode()).decode() for n in range(1, 7)],
        *[base64.urlsafe_b64encode(f"{'u' * n}:{KEY}".encode()).decode() for n in range(1, 4)],
    ],
)
def test_a_live_key_is_removed_in_every_form(form: str) -> None:
    cleaned = redactor(KEY).clean(f"before {form} after")
    assert form not in cleaned and REMOVED in cleaned
    assert cleaned.startswith("before ") and cleaned.endswith(" after")


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=40), st.text(), st.text())
def test_no_live_key_survives(key: str, before: str, after: str) -> None:
    cleaned = redactor(key).clean(before + key + after)
    assert key not in cleaned.replace(REMOVED, "\n")


def test_a_short_key_does_not_tear_holes_into_words() -> None:
    assert redactor("no").clean("no node, no") == f"{REMOVED} node, {REMOVED}"


def test_an_empty_key_removes_nothing() -> None:
    assert redactor("", "  ").clean("a b") == "a b"


@pytest.mark.parametrize(
    "piece", ["://", "a", "sk-", "api_key=", "Bearer ", "?key=", "authorization: ", "A" * 63 + " ", "://a@"]
)
def test_the_time_is_in_proportion_to_the_text(piece: str) -> None:
    made = redactor(KEY, "A" * 20)
    text = piece * (1_000_000 // len(piece))
    began = time.process_time()
    made.clean(text)
    assert time.process_time() - began < 5  # the quadratic way takes minutes


def test_a_secret_shows_only_its_ending() -> None:
    secret = Secret("sk-0123456789abcdef")
    assert repr(secret) == "Secret(...cdef)" and "0123" not in f"{secret} {secret!r} {[secret]}"
    assert Secret("short").ending == ""
