"""The rows of the catalog: complete, and cautious about whose key is whose."""

from __future__ import annotations

import pytest
from nuke_ai_panel.providers.address import parse_address
from nuke_ai_panel.providers.catalog import OWN_KEY_VARIABLE, PROVIDERS, provider_for_key, row_of


@pytest.mark.parametrize("row", PROVIDERS.values(), ids=lambda row: row.id)
def test_every_row_is_complete(row) -> None:  # type: ignore[no-untyped-def]
    assert row.label and row.id == row_of(row.id).id
    assert bool(row.key_page) == bool(row.billing_page)
    if row.format == "offline" or row.address_hint:
        assert not row.base_url
        return
    address = parse_address(row.base_url)
    assert row.base_url_of() == row.base_url
    assert address.local == row.local
    assert row.key_variable
    assert row.start_hint if row.local else row.key_page.startswith("https://") and row.needs_key


def test_no_variable_serves_two_rows() -> None:
    variables = [row.key_variable for row in PROVIDERS.values() if row.key_variable]
    assert len(variables) == len(set(variables))


@pytest.mark.parametrize(
    ("key", "provider"),
    [
        ("sk-proj-abc", "openai"),
        (" sk-or-v1-abc\n", "openrouter"),
        ("gsk_abc", "groq"),
        ("xai-abc", "xai"),
        ("sk-ant-abc", "anthropic"),
        ("sk-abc", None),
        ("abc", None),
        ("", None),
    ],
)
def test_a_key_names_its_service_only_without_doubt(key: str, provider: str | None) -> None:
    found = provider_for_key(key)
    assert (found.id if found else None) == provider


def test_another_address_gets_another_variable() -> None:
    assert "OPENAI_API_KEY" in PROVIDERS["openai"].service().key_hint
    assert OWN_KEY_VARIABLE in PROVIDERS["openai"].service("https://elsewhere.example/v1").key_hint


def test_a_server_without_a_name_is_called_by_its_address() -> None:
    assert PROVIDERS["compatible"].service("http://127.0.0.1:8080/v1").name == "127.0.0.1:8080"
    assert PROVIDERS["ollama"].service().name == "Ollama"


@pytest.mark.parametrize(
    "typed",
    [
        "https://studio.openai.azure.com",
        "https://studio.openai.azure.com/",
        "https://studio.openai.azure.com/openai/v1/",
        "https://studio.openai.azure.com/openai/v1/chat/completions",
    ],
)
def test_an_azure_resource_is_found_however_it_is_typed(typed: str) -> None:
    azure = PROVIDERS["azure"]
    assert azure.base_url_of(typed) == "https://studio.openai.azure.com/openai/v1"
    service = azure.service(azure.base_url_of(typed))
    assert service.name == "Azure OpenAI" and OWN_KEY_VARIABLE in service.key_hint
