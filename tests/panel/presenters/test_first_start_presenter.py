"""The first start: what is found, what is tested, and what a choice leads to."""

from __future__ import annotations

from fault_server import answers, fault_server, wants_key
from memory_keyring import Dictionary
from nuke_ai_panel.panel import settings as options
from nuke_ai_panel.panel.keys import Keyring, KeyringTrouble
from nuke_ai_panel.panel.presenters.first_start import FirstStartPresenter
from nuke_ai_panel.panel.settings import Settings, load, settings_path
from ollama_server import Installed, LittleOllama
from open_window import OpenPane, open_pane, until

KEY = "gsk_0123456789abcdef"


def at(provider_id: str, url: str) -> Settings:
    return Settings({"providers": {provider_id: {"address": url}}})


def first(window: OpenPane) -> FirstStartPresenter:
    assert window.presenter.first_start
    return window.presenter.first_start


async def test_a_server_on_this_computer_is_found_and_answers_when_it_is_chosen() -> None:
    async with fault_server(LittleOllama({"qwen": Installed()}, ("from ", "here"))) as server:
        async with open_pane(settings=at("ollama", server.url)) as window:
            card = first(window).page.local_card
            await until(lambda: "Ollama is running" in card.title())
            assert str(server.port) in card.text()
            first(window).page.local_chosen.emit("ollama", "qwen")
            answer = window.ask("hi")
            await until(lambda: not answer.running)
            assert answer.markdown == "from here"


async def test_a_pasted_key_is_tested_saved_and_used() -> None:
    handler = wants_key(KEY, answers("let in", models=["only"]))
    async with fault_server(handler) as server:
        async with open_pane(keyring=(keyring := Dictionary()), settings=at("groq", server.url)) as window:
            first(window).page.key_entered.emit(KEY)
            await until(lambda: window.presenter.conversation.chat.provider == "groq")
            assert keyring.held == {f"groq@{server.origin}": KEY}
            answer = window.ask("hi")
            await until(lambda: not answer.running)
            assert answer.markdown == "let in" and server.calls[-1].json["model"] == "only"
            await until(lambda: load(settings_path()).get(options.PROVIDER) == "groq")


async def test_a_key_that_fails_leaves_the_page_usable() -> None:
    handler = wants_key(KEY, answers("let in", models=["only"]))
    async with fault_server(handler) as server, open_pane(settings=at("groq", server.url)) as window:
        page = first(window).page
        page.key_entered.emit("gsk_wrong_0123456789")
        await until(lambda: "refused" in page.key_card.title() or "key" in page.key_card.title().lower())
        await until(lambda: page.key.state.kind == "none")
        assert window.presenter.conversation.chat.provider == "offline"
        page.key_entered.emit(KEY)
        await until(lambda: window.presenter.conversation.chat.provider == "groq")


async def test_a_key_of_nobody_is_shown_to_nobody() -> None:
    async with open_pane() as window:
        first(window).page.key_entered.emit("sk-0123456789abcdef")
        assert not any("try a key" in name for name in window.app.scope.stats().names)
        assert window.presenter.conversation.chat.provider == "offline"


async def test_a_variable_counts_only_once_its_test_has_passed() -> None:
    handler = wants_key(KEY, answers("let in", models=["only"]))
    async with fault_server(handler) as server:
        refused = {"GROQ_API_KEY": "gsk_for_another_address"}
        async with open_pane(settings=at("groq", server.url), **refused) as window:
            first(window).page.variable_chosen.emit("groq")
            await until(lambda: first(window).page.key.state.kind == "none" and server.calls)
            assert window.presenter.conversation.chat.provider == "offline"
            assert "gsk_for" not in str([call.headers for call in server.calls])


async def test_where_keys_are_kept_is_told() -> None:
    def none() -> Keyring:
        raise KeyringTrouble("There is no keyring.")

    for keyring, place in ((Dictionary(), "Dictionary"), (none, "this session only")):
        async with open_pane(keyring=keyring) as window:
            await until(lambda place=place, window=window: place in first(window).page._places.text())
