"""Services of one's own, from the form to the question: kept, asked, changed, removed with their keys."""

from __future__ import annotations

from fault_server import answers, fault_server, never_answers
from memory_keyring import Dictionary, Locked
from nuke_ai_panel.panel import settings as options
from nuke_ai_panel.panel.presenters.services import formats
from nuke_ai_panel.panel.settings import Settings, load, settings_path
from nuke_ai_panel.panel.settings.studio import Studio
from nuke_ai_panel.providers.formats import FORMATS
from nuke_ai_panel.ui.settings.dialog import SettingsDialog
from nuke_ai_panel.ui.settings.service_page import ServicePage
from nuke_ai_panel.ui.settings.values import ProviderDraft, ServiceDraft
from open_window import OpenPane, open_pane, until

KEY = "sk-sentinel-0123456789"


def draft(url: str, **more: object) -> ServiceDraft:
    parts = {"label": "Render AI", "format": "openai_chat", "address": url} | more
    return ServiceDraft(**parts)  # pyright: ignore


def opened(window: OpenPane) -> SettingsDialog:
    return window.presenter.settings.open()


def add(window: OpenPane, given: ServiceDraft) -> SettingsDialog:
    dialog = opened(window)
    dialog.show_page("+")
    dialog.service_given.emit("", given)
    return dialog


def errors(dialog: SettingsDialog) -> str:
    (form,) = (page for page in dialog.findChildren(ServicePage) if page.isVisible())
    return " ".join(line._note.text() for line in form._lines.values())


async def ask(window: OpenPane) -> str:
    answer = window.ask("hi")
    await until(lambda: not answer.running)
    return answer.markdown


async def test_a_service_that_was_added_answers_with_its_headers_and_its_key() -> None:
    async with fault_server(answers("from the farm")) as server, open_pane() as window:
        dialog = add(window, draft(server.url, headers="X-Auth: Token {key}\nX-Team: comp", needs_key=True))
        assert dialog.pages.current == "render-ai" and dialog.list.currentItem().text() == "Render AI"
        dialog.key_entered.emit("render-ai", server.url, KEY)
        dialog.model_changed.emit("render-ai", "tiny")
        dialog.provider_chosen.emit("render-ai")
        await until(lambda: dialog.page("render-ai").key.state.kind == "keyring")
        assert await ask(window) == "from the farm"
        sent = server.calls[-1].headers
        assert (sent["x-auth"], sent["x-team"]) == (f"Token {KEY}", "comp") and "authorization" not in sent
        await until(lambda: load(settings_path()).get(options.PROVIDER) == "render-ai")
        assert KEY not in settings_path().read_text()


async def test_what_is_wrong_is_said_under_the_fields_and_nothing_is_kept() -> None:
    async with open_pane() as window:
        bad = ServiceDraft("", "openai_chat", "farm", f"X-Auth: Token {KEY}")
        dialog = add(window, bad)
        told = errors(dialog)
        assert "name" in told and "http://" in told and "{key}" in told and KEY not in told
        dialog.service_given.emit("", draft("http://farm/v1", headers="X-Team comp"))
        assert "Line 1" in errors(dialog)
        dialog.service_given.emit("", draft("http://farm/v1", headers="X-A: b\nX-A: c"))
        assert "Line 2" in errors(dialog)
        assert window.app.settings.own_services == {} and window.app.settings.changes == ()


async def test_a_service_that_is_changed_is_asked_at_its_new_address_and_keeps_its_quirks() -> None:
    own = {"label": "Render AI", "address": "http://127.0.0.1:9/v1", "model": "m", "quirks": {"schema": False}}
    settings = Settings({"providers": {"farm": own}})
    async with fault_server(answers("here now")) as server, open_pane(settings=settings) as window:
        dialog = opened(window)
        dialog.show_page("farm")
        dialog.provider_chosen.emit("farm")
        dialog.page("farm").edit_requested.emit("farm")
        dialog.service_given.emit("farm", draft(server.url, label="Farm"))
        row = settings.services["farm"]
        assert (row.label, row.quirks.schema) == ("Farm", False) and dialog.pages.current == "farm"
        assert dialog.list.currentItem().text() == "Farm" and dialog.page("farm").address.text() == server.url
        assert await ask(window) == "here now"


async def test_a_new_address_shows_the_key_of_its_own_origin() -> None:
    keyring = Dictionary()
    keyring.held["compatible@http://127.0.0.1:1001"] = KEY
    settings = Settings({"keys": {"saved": ["compatible@http://127.0.0.1:1001"]}})
    async with open_pane(keyring=keyring, settings=settings) as window:
        page = opened(window).page("compatible")
        window.presenter.settings.open("compatible").address_changed.emit("compatible", "http://127.0.0.1:1001/v1")
        await until(lambda: page.key.state.kind == "keyring" and page.key.state.ending == "6789")
        window.presenter.settings.open("compatible").address_changed.emit("compatible", "http://127.0.0.1:1002/v1")
        await until(lambda: page.key.state.kind == "none")


async def test_a_removed_service_is_gone_with_its_keys_and_the_guide_answers() -> None:
    keyring = Dictionary()
    async with fault_server(never_answers) as server, open_pane(keyring=keyring) as window:
        dialog = add(window, draft(server.url))
        dialog.key_entered.emit("render-ai", server.url, KEY)
        await until(lambda: keyring.held)
        dialog.provider_chosen.emit("render-ai")
        dialog.test_requested.emit("render-ai", ProviderDraft(server.url, "", ""))
        await until(lambda: server.calls)
        dialog.service_removed.emit("render-ai")
        assert window.app.settings.get(options.PROVIDER) == "offline"
        assert window.presenter.conversation.chat.provider == "offline"
        assert all(dialog.list.item(place).text() != "Render AI" for place in range(dialog.list.count()))
        await until(lambda: not keyring.held)
        await until(lambda: not load(settings_path()).own_services and not load(settings_path()).saved_keys())
        assert "guide" in (await ask(window)).lower() or window.answer.markdown


async def test_a_key_that_a_locked_keyring_does_not_give_back_is_told() -> None:
    keyring = Locked()
    keyring.held["farm@http://127.0.0.1:9"] = KEY
    own = {"providers": {"farm": {"label": "Farm", "address": "http://127.0.0.1:9"}}}
    settings = Settings({**own, "keys": {"saved": ["farm@http://127.0.0.1:9"]}})
    async with open_pane(keyring=keyring, settings=settings) as window:
        dialog = opened(window)
        dialog.service_removed.emit("farm")
        await until(lambda: "still in the keyring" in dialog._status.text())
        assert settings.saved_keys() == {"farm@http://127.0.0.1:9"} and not settings.own_services


async def test_a_new_service_joins_the_choice_that_the_user_has_made() -> None:
    settings = Settings({"chat": {"offered": "ollama"}})
    async with open_pane(settings=settings) as window:
        add(window, draft("http://farm/v1"))
        assert settings.get(options.OFFERED) == "ollama, render-ai" and settings.offers("render-ai")


async def test_the_studios_service_is_shown_as_the_studios() -> None:
    studio = Studio(
        "/mnt/studio.toml", providers={"farm": {"address": "http://farm/v1"}}, services={"farm": {"label": "Farm"}}
    )
    async with open_pane(settings=Settings(studio=studio)) as window:
        page = opened(window).page("farm")
        assert page.own.isHidden() and page.spec.description == "Decided by your studio (/mnt/studio.toml)."


async def test_a_locked_address_and_model_are_disabled_and_say_who_decided() -> None:
    studio = Studio(
        "/mnt/studio.toml",
        providers={"ollama": {"address": "http://ai:11434", "model": "qwen3:32b"}},
        locks=frozenset({"providers.ollama"}),
    )
    async with open_pane(settings=Settings(studio=studio)) as window:
        page = window.presenter.settings.open("ollama").page("ollama")
        assert not page.address.isEnabled() and not page.model.isEnabled()
        assert page.address.text() == "http://ai:11434" and page.model.text() == "qwen3:32b"
        assert page._address_row._note.text() == page._model_row._note.text()
        assert page._model_row._note.text() == "Decided by your studio (/mnt/studio.toml)."


def test_every_format_can_be_chosen_by_its_name() -> None:
    assert [name for name, _ in formats()] == list(FORMATS) and all(words for _, words in formats())
