"""What the verdicts of the settings dialog offer, done for real: a download, a question, the way to a setting."""

from __future__ import annotations

from pathlib import Path

import pytest
from dialects.ollama import NDJSON, line
from fault_server import Call, answers, fails, fault_server, refused_url, wants_key
from memory_keyring import Dictionary
from nuke_ai_panel.panel.presenters import connection_tests
from nuke_ai_panel.panel.presenters.ways_out import _HELPS, ways_out
from nuke_ai_panel.panel.settings import STUDIO_VARIABLE, ProviderSettings, load, settings_path
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.errors import KINDS, problem
from nuke_ai_panel.ui.parts.controls import Button
from nuke_ai_panel.ui.settings.provider_page import ProviderPage
from nuke_ai_panel.ui.settings.verdict import Verdict
from ollama_server import Installed, LittleOllama
from open_window import OpenPane, open_pane, until
from PySide6.QtWidgets import QLabel

LIBRARY = {"qwen3:14b": Installed()}


def page_of(window: OpenPane, provider_id: str, url: str, model: str = "") -> ProviderPage:
    """The page of a provider that is set up like this."""
    window.app.change_provider(provider_id, ProviderSettings(url, model))
    return window.presenter.settings.open(provider_id).page(provider_id)


async def after_test(page: ProviderPage, press_first: str = "") -> ProviderPage:
    if press_first:
        press(page, press_first)
    else:
        page.test.button.click()
    await until(lambda: not page.test.running)
    return page


def verdict(page: ProviderPage) -> Verdict:
    return next(each for each in page.test.findChildren(Verdict) if each.isVisible())


def press(page: ProviderPage, text: str) -> None:
    next(button for button in verdict(page).findChildren(Button) if button.text() == text).click()


def offered(page: ProviderPage) -> list[str]:
    return [button.text() for button in verdict(page).findChildren(Button) if button.text() != "Details"]


def said(page: ProviderPage) -> str:
    return " ".join(label.text() for label in verdict(page).findChildren(QLabel))


def test_every_kind_that_has_ways_out_exists_and_trying_again_is_always_one() -> None:
    assert set(_HELPS) <= set(KINDS)
    for kind in KINDS:
        for row in PROVIDERS.values():
            ways = ways_out(problem(kind, name=row.label), row, fixed=("address", "model", "key"))
            assert "retry" in ways and not {"replace_key", "choose_model", "edit_address", "use_address"} & set(ways)
            assert "download" not in ways or row.downloads


async def test_a_missing_model_is_downloaded_listed_and_tested_again() -> None:
    ollama = LittleOllama({"small": Installed()}, library=LIBRARY)
    async with fault_server(ollama) as server, open_pane() as window:
        page = await after_test(page_of(window, "ollama", server.origin, "qwen3:14b"))
        assert offered(page) == ["Download", "Choose a model"]
        await after_test(page, "Download")
        assert "2 models" in said(page) and offered(page) == ["Send one question"]
        assert [step.state for step in page.test.steps()].count("bad") == 0
        known = await window.app.models.known("ollama")
        assert known and {model.id for model in known.models} == {"small", "qwen3:14b"}
        entry = window.presenter.settings.dialog and window.presenter.settings.dialog.list.entry("ollama")
        assert entry and entry.words == "Ready, 2 models"


async def test_how_far_a_download_is_stands_beside_stop_and_stop_leaves_the_server() -> None:
    async def handle(call: Call) -> None:
        if call.path != "/api/pull":
            await LittleOllama({})(call)
            return
        await call.begin(NDJSON)
        await call.part(line({"status": "pulling a", "digest": "a", "total": 100, "completed": 25}))
        await call.gone.wait()

    async with fault_server(handle) as server, open_pane() as window:
        page = await after_test(page_of(window, "ollama", server.origin, "qwen3:14b"))
        press(page, "Download")
        await until(lambda: page.test.words == "25% of qwen3:14b")
        dialog = window.presenter.settings.dialog
        assert dialog and dialog.list.entry("ollama").words == "Downloading"
        page.test.button.click()
        await server.calls[-1].gone.wait()
        assert page.test.words == "Stopped. What has been fetched is kept." and not page.test.running
        await until(lambda: dialog.list.entry("ollama").words == "Not downloaded")


async def test_a_download_that_fails_says_why_with_the_buttons_for_that() -> None:
    async with fault_server(LittleOllama({})) as server, open_pane() as window:
        page = await after_test(page_of(window, "ollama", server.origin, "nonsense"))
        await after_test(page, "Download")
        assert "does not know the model nonsense" in said(page) and offered(page) == ["Choose a model", "Retry"]


async def test_one_question_is_sent_when_it_is_wanted_and_its_step_is_shown() -> None:
    async with fault_server(answers("Hello")) as server, open_pane() as window:
        page = await after_test(page_of(window, "compatible", server.url, "tiny"))
        assert "no tokens were spent" in said(page) and all(call.method == "GET" for call in server.calls)
        await after_test(page, "Send one question")
        assert page.test.steps()[-1].name == "Answer" and "tiny answers" in said(page)
        assert [call.method for call in server.calls].count("POST") == 1 and offered(page) == []


async def test_without_a_model_nothing_is_asked_and_one_can_be_chosen() -> None:
    async with fault_server(answers(models=["a", "b"])) as server:
        async with open_pane(NUKE_AI_PANEL_API_KEY="k-0123456789") as window:
            page = await after_test(page_of(window, "openai", server.url))
            await after_test(page, "Send one question")
            assert "no model chosen to ask" in said(page) and offered(page) == ["Choose a model"]
        assert all(call.method == "GET" for call in server.calls)


async def test_the_other_scheme_is_taken_with_one_click() -> None:
    async with fault_server(answers()) as server, open_pane() as window:
        page = await after_test(page_of(window, "compatible", server.url.replace("http", "https"), "tiny"))
        await after_test(page, f"Use {server.url}")
        assert "1 model" in said(page) and window.app.config("compatible").address == server.url


async def test_a_key_of_a_variable_cannot_be_replaced_here() -> None:
    async with fault_server(wants_key("other", answers())) as server:
        async with open_pane(NUKE_AI_PANEL_API_KEY="k-0123456789") as window:
            page = page_of(window, "openai", server.url)
            await until(lambda: page.key.state.kind == "environment")
            assert offered(await after_test(page)) == ["Open key page", "Retry"]


async def test_what_the_studio_has_decided_is_not_offered_for_change(tmp_path: Path) -> None:
    studio = tmp_path / "studio.toml"
    studio.write_text(f'[providers.vllm]\naddress = "{refused_url()}"\n[locked]\nsettings = ["providers"]\n')
    settings = load(settings_path(), {STUDIO_VARIABLE: str(studio)})
    async with open_pane(settings=settings) as window:
        page = window.presenter.settings.open("vllm").page("vllm")
        assert offered(await after_test(page)) == ["Retry"]


@pytest.mark.parametrize(
    ("kind", "text", "url"),
    [
        ("out_of_credits", "Open billing page", "https://platform.openai.com/settings/organization/billing"),
        ("key_wrong", "Open key page", "https://platform.openai.com/api-keys"),
    ],
)
async def test_pages_of_the_service_are_opened_in_the_browser(
    kind: str, text: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    class Browser:
        @staticmethod
        def openUrl(url: object) -> None:
            opened.append(url.toString())  # type: ignore[attr-defined]

    monkeypatch.setattr(connection_tests, "QDesktopServices", Browser)
    status = {"out_of_credits": "402 x", "key_wrong": "401 x"}[kind]
    async with fault_server(fails(status, {"error": {"message": "no"}})) as server:
        async with open_pane(keyring=Dictionary()) as window:
            page = page_of(window, "openai", server.url)
            await until(lambda: page.key.state.kind == "none")
            page.key.edit.setText("sk-proj-0123456789")
            press(await after_test(page), text)
    assert opened == [url]


@pytest.mark.parametrize(
    ("action", "field"),
    [
        ("open_network", "network.proxy"),
        ("open_certificates", "network.ca_file"),
        ("open_limits", "network.connect_seconds"),
    ],
)
async def test_the_setting_that_may_be_wrong_is_gone_to(action: str, field: str) -> None:
    async with open_pane() as window:
        dialog = window.presenter.settings.open("compatible")
        dialog.action_requested.emit("compatible", action, dialog.page("compatible").draft())
        page = dialog.fields.page(dialog.fields.place_of(field))
        assert page.isVisible() and dialog.focusWidget() is page.field(field).control.focus
