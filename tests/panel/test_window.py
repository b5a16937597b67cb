"""The real window on the shared loop, against real servers: what the user sees, how fast, and what is left."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from fault_server import (
    Call,
    Handler,
    answers,
    chunk,
    cut_in_the_middle,
    error_in_stream,
    fails,
    fault_server,
    redirects_to,
    refused_url,
    silent_after_a_token,
    web_page,
)
from llama_server import LlamaServer, start
from nuke_ai_panel.panel.presenters import pane as pane_module
from nuke_ai_panel.panel.presenters import starting
from nuke_ai_panel.panel.window import Session
from nuke_ai_panel.providers.checks.report import took
from nuke_ai_panel.providers.redact import Secret
from nuke_ai_panel.ui.settings.dialog import SettingsDialog
from nuke_ai_panel.ui.settings.values import ProviderDraft
from nuke_ai_panel.ui.transcript.answer_parts import ProblemCard
from nuke_ai_panel.ui.transcript.message_view import AnswerView
from nuke_ai_panel.ui.transcript.text_block import TextBlock
from open_window import OpenWindow, open_window, until
from PySide6.QtWidgets import QApplication

SCRIPT = "Read {\n inputs 0\n file /plates/bg.####.exr\n name Read1\n}\nGrade {\n white 1.2\n name Grade1\n}\n"


def on_screen(view: AnswerView) -> str:
    """The text that is laid out in visible blocks, which is less than what has arrived."""
    return "\n".join(block.text for block in view.findChildren(TextBlock) if block.isVisible())


def problems(view: AnswerView) -> list[ProblemCard]:
    return [card for card in view.findChildren(ProblemCard) if card.isVisible()]


async def test_a_script_is_opened_asked_about_and_answered_by_the_guide(tmp_path: Path) -> None:
    path = tmp_path / "shot.nk"
    path.write_text(SCRIPT)
    async with open_window(str(path)) as window:
        await until(lambda: window.app.host.kind != "none")
        assert window.pane.composer.draft() == pane_module.FIRST_QUESTION
        window.pane.composer.submit()
        await until(lambda: window.answer.running is False)
        assert "2 nodes" in window.answer.markdown.replace("*", "")
        assert "2 nodes" in on_screen(window.answer)


async def test_llama_cpp_answers_in_the_window(llama_server: LlamaServer) -> None:
    async with open_window() as window:
        window.answer_with(llama_server.url, llama_server.model)
        answer = window.ask("hi")
        await until(lambda: not answer.running, 20)
        assert answer.markdown.strip() == llama_server.answer.strip()
        assert not problems(answer)
        assert window.app.providers.open_streams == 0


async def test_a_token_before_a_silence_is_on_screen_at_once_and_stop_ends_it() -> None:
    sent, times = asyncio.Event(), list[float]()

    async def handle(call: Call) -> None:
        await call.stream(chunk("Hello"))
        times.append(time.monotonic())
        sent.set()
        await call.gone.wait()

    async with fault_server(handle) as server, open_window() as window:
        window.answer_with(server.url)
        answer = window.ask("hi")
        await sent.wait()
        await until(lambda: "Hello" in on_screen(answer))
        assert time.monotonic() - times[0] < 0.1
        window.pane.composer.stop_requested.emit()
        assert await until(lambda: not answer.running and not window.presenter.conversation.running) < 0.05
        assert await until(server.calls[-1].gone.is_set) < 0.1
        assert "Hello" in on_screen(answer)
        assert window.app.providers.open_streams == 0


TROUBLE: list[tuple[str, Handler, str]] = [
    ("key_wrong", fails("401 Unauthorized", {"error": {"message": "bad key"}}), ""),
    ("not_an_api", web_page(), ""),
    ("stream_cut", cut_in_the_middle("half an ", "answer"), "half an answer"),
    ("stream_error", error_in_stream("so far"), "so far"),
    ("model_unknown", fails("404 Not Found", {"error": {"message": "no", "code": "model_not_found"}}), ""),
]


@pytest.mark.parametrize(("kind", "handler", "text"), TROUBLE, ids=[row[0] for row in TROUBLE])
async def test_trouble_is_shown_where_the_answer_would_be_and_the_panel_goes_on(
    kind: str, handler: Handler, text: str
) -> None:
    async with fault_server(handler) as bad, fault_server(answers("all well")) as good, open_window() as window:
        window.app.keys.keep_for_session("compatible", bad.origin, Secret("sk-not-the-right-one"))
        window.answer_with(bad.url)
        answer = window.ask("hi")
        assert await until(lambda: not answer.running) < 1.0
        [card] = problems(answer)
        assert card.problem.kind == kind and text in on_screen(answer)
        window.answer_with(good.url)
        assert await until(lambda: not window.presenter.conversation.running) < 1.0
        again = window.ask("and now?")
        await until(lambda: not again.running)
        assert again.markdown == "all well" and not problems(again)


async def test_a_refused_connection_and_a_redirect_send_nothing_anywhere() -> None:
    async with (
        fault_server(answers("gotcha")) as second,
        fault_server(redirects_to(second.url)) as first,
        open_window() as window,
    ):
        for url, kind in ((first.url, "redirected"), (refused_url(), "server_not_running")):
            window.answer_with(url)
            answer = window.ask("secret plans")
            await until(lambda answer=answer: not answer.running)
            assert [card.problem.kind for card in problems(answer)] == [kind]
        assert second.connections == 0


async def test_retry_asks_the_same_question_again() -> None:
    replies = [fails("400 Bad Request", {}), answers("second time")]

    async def handle(call: Call) -> None:
        await replies.pop(0)(call)

    async with fault_server(handle) as server, open_window() as window:
        window.answer_with(server.url)
        answer = window.ask("hi")
        await until(lambda: not answer.running)
        problems(answer)[0].retry.emit()
        await until(lambda: window.answer is not answer and not window.answer.running)
        assert window.answer.markdown == "second time"
        assert [message["role"] for message in server.calls[-1].json["messages"]] == ["system", "user"]


def draft(window: OpenWindow, dialog: SettingsDialog, provider_id: str, url: str) -> None:
    dialog.test_requested.emit(provider_id, ProviderDraft(url, "", ""))


async def test_a_stopped_server_does_not_hold_up_the_test_of_another_page(tmp_path: Path) -> None:
    go, healthy = asyncio.Event(), answers("x")

    async def slow(call: Call) -> None:
        await go.wait()
        await healthy(call)

    with start(tmp_path) as stopped:
        await asyncio.get_running_loop().run_in_executor(None, stopped.get, "/health")
        stopped.process.send_signal(signal.SIGSTOP)
        try:
            async with fault_server(slow) as other, open_window() as window:
                dialog = window.presenter.settings.open()
                draft(window, dialog, "llama_cpp", stopped.url)
                draft(window, dialog, "lmstudio", other.url)
                hung, alive = dialog.page("llama_cpp").test, dialog.page("lmstudio").test
                await until(lambda: other.calls and len(hung.steps()) >= 3)
                dialog.test_cancelled.emit("llama_cpp")
                assert await until(lambda: not hung.running) < 0.1
                assert alive.running
                go.set()
                await until(lambda: not alive.running)
                assert [step.state for step in alive.steps()].count("bad") == 0
                dialog.close()
        finally:
            stopped.process.send_signal(signal.SIGCONT)


async def test_the_connection_test_uses_what_is_on_the_page_and_changes_nothing(llama_with_key: LlamaServer) -> None:
    async with open_window() as window:
        dialog = window.presenter.settings.open("compatible")
        dialog.test_requested.emit("compatible", ProviderDraft(llama_with_key.url, llama_with_key.key, ""))
        page = dialog.page("compatible").test
        await until(lambda: not page.running and page.steps())
        assert {step.state for step in page.steps()} <= {"ok", "skip"}
        dialog.test_requested.emit("compatible", ProviderDraft(llama_with_key.url, "sk-wrong", ""))
        await until(lambda: not page.running and any(step.state == "bad" for step in page.steps()))
        assert window.app.settings.provider("compatible").address == ""
        assert not [name for name in window.app.providers.open_sessions if "test" in name]
        dialog.close()


async def test_a_script_that_cannot_be_read_is_told_in_the_transcript(tmp_path: Path) -> None:
    path = tmp_path / "bad.nk"
    path.write_text("Grade {\n name Grade1\n")
    async with open_window(str(path)) as window:
        await until(lambda: window.pane.view.messages)
        await until(lambda: problems(window.answer))
        assert problems(window.answer)[0].problem.kind == "script_damaged"
        path.write_text(SCRIPT)
        problems(window.answer)[0].retry.emit()
        await until(lambda: window.app.host.kind != "none")


async def test_quitting_in_mid_stream_takes_less_than_a_second(llama_endless: LlamaServer) -> None:
    async with open_window() as window:
        window.answer_with(llama_endless.url, llama_endless.model)
        answer = window.ask("hi")
        await until(lambda: on_screen(answer))
        began = time.monotonic()
    assert time.monotonic() - began < 1.0
    assert window.app.scope.stats().running == 0


QUIT = """
import asyncio, json, os, sys, threading, time
from PySide6.QtWidgets import QApplication
from nuke_ai_panel.panel.loop import PanelLoop
from nuke_ai_panel.panel.settings import ProviderSettings
from nuke_ai_panel.panel.window import Session

async def main():
    asyncio.get_running_loop().slow_callback_duration = 10  # -X dev tells of what a busy machine does slowly
    session = Session(None)
    async def drive():
        await session.started.wait()
        session.app.change_provider("compatible", ProviderSettings(sys.argv[1], "tiny"))
        session.presenter.choose("compatible", "tiny")
        text = asyncio.Event()
        session.presenter.conversation.chat.subscribe(lambda event: type(event).__name__ == "TextDelta" and text.set())
        session.window.composer.set_draft("hi")
        session.window.composer.submit()
        await text.wait()
        session.quit()
        return time.monotonic()
    async with asyncio.TaskGroup() as group:
        code, asked = group.create_task(session.run()), group.create_task(drive())
    return {"code": code.result(), "seconds": time.monotonic() - asked.result(), "left": bool(session.left),
            "tasks": len(asyncio.all_tasks()) - 1, "sessions": len(session.app.providers.open_sessions)}

application = QApplication([])
application.setQuitOnLastWindowClosed(False)
loop = PanelLoop(application)
result = loop.run_until_complete(main())
loop.close()
for thread in threading.enumerate():
    if thread is not threading.current_thread():
        thread.join(1)
result["threads"] = threading.active_count() - 1
result["sockets"] = sum("socket:" in os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
                        if os.path.exists(f"/proc/self/fd/{fd}")) if sys.platform == "linux" else 0
print(json.dumps(result))
"""


async def test_a_quit_in_mid_stream_leaves_nothing_at_all(llama_endless: LlamaServer) -> None:
    command = (sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-c", QUIT, llama_endless.url)
    pipe = asyncio.subprocess.PIPE
    environ = os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_LOGGING_RULES": "*=false"}
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, env=environ)
    out, err = await process.communicate()
    noise = [line for line in err.decode().splitlines() if "This plugin does not support" not in line]
    assert process.returncode == 0 and not noise, err.decode()
    result = json.loads(out)
    assert result.pop("seconds") < 1.0
    assert result == {"code": 0, "left": False, "tasks": 0, "sessions": 0, "threads": 0, "sockets": 0}


def test_times_are_told_in_the_unit_that_reads_best() -> None:
    assert [took(ms) for ms in (None, 0.4, 12.3, 99.4, 240)] == ["", "0 ms", "12 ms", "99 ms", "0.2 s"]


async def test_a_question_that_is_sent_while_it_still_starts_stays_in_its_field(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load, go = starting._load, threading.Event()

    def slow_drive() -> object:
        go.wait(20)
        return load()

    monkeypatch.setattr(starting, "_load", slow_drive)
    session = Session(None)
    async with asyncio.TaskGroup() as group:
        group.create_task(session.run())
        await asyncio.sleep(0)
        session.window.composer.set_draft("help")
        session.window.composer.submit()
        go.set()
        await session.started.wait()
        assert session.window.composer.draft() == "help"
        session.window.composer.submit()
        assert session.window.view.messages
        session.quit()


async def test_quitting_while_it_still_starts_takes_less_than_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    loading, go = threading.Event(), threading.Event()

    def slow_drive() -> None:
        loading.set()
        go.wait()

    monkeypatch.setattr(starting, "_load", slow_drive)
    session = Session(None)
    async with asyncio.TaskGroup() as group:
        group.create_task(session.run())
        await until(loading.is_set)
        began = time.monotonic()
        session.quit()
    assert time.monotonic() - began < 1.0 and session.app is None
    go.set()


async def test_quitting_while_a_script_is_read_from_a_silent_drive_takes_less_than_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, go = threading.Event(), threading.Event()

    def silent_drive(_: object) -> None:
        reading.set()
        go.wait()

    monkeypatch.setattr("nuke_ai_panel.panel.hosts.script.read_script", silent_drive)
    async with open_window(str(tmp_path / "shot.nk")):
        await until(reading.is_set)
        began = time.monotonic()
    assert time.monotonic() - began < 1.0
    go.set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_while_the_window_starts_ends_it_in_order(number: signal.Signals) -> None:
    code = (
        "import os, sys; from nuke_ai_panel.panel.window import Window, run; show = Window.show;"
        f"Window.show = lambda window: (show(window), os.kill(os.getpid(), {int(number)})); sys.exit(run(None))"
    )
    environ = os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_LOGGING_RULES": "*=false"}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stderr=pipe, env=environ)
    _, err = await process.communicate()
    assert process.returncode == 128 + number and b"Traceback" not in err


async def test_a_quit_that_qt_is_asked_for_in_mid_stream_ends_the_window_in_order(qapp: QApplication) -> None:
    """As the menu of a Mac does it, or the end of a desktop session: Qt asks the windows first."""
    async with fault_server(silent_after_a_token("Hello")) as server, open_window() as window:
        window.answer_with(server.url)
        answer = window.ask("hi")
        await until(lambda: "Hello" in on_screen(answer))
        qapp.quit()
        await until(lambda: window.session.left is not None)
        await until(server.calls[0].gone.is_set)


async def test_answers_go_on_while_a_silent_server_is_asked() -> None:
    async with fault_server(silent_after_a_token("still here")) as server, open_window() as window:
        window.answer_with(server.url)
        answer = window.ask("hi")
        await until(lambda: "still here" in on_screen(answer))
        assert window.pane.composer.isEnabled()
        window.pane.composer.set_draft("the next one")
        assert window.pane.composer.draft() == "the next one"
