"""Pictures of the settings and of what they lead to, each against a server that is really in that state."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import trustme
from camera import Camera, settled, until
from certificates import server_side
from fault_server import Call, answers, fails, fault_server, refused_url, silent_port
from llama_server import LlamaServer
from nuke_ai_panel.panel.settings import STUDIO_VARIABLE, ProviderSettings
from nuke_ai_panel.panel.window import Session
from nuke_ai_panel.ui.settings.dialog import SettingsDialog
from nuke_ai_panel.ui.settings.service_forms import NEW
from nuke_ai_panel.ui.settings.service_page import ServicePage
from nuke_ai_panel.ui.settings.values import ServiceDraft
from ollama_server import Installed, LittleOllama
from PySide6.QtTest import QTest

SIZE = (828, 640)
OLD_KEY = "sk-an-old-key-of-somebody"
BUSY = {"error": {"message": "busy", "type": "overloaded_error"}}
STUDIO = """\
[chat]
provider = "vllm"

[network]
proxy = "manual"
proxy_address = "http://proxy.studio.lan:3128"

[providers.vllm]
address = "http://gpu-01.studio.lan:8000/v1"
model = "qwen3-32b"

[locked]
settings = ["chat.provider", "network", "providers.vllm"]
"""
LISTED = """{"data": [
    {"id": "anthropic/claude-sonnet-4.5", "context_length": 1000000, "supported_parameters": ["tools", "reasoning"],
     "architecture": {"input_modalities": ["text", "image"]}, "pricing": {"prompt": "3e-6", "completion": "15e-6"}},
    {"id": "deepseek/deepseek-r1-0528:free", "context_length": 163840, "supported_parameters": ["reasoning"],
     "architecture": {"input_modalities": ["text"]}, "pricing": {"prompt": "0", "completion": "0"}},
    {"id": "google/gemini-2.5-flash", "context_length": 1048576, "supported_parameters": ["tools", "reasoning"],
     "architecture": {"input_modalities": ["text", "image"]}, "pricing": {"prompt": "0.3e-6", "completion": "2.5e-6"}},
    {"id": "mistralai/mistral-small-3.2-24b-instruct", "context_length": 131072, "supported_parameters": ["tools"],
     "architecture": {"input_modalities": ["text", "image"]}, "pricing": {"prompt": "75e-9", "completion": "0.2e-6"}}
]}"""


@contextmanager
def decided_by_a_studio(folder: Path) -> Iterator[None]:
    """For a session that starts meanwhile."""
    path = folder / "studio.toml"
    path.write_text(STUDIO)
    os.environ[STUDIO_VARIABLE] = str(path)
    try:
        yield
    finally:
        del os.environ[STUDIO_VARIABLE]


class SettingsPictures:
    """Each method is one visit to one session of the window."""

    def __init__(self, camera: Camera, server: LlamaServer) -> None:
        self._camera = camera
        self._server = server

    async def connection_tests(self, session: Session) -> None:
        """Passed, and the failures that are met most."""
        dialog = _dialog(session, "llama_cpp")
        for name, key in (("test-passed", self._server.key), ("test-failed", OLD_KEY)):
            await self._test(dialog, "llama_cpp", self._server.url, key=key, model=self._server.model)
            await self._take(dialog, name)
        if not self._camera.everything:
            dialog.close()
            return
        await self._test(dialog, "vllm", refused_url())
        await self._take(dialog, "test-failed-nothing-there")
        side = server_side(trustme.CA(), "127.0.0.1")
        async with fault_server(answers("Hi"), tls=side) as server:
            await self._test(dialog, "compatible", server.url)
            await self._take(dialog, "test-failed-certificate")
            await self._test(dialog, "compatible", server.url.replace("https", "http"))
            await self._take(dialog, "test-failed-scheme")
        await self._running(dialog)
        dialog.close()

    async def _running(self, dialog: SettingsDialog) -> None:
        """A server that accepts a connection and then says nothing; and a download that takes its time."""
        page = dialog.page("compatible")
        async with silent_port() as silent:
            page.address.setText(silent.url)
            page.test.button.click()
            await silent.heard.wait()
            await self._take(dialog, "test-running")
            page.test.button.click()
        async with fault_server(_slow_download) as server:
            await self._test(dialog, "ollama", server.origin, model="qwen3:14b")
            await self._take(dialog, "test-failed-not-downloaded")
            dialog.action_requested.emit("ollama", "download", dialog.page("ollama").draft())
            await until(lambda: "%" in dialog.page("ollama").test.words)
            await self._take(dialog, "download")
            dialog.page("ollama").test.button.click()

    async def keys(self, session: Session) -> None:
        """A key that was saved in the keyring, and one that is being typed."""
        dialog = _dialog(session, "anthropic")
        page = dialog.page("anthropic")
        await until(lambda: page.key.state.kind == "none")
        page.key.edit.setText("sk-ant-\N{CYRILLIC SMALL LETTER A}0123456789")
        await self._take(dialog, "key-typed")
        page.key.edit.setText("sk-ant-api03-0123456789abcdefx4Qz")
        page.key.save()
        await until(lambda: page.key.state.kind == "keyring")
        await self._take(dialog, "key-saved")
        page.key.removed.emit()
        await until(lambda: page.key.state.kind == "none")
        dialog.close()

    async def search(self, session: Session) -> None:
        dialog = _dialog(session, "")
        dialog.search.begin()
        QTest.keyClicks(dialog.search.edit, "silence")
        await self._take(dialog, "settings-search")
        dialog.search.edit.clear()
        dialog.close()

    async def own_service(self, session: Session) -> None:
        """The form with what is wrong in it, the form, and the page that comes of it."""
        dialog = _dialog(session, "")
        dialog.show_page(NEW)
        form = dialog.findChildren(ServicePage)[-1]
        written = ServiceDraft("Render farm", "openai_chat", "ai.studio.lan", "X-Auth: Token sk-0123456789", True)
        form.show_draft(written)
        form.given.emit(form.draft())
        await self._take(dialog, "service-form-wrong")
        async with fault_server(answers("Hi", models=("qwen3-32b", "gemma3-27b"))) as server:
            form.show_draft(replace(written, address=server.url, headers="X-Auth: Token {key}\nX-Team: comp"))
            await self._take(dialog, "service-form")
            form.given.emit(form.draft())
            await self._test(dialog, "render-farm", server.url, key="farm-0123456789", model="qwen3-32b")
            await self._take(dialog, "own-service")
        dialog.close()

    async def locked(self, session: Session) -> None:
        """In a session under `decided_by_a_studio`."""
        dialog = _dialog(session, "vllm")
        await self._take(dialog, "locked-provider")
        dialog.show_page("#network")
        await self._take(dialog, "locked-network")
        dialog.close()

    async def models(self, session: Session) -> None:
        """The list under the header's chip, with what is known of each."""
        assert session.app and session.presenter
        ollama = LittleOllama({"qwen3:14b": Installed(("completion", "tools", "thinking"), 40_960)})
        async with fault_server(_lists) as service, fault_server(ollama) as local:
            os.environ["NUKE_AI_PANEL_API_KEY"] = "sk-or-0123456789"
            session.app.change_provider("compatible", ProviderSettings())
            session.app.change_provider("openrouter", ProviderSettings(service.url, "google/gemini-2.5-flash"))
            session.app.change_provider("ollama", ProviderSettings(local.origin, ""))
            session.presenter.choose("openrouter", "google/gemini-2.5-flash")
            session.presenter.new_chat()
            session.window.resize(480, 440)
            await settled()
            picker = session.presenter.models.picker.popup
            session.presenter.models.open()
            await until(lambda: len(picker.choices()) > 6)
            await settled()
            self._camera.save(session.window, "models", over=picker)
            picker.close()
            del os.environ["NUKE_AI_PANEL_API_KEY"]

    async def countdown(self, session: Session) -> None:
        """What a service that is overloaded is waited for, and then the end of it."""
        assert session.app and session.presenter
        busy = fails("503 Service Unavailable", BUSY, Retry_After="9")
        async with fault_server(busy) as server:
            session.app.change_provider("compatible", ProviderSettings(server.url, "tiny"))
            session.presenter.choose("compatible", "tiny")
            window = session.window
            window.resize(420, 480)
            window.composer.set_draft("What does this script do?")
            window.composer.submit()
            answer = window.view.messages[-1]
            await until(lambda: "trying again" in answer.status)
            await self._camera.take_both(window, "countdown", 420, 480)
            session.presenter.conversation.stop()
            await until(lambda: not answer.running)

    async def _test(
        self, dialog: SettingsDialog, provider_id: str, address: str, *, key: str = "", model: str = ""
    ) -> None:
        dialog.show_page(provider_id)
        page = dialog.page(provider_id)
        page.address.setText(address)
        page.address.editingFinished.emit()
        page.key.edit.setText(key)
        page.model.edit.setText(model)
        page.test.button.click()
        await until(lambda: page.test.running)
        await until(lambda: not page.test.running)

    async def _take(self, dialog: SettingsDialog, name: str) -> None:
        await self._camera.take_both(dialog, name, *SIZE)


def _dialog(session: Session, provider_id: str) -> SettingsDialog:
    assert session.presenter
    return session.presenter.settings.open(provider_id)


async def _lists(call: Call) -> None:
    call.keep_open = True
    await call.reply(LISTED)


async def _slow_download(call: Call) -> None:
    if call.path != "/api/pull":
        await LittleOllama({"gemma3:4b": Installed()})(call)
        return
    await call.begin("application/x-ndjson")
    await call.part(b'{"status": "pulling a", "digest": "a", "total": 9276198565, "completed": 3896003397}\n')
    await call.gone.wait()
