"""Services that the user or the studio describes: what is taken of a file, what is refused, and who may decide it."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.panel import settings as options
from nuke_ai_panel.panel.settings import STUDIO_VARIABLE, OwnService, ProviderSettings, Settings, load, save
from nuke_ai_panel.panel.settings.headers import header_problem, headers_problem
from nuke_ai_panel.panel.settings.services import id_problem, new_id
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.openai_chat.quirks import ChatQuirks

WHOLE = """
[providers.render-ai]
label = "Render AI"
format = "anthropic"
address = "http://127.0.0.1:9000/v1"
model = "comp-7b"
needs_key = true
headers = { X-Team = "comp", X-Auth = "Token {key}" }
"""


class Desk:
    """A user's file, a studio's file and an environment."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "settings.toml"
        self.studio = folder / "studio.toml"
        self.environ = {STUDIO_VARIABLE: str(self.studio)}
        self.studio.write_text("")

    def load(self) -> Settings:
        return load(self.file, self.environ)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_table_with_an_id_of_its_own_is_a_service_like_those_of_the_catalog(desk: Desk) -> None:
    desk.file.write_text(WHOLE)
    settings = desk.load()
    row = settings.services["render-ai"]
    assert (row.label, row.format, row.needs_key, row.local) == ("Render AI", "anthropic", True, True)
    assert row.headers == {"X-Team": "comp", "X-Auth": "Token {key}"} and row.base_url == ""
    assert settings.provider("render-ai") == ProviderSettings("http://127.0.0.1:9000/v1", "comp-7b")
    assert tuple(settings.services) == (*PROVIDERS, "render-ai") and settings.warnings == ()


def test_an_address_alone_is_a_service_that_speaks_what_most_do(desk: Desk) -> None:
    desk.file.write_text('[providers.farm]\naddress = "https://ai.example/v1"\n')
    row = desk.load().services["farm"]
    assert (row.label, row.format, row.needs_key, row.local) == ("farm", "openai_chat", False, False)


def test_what_another_version_left_behind_is_no_service(desk: Desk) -> None:
    desk.file.write_text(
        '[providers.cerebras]\nmodel = "m"\n[providers.openai]\nlabel = "Mine"\nheaders = { X-A = "b" }\n'
    )
    settings = desk.load()
    assert dict(settings.services) == PROVIDERS


def test_each_quirk_that_the_format_documents_can_be_set(desk: Desk) -> None:
    wanted = {
        "stream_options": "false",
        "max_tokens_field": '"max_completion_tokens"',
        "effort": '"object"',
        "known_fields_only": "true",
        "schema": "false",
        "content_with_calls": "false",
        "user_after_tools": "false",
        "call_ids": '"mistral"',
        "reasoning_with_calls": "true",
        "reasoning_details": '"mine"',
        "server": '"vllm"',
        "one_model": "true",
        "key_path": '"/me/key"',
    }
    assert set(wanted) == set(ChatQuirks.__dataclass_fields__)
    lines = "\n".join(f"{name} = {value}" for name, value in wanted.items())
    desk.file.write_text(f'[providers.farm]\naddress = "http://farm/v1"\n[providers.farm.quirks]\n{lines}\n')
    settings = desk.load()
    assert settings.warnings == ()
    standard = ChatQuirks()
    for name in wanted:
        assert getattr(settings.services["farm"].quirks, name) != getattr(standard, name), name


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("label = 7", "providers.farm.label"),
        (f'label = "{"x" * 61}"', "providers.farm.label"),
        ('format = "openai"', "providers.farm.format"),
        ('needs_key = "yes"', "providers.farm.needs_key"),
        ("headers = 7", "providers.farm.headers"),
        ('headers = { X-Good = "a", Host = "b" }', "providers.farm.headers.Host"),
        ('headers = { X-Good = "a", X-Bad = 5 }', "providers.farm.headers.X-Bad"),
        ("quirks = { hurry = true }", "providers.farm.quirks.hurry"),
        ('quirks = { effort = "shout" }', "providers.farm.quirks.effort"),
        ('quirks = { key_path = "https://elsewhere.example/key" }', "providers.farm.quirks.key_path"),
        ('quirks = { key_path = "/a://elsewhere.example" }', "providers.farm.quirks.key_path"),
        ("quirks = { schema = 1 }", "providers.farm.quirks.schema"),
    ],
)
def test_what_is_damaged_counts_as_not_written_alone_and_is_told(desk: Desk, line: str, told: str) -> None:
    desk.file.write_text(f'[providers.farm]\naddress = "http://farm/v1"\n{line}\n')
    settings = desk.load()
    (warning,) = settings.warnings
    row = settings.services["farm"]
    assert warning.startswith(f"{told} in your settings counts as not written.")
    assert (row.label, row.format, row.needs_key, row.quirks) == ("farm", "openai_chat", False, ChatQuirks())
    assert row.headers in ({}, {"X-Good": "a"})
    desk.file.unlink()
    desk.studio.write_text(f'[providers.farm]\naddress = "http://farm/v1"\n{line}\n')
    (warning,) = desk.load().warnings
    assert told in warning and "studio" in warning and desk.load().services["farm"].label == "farm"


@pytest.mark.parametrize("service_id", ["Farm", "7", "a b", "x" * 33, "proxy", "a@b"])
def test_an_id_that_cannot_be_one_is_told_and_never_a_service(desk: Desk, service_id: str) -> None:
    desk.file.write_text(f'[providers."{service_id}"]\naddress = "http://farm/v1"\n')
    settings = desk.load()
    assert len(settings.warnings) == 1 and dict(settings.services) == PROVIDERS


def test_a_service_of_ones_own_can_be_the_one_that_answers(desk: Desk) -> None:
    desk.file.write_text(f'[chat]\nprovider = "render-ai"\n{WHOLE}')
    settings = desk.load()
    assert settings.get(options.PROVIDER) == "render-ai" and settings.warnings == ()
    assert ("render-ai", "Render AI") in settings.declared(options.PROVIDER).choices
    settings.remove_service("render-ai")
    assert settings.get(options.PROVIDER) == "offline"
    assert "render-ai" not in dict(settings.declared(options.PROVIDER).choices)


def test_the_studio_can_describe_a_service_and_let_it_answer(desk: Desk) -> None:
    desk.studio.write_text(f'[chat]\nprovider = "render-ai"\n{WHOLE}')
    settings = desk.load()
    assert settings.get(options.PROVIDER) == "render-ai" and settings.warnings == ()
    assert settings.service_origin("render-ai").decided_by == f"Decided by your studio ({desk.studio})."
    desk.environ["NUKE_AI_PANEL_CHAT_PROVIDER"] = "render-ai"
    desk.studio.write_text(WHOLE)
    assert desk.load().get(options.PROVIDER) == "render-ai"


def test_the_users_fields_come_before_the_studios_unless_those_are_locked(desk: Desk) -> None:
    desk.studio.write_text(WHOLE)
    desk.file.write_text('[providers.render-ai]\nlabel = "Mine"\nheaders = { X-Team = "me" }\n')
    row = desk.load().services["render-ai"]
    assert (row.label, row.format, row.headers) == ("Mine", "anthropic", {"X-Team": "me"})
    desk.studio.write_text(f'{WHOLE}[locked]\nsettings = ["providers.render-ai.headers"]\n')
    row = desk.load().services["render-ai"]
    assert (row.label, row.headers["X-Auth"]) == ("Mine", "Token {key}")
    desk.studio.write_text(f'{WHOLE}[locked]\nsettings = ["providers.render-ai"]\n')
    assert desk.load().services["render-ai"].label == "Render AI"


def test_a_studio_that_locks_all_providers_has_none_beside_its_own(desk: Desk) -> None:
    desk.studio.write_text(f'{WHOLE}[locked]\nsettings = ["providers"]\n')
    desk.file.write_text('[providers.mine]\naddress = "http://mine/v1"\nlabel = "Mine"\n')
    settings = desk.load()
    assert tuple(settings.own_services) == ("render-ai",)
    assert settings.services_locked_by == f"Decided by your studio ({desk.studio})."


def test_a_service_is_saved_changed_and_taken_out_again(desk: Desk) -> None:
    settings = desk.load()
    own = OwnService(label="Render AI", headers={"X-Team": "comp"}, quirks={"schema": False})
    service_id = settings.put_service("", own, "http://farm/v1")
    assert service_id == "render-ai" and settings.services[service_id].quirks.schema is False
    settings.set_provider(service_id, ProviderSettings("http://farm/v1", "m"))
    save(settings.changes, desk.file)
    settings = desk.load()
    assert settings.services[service_id].headers == {"X-Team": "comp"} and settings.provider(service_id).model == "m"
    settings.put_service(service_id, OwnService(label="Farm", format="gemini"), "http://farm/v1beta")
    save(settings.changes, desk.file)
    settings = desk.load()
    row = settings.services[service_id]
    assert (row.label, row.format, row.headers, row.quirks) == ("Farm", "gemini", {}, ChatQuirks())
    assert settings.provider(service_id) == ProviderSettings("http://farm/v1beta", "m")
    settings.remove_service(service_id)
    save(settings.changes, desk.file)
    assert dict(desk.load().services) == PROVIDERS and "render-ai" not in desk.file.read_text()


def test_a_service_that_is_described_again_at_once_has_nothing_of_the_one_that_was_removed(desk: Desk) -> None:
    desk.file.write_text(WHOLE)
    settings = desk.load()
    settings.remove_service("render-ai")
    settings.put_service("render-ai", OwnService(label="New"), "http://new/v1")
    save(settings.changes, desk.file)
    row = desk.load().services["render-ai"]
    assert (row.label, row.format, row.headers, row.needs_key) == ("New", "openai_chat", {}, False)
    assert desk.load().provider("render-ai").model == ""


@pytest.mark.parametrize(
    ("label", "expected"),
    [("Render AI", "render-ai"), ("OpenAI", "openai-2"), ("\u5149", "service"), ("7 up", "service")],
)
def test_an_id_is_made_from_the_name_and_never_one_that_is_taken(label: str, expected: str) -> None:
    assert new_id(label, PROVIDERS) == expected


@given(st.text(max_size=80), st.integers(0, 3))
def test_every_name_has_an_id(label: str, taken: int) -> None:
    known: dict[str, object] = dict(PROVIDERS)
    for _ in range(taken):
        known[new_id(label, known)] = None
    made = new_id(label, known)
    assert made not in known and id_problem(made) == ""


# Headers

HARMLESS = {
    "X-Team": "comp",
    "HTTP-Referer": "https://studio.example/nuke-16/panel",
    "X-Title": "Nuke AI Panel",
    "anthropic-beta": "interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14",
    "OpenAI-Organization": "org-A1b2C3d4E5f6G7h8I9j0",
    "X-Project-Id": "8f14e45fceea167a5a36dedd4bea2543",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)",
    "X-Auth": "{key}",
    "X-Api-Key": "{key}",
    "Authorization": "Bearer {key}",
    "X-Routing": "model=claude-sonnet-4-20250514; region=eu-central-1",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_these_headers_may_be_sent(name: str) -> None:
    assert header_problem(name, HARMLESS[name]) == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer abcdef123456"),
        ("authorization", "dXNlcjpwYXNz"),
        ("Authorization", "Bearer {key} and-more-of-it"),
        ("Proxy-Authorization", "Basic {key}"),
        ("X-Api-Key", "kq9"),
        ("x-goog-api-key", "short"),
        ("X-Auth-Token", "abc"),
        ("Cookie", "session=abc"),
        ("X-Client-Secret", "abc"),
        ("X-Team", "Bearer xyz"),
        ("X-Team", "sk-proj-0123456789abcdef"),
        ("X-Team", "gsk_0123456789abcdef"),
        ("X-Project-Id", "sk-proj-0123456789abcdef"),
        ("X-Team", "8f14e45fceea167a5a36dedd4bea2543"),
        ("X-Team", "team=Zx81kQw92LmN04pR7t; room=2"),
        ("X-Team", "https://user:password@host.example"),
        ("X-Query", "https://host.example/?api_key=abc"),
    ],
)
def test_a_key_in_the_clear_is_refused_without_being_repeated(name: str, value: str) -> None:
    sentence = header_problem(name, value)
    assert sentence.endswith(".") and value not in sentence
    assert not re.search(r"0123456789|password|xyz", sentence)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", "elsewhere.example"),
        ("content-length", "5"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "close"),
        ("Accept-Encoding", "br"),
        ("X Team", "a"),
        ("X-Team:", "a"),
        ("", "a"),
        ("X-\u00c4", "a"),
        ("X" * 65, "a"),
        ("X-Team", "a\r\nX-Other: b"),
        ("X-Team", "a\nb"),
        ("X-Team", "a\0b"),
        ("X-Team", "caf\u00e9"),
        ("X-Team", "a" * 1001),
    ],
)
def test_a_header_that_would_change_the_request_itself_is_refused(name: str, value: str) -> None:
    assert header_problem(name, value).endswith(".")


@given(st.permutations(string.ascii_letters + string.digits), st.integers(24, 62))
def test_what_is_as_random_as_a_key_is_refused(letters: list[str], length: int) -> None:
    value = "".join(letters[:length])
    if not value.isalpha():
        assert header_problem("X-Team", f"team {value}") and header_problem("X-Team", value)


@given(st.text(), st.text())
def test_every_header_is_judged_and_what_passes_fits_on_one_line(name: str, value: str) -> None:
    if not header_problem(name, value):
        assert re.fullmatch(r"[!-~]+", name) and ":" not in name and re.fullmatch(r"[ -~]*", value)


def test_of_several_headers_the_wrong_one_is_named() -> None:
    assert headers_problem(HARMLESS) == ""
    assert headers_problem({"X-A": "b", "Host": "c"}).startswith("Host:")
    assert "twice" in headers_problem({"X-A": "b", "x-a": "c"})
    assert "32" in headers_problem({f"X-{number}": "a" for number in range(33)})
