"""Addresses as people type them, and the origin that a key belongs to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers.address import (
    address_problem,
    normalise_base_url,
    origin_of,
    other_forms,
    parse_address,
    spelling_of,
)
from nuke_ai_panel.providers.errors import ProviderError

BAD = [
    "",
    "htp://host/v1",
    "127.0.0.1:8080/v1",
    "host",
    "http://",
    "http:///v1",
    "http://host:99999/v1",
    "http://host:0/v1",
    "http://host:x/v1",
    "http://a b/v1",
    "http://host/a b",
    "http://user:pw@host/v1",
    "http://key@host/v1",
    "https://api.openai.com\\@evil.example/v1",
    "https://api.openai.com%2f@evil.example",
    "http://[::1/v1",
    "http://host/v1?key=abc",
    "http://host/v1#x",
    "http://host\n/v1",
    "http://ho*st/v1",
    "ftp://host/v1",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("text", BAD)
def test_a_bad_address_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ProviderError) as error:
        normalise_base_url(text)
    assert error.value.problem.kind == "bad_address"
    assert error.value.problem.why.endswith(".")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/v1"),
        ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1"),
        (" http://127.0.0.1:8080/v1 ", "http://127.0.0.1:8080/v1"),
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("http://127.0.0.1:1234/v1/chat/completions/", "http://127.0.0.1:1234/v1"),
        ("http://127.0.0.1:8080/chat/completions", "http://127.0.0.1:8080"),
        ("https://host/models/", "https://host"),
        ("http://h//models//", "http://h"),
        ("https://host/inference", "https://host/inference"),
        ("https://host/api/v1/chat/completions", "https://host/api/v1"),
        ("http://127.0.0.1:8080/v1/chat/completions", "http://127.0.0.1:8080/v1"),
        ("https://host/v1/models", "https://host/v1"),
        ("https://HOST:443/api/v1", "https://host/api/v1"),
        ("HTTPS://Host/openai/v1/", "https://host/openai/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("http://höst.example/v1", "http://xn--hst-sna.example/v1"),
    ],
)
def test_an_address_is_brought_into_one_form(text: str, url: str) -> None:
    assert normalise_base_url(text) == url
    assert normalise_base_url(spelling_of(url)) == url


@pytest.mark.parametrize(
    ("url", "others"),
    [
        ("http://host/v1", ("http://host",)),
        ("http://host", ("http://host/v1",)),
        ("http://host/api/v1", ("http://host/api", "http://host/v1", "http://host")),
        ("http://host/api", ("http://host/api/v1", "http://host/v1", "http://host")),
    ],
)
def test_a_server_is_looked_for_with_and_without_v1(url: str, others: tuple[str, ...]) -> None:
    assert other_forms(url) == others
    assert all(origin_of(other) == origin_of(url) for other in others)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com"),
        ("https://API.OpenAI.com:443", "https://api.openai.com"),
        ("http://host:80/x", "http://host"),
        ("http://host:443/x", "http://host:443"),
        ("https://host:8443/x", "https://host:8443"),
    ],
)
def test_the_origin_leaves_out_what_goes_without_saying(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@given(st.text("htps:/@\\.?#[]%1a- \n", max_size=30))
def test_any_text_is_an_address_or_a_named_problem(text: str) -> None:
    for candidate in (text, f"http://{text}", f"https://api.openai.com{text}"):
        try:
            url = normalise_base_url(candidate)
        except ProviderError as error:
            assert error.problem.kind == "bad_address"
        else:
            assert normalise_base_url(spelling_of(url)) == url and "@" not in parse_address(url).host


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("localhost", True), ("192.168.1.4", True), ("render7", True), ("box.local", True)]
    + [("[::1]", True), ("api.openai.com", False), ("8.8.8.8", False)],
)
def test_what_is_in_the_house_is_local(host: str, local: bool) -> None:
    assert parse_address(f"http://{host}/v1").local is local


@pytest.mark.parametrize(
    "text, part",
    [
        ("", "Type the address"),
        ("api.openai.com/v1", "https://api.openai.com/v1"),
        ("localhost:11434", "http://localhost:11434"),
        ("ftp://x", "ftp:// does not work"),
        ("http://", "name of the server"),
        ("http://a b", "blank inside"),
        ("http://a:99999", "port"),
        ("http://a:0", "port"),
        ("http://[::1", "cannot be read"),
        ("http://user:pw@host/v1", "password"),
        ("http://host/v1?key=1", "from ? or #"),
    ],
)
def test_each_mistake_in_an_address_has_its_own_sentence(text: str, part: str) -> None:
    assert part in address_problem(text)


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:8080/v1", "https://api.openai.com/v1", "http://[::1]:8080", "HTTP://h"]
)
def test_a_good_address_has_nothing_said_about_it(text: str) -> None:
    assert address_problem(text) == ""


@given(st.text(max_size=40))
def test_no_text_at_all_makes_the_address_check_fail(text: str) -> None:
    assert isinstance(address_problem(text), str)
