"""Keys in the terminal: what is taken for one, where it goes, what is said when it cannot; exit codes of addresses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cli_process import run
from fault_server import answers, fault_server, wants_key
from nuke_ai_panel.panel.settings import STUDIO_VARIABLE, load, settings_path
from secret_service import SecretService

KEY = "sk-proj-sentinel-0123456789"
NO_BUS = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs a Secret Service")
OWN = """
[providers.farm]
label = "Render AI"
address = "{url}"
model = "tiny"
needs_key = true
headers = {{ X-Auth = "Token {{key}}", X-Team = "comp" }}
"""


def write_settings(text: str) -> None:
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    settings_path().write_text(text)


@pytest.mark.parametrize("words", [("ask", "hi"), ("test",), ("models",), ("pull", "m")])
async def test_an_address_that_is_none_is_bad_input_everywhere_and_json_all_the_same(words: tuple[str, ...]) -> None:
    done = await run(*words, "--base-url", "http://x:99999", "--json")
    assert done.code == 2 and done.json["error"]["kind"] == "bad_address"


@pytest.mark.parametrize("words", [("ask", "hi"), ("test",), ("models",), ("pull", "m"), ("chat",)])
async def test_an_address_that_is_none_is_told_in_words_and_with_what_to_do(words: tuple[str, ...]) -> None:
    done = await run(*words, "--base-url", "127.0.0.1:8080")
    assert done.code == 2 and "http://127.0.0.1:8080" in done.err and "Traceback" not in done.err


async def test_a_key_for_an_address_that_is_none_is_bad_input_and_says_why() -> None:
    done = await run("keys", "set", "compatible", "--base-url", "127.0.0.1:8080", stdin=KEY)
    assert done.code == 2 and "http://127.0.0.1:8080" in done.err and KEY not in done.err


async def test_a_provider_without_an_address_is_bad_input_as_well() -> None:
    done = await run("ask", "hi", "--provider", "azure", "--json")
    assert done.code == 2 and done.json["error"]["kind"] == "bad_address"


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (f"{KEY}\nsk-another-0123456789\n", "line break"),
        (f"{KEY}\rsk-another", "line break"),
        ("sk-proj\0-0123456789\n", "cannot be seen"),
        ("sk-proj-\u200b0123456789\n", "zero width space"),
        ("sk proj\n", "blank"),
        ("\n", "empty"),
    ],
)
async def test_what_cannot_be_a_key_is_refused_before_the_keyring_is_asked(typed: str, why: str) -> None:
    done = await run("keys", "set", "openai", stdin=typed, **NO_BUS)
    assert done.code == 2 and why in done.err and "sk-proj" not in done.err and done.out == ""


@ONLY_LINUX
@pytest.mark.parametrize(
    "typed", [f"  {KEY}\r\n", f'"{KEY}"\n', f"Authorization: Bearer {KEY}\n", f"\u201c{KEY}\u201d"]
)
async def test_what_is_copied_along_with_a_key_is_left_out(secret_service: SecretService, typed: str) -> None:
    import keyring.backends.SecretService as backend

    assert (await run("keys", "set", "openai", stdin=typed)).code == 0
    assert backend.Keyring().get_password("nuke-ai-panel", "openai@https://api.openai.com") == KEY


@ONLY_LINUX
async def test_an_unusual_character_is_named_and_the_key_kept(secret_service: SecretService) -> None:
    done = await run("keys", "set", "openai", stdin="sk-pr\u043ej-0123456789\n")
    assert done.code == 0 and "cyrillic small letter o" in done.err


@ONLY_LINUX
async def test_a_key_is_replaced_by_setting_it_again(secret_service: SecretService) -> None:
    async with fault_server(wants_key("sk-new-0123456789", answers("let in"))) as server:
        words = ("compatible", "--base-url", server.url)
        for key in ("sk-old-0123456789", "sk-new-0123456789"):
            assert (await run("keys", "set", *words, stdin=key)).code == 0
        done = await run("ask", "hi", "--base-url", server.url, "--model", "m")
        assert done.out == "let in\n"


async def test_without_a_keyring_the_variable_is_named_that_can_hold_the_key() -> None:
    done = await run("keys", "set", "openai", stdin=KEY, **NO_BUS)
    assert done.code == 1 and "no keyring" in done.err and "OPENAI_API_KEY" in done.err
    assert "session" not in done.err  # a command has none
    done = await run("keys", "set", "openai", "--base-url", "http://127.0.0.1:9/v1", stdin=KEY, **NO_BUS)
    assert "NUKE_AI_PANEL_API_KEY" in done.err


async def test_a_variable_that_holds_no_key_is_named_and_nothing_is_sent() -> None:
    async with fault_server(answers("let in")) as server:
        write_settings(f'[providers.compatible]\naddress = "{server.url}"\nmodel = "m"\n')
        words = ("ask", "hi", "--provider", "compatible", "--json")
        done = await run(*words, NUKE_AI_PANEL_API_KEY="one\ntwo")
        assert done.code == 1 and done.json["error"]["kind"] == "key_missing" and server.calls == []
        assert "NUKE_AI_PANEL_API_KEY" in done.json["error"]["why"] and "line break" in done.json["error"]["why"]
        done = await run(*words, NUKE_AI_PANEL_API_KEY=f' "{KEY}" ')
        assert done.code == 0 and server.calls[0].headers["authorization"] == f"Bearer {KEY}"


# Services of one's own


async def test_a_service_of_ones_own_is_listed_tested_and_asked_with_its_headers() -> None:
    async with fault_server(answers("from the farm")) as server:
        write_settings(OWN.format(url=server.url))
        rows = {row["id"]: row for row in (await run("providers", "--json")).json["providers"]}
        assert rows["farm"]["label"] == "Render AI" and rows["farm"]["address"] == server.url and rows["farm"]["local"]
        done = await run("ask", "hi", "--provider", "farm", "--json", NUKE_AI_PANEL_API_KEY=KEY)
        assert done.json["text"] == "from the farm" and done.json["provider"] == "farm"
        sent = server.calls[-1].headers
        assert sent["x-auth"] == f"Token {KEY}" and sent["x-team"] == "comp" and "authorization" not in sent
        assert (await run("test", "farm", "--json", NUKE_AI_PANEL_API_KEY=KEY)).json["ok"]


async def test_a_service_that_needs_a_key_says_so_under_its_own_name() -> None:
    async with fault_server(wants_key(KEY, answers("let in"))) as server:
        write_settings(OWN.format(url=server.url))
        done = await run("ask", "hi", "--provider", "farm", "--json", **NO_BUS)
        assert done.code == 1 and done.json["error"]["kind"] == "key_missing"
        assert "Render AI" in done.json["error"]["title"]


async def test_the_studios_service_answers_where_the_studio_says_so(tmp_path: Path) -> None:
    async with fault_server(answers("from the farm")) as server:
        studio = tmp_path / "studio.toml"
        studio.write_text(f'[chat]\nprovider = "farm"\n{OWN.format(url=server.url)}')
        environ = {STUDIO_VARIABLE: str(studio), "NUKE_AI_PANEL_API_KEY": KEY}
        done = await run("ask", "hi", **environ)
        assert done.out == "from the farm\n" and done.err == ""


async def test_a_key_in_a_header_is_refused_told_and_never_printed_or_sent() -> None:
    async with fault_server(answers("hello")) as server:
        text = OWN.format(url=server.url).replace("Token {key}", f"Token {KEY}").replace("true", "false")
        write_settings(text)
        done = await run("ask", "hi", "--provider", "farm")
        assert done.code == 0 and "providers.farm.headers.X-Auth" in done.err and KEY not in done.out + done.err
        assert "x-auth" not in server.calls[-1].headers


async def test_a_near_name_of_ones_own_is_offered() -> None:
    write_settings(OWN.format(url="http://127.0.0.1:9/v1"))
    done = await run("ask", "hi", "--provider", "fram")
    assert done.code == 2 and "Did you mean farm?" in done.err


@ONLY_LINUX
async def test_a_key_of_ones_own_service_is_kept_under_its_name_and_origin(secret_service: SecretService) -> None:
    async with fault_server(answers("from the farm")) as server:
        write_settings(OWN.format(url=server.url))
        done = await run("keys", "set", "farm", stdin=KEY)
        assert done.code == 0 and f"Render AI at {server.origin}" in done.out
        assert load(settings_path()).saved_keys() == {f"farm@{server.origin}"}
        assert (await run("ask", "hi", "--provider", "farm")).out == "from the farm\n"
        assert server.calls[-1].headers["x-auth"] == f"Token {KEY}"


# The password of the proxy


@ONLY_LINUX
async def test_the_proxys_password_is_set_listed_and_forgotten(secret_service: SecretService) -> None:
    write_settings('[network]\nproxy = "manual"\nproxy_address = "http://proxy.example:3128"\nproxy_user = "ann"\n')
    done = await run("keys", "set", "proxy", stdin='  "open sesame" \u00e9\n')
    assert done.code == 0 and "password of the proxy http://proxy.example:3128" in done.out and "sesame" not in done.out
    import keyring.backends.SecretService as backend

    kept = backend.Keyring().get_password("nuke-ai-panel", "proxy@http://proxy.example:3128")
    assert kept == '  "open sesame" \u00e9'
    listed = (await run("keys", "list", "--json")).json["keys"]
    assert listed == [{"provider": "proxy", "origin": "http://proxy.example:3128", "where": "Secret Service"}]
    assert (await run("keys", "remove", "proxy")).code == 0
    assert "no password" in (await run("keys", "remove", "proxy")).out


async def test_a_password_without_a_proxy_is_bad_input_and_says_how_to_name_one() -> None:
    done = await run("keys", "set", "proxy", stdin="secret", HTTPS_PROXY="", https_proxy="", ALL_PROXY="", all_proxy="")
    assert done.code == 2 and "--base-url" in done.err
    done = await run("keys", "set", "proxy", "--base-url", "socks5://x:1", stdin="secret")
    assert done.code == 2 and "SOCKS" in done.err
    done = await run("keys", "set", "proxy", "--base-url", "http://x:1", stdin="one\ntwo")
    assert done.code == 2 and "line break" in done.err


@ONLY_LINUX
async def test_the_systems_proxy_is_the_one_that_is_meant_where_the_settings_name_none(
    secret_service: SecretService,
) -> None:
    done = await run("keys", "set", "proxy", stdin="secret\n", HTTPS_PROXY="http://ann@proxy.example:3128")
    assert done.code == 0 and "http://proxy.example:3128" in done.out
