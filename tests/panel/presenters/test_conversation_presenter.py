"""One conversation in one pane: quick clicks, new chats while an answer runs, and panes that die in between."""

from __future__ import annotations

import asyncio

from fault_server import answers, fault_server, silent_after_a_token
from nuke_ai_panel.panel.settings import load, settings_path
from open_window import OpenPane, open_pane, until
from shiboken6 import delete


def running(window: OpenPane) -> bool:
    return any("turn" in name for name in window.app.scope.stats().names)


async def test_two_quick_clicks_ask_once_and_lose_no_word() -> None:
    async with fault_server(silent_after_a_token()) as server, open_pane() as window:
        window.answer_with(server.url)
        window.ask("one")
        window.pane.composer.set_draft("two")
        window.pane.composer.submit()
        assert window.pane.composer.draft() == "two" and len(window.pane.view.messages) == 2
        await until(lambda: window.answer.markdown)
        assert len(server.calls) == 1


async def test_a_stop_before_the_first_step_ends_the_answer() -> None:
    async with open_pane() as window:
        answer = window.ask("hi")
        window.pane.composer.stop_requested.emit()
        await until(lambda: not answer.running and not window.presenter.conversation.running)
        again = window.ask("help")
        await until(lambda: not again.running)
        assert again.markdown


async def test_a_new_chat_while_an_answer_runs_stops_it_and_begins_with_nothing() -> None:
    async with (
        fault_server(silent_after_a_token()) as slow,
        fault_server(answers("fine")) as quick,
        open_pane() as window,
    ):
        window.answer_with(slow.url)
        window.ask("secret")
        await until(lambda: window.answer.markdown)
        window.presenter.new_chat()
        assert window.pane.view.messages == [] and not window.presenter.conversation.running
        window.answer_with(quick.url)
        answer = window.ask("hi")
        await until(lambda: not answer.running)
        await until(slow.calls[0].gone.is_set)
        assert answer.markdown == "fine"
        assert [message["role"] for message in quick.calls[-1].json["messages"]] == ["system", "user"]


async def test_another_provider_chosen_while_an_answer_runs_answers_the_next_question() -> None:
    go = asyncio.Event()

    async def slow(call: object) -> None:
        await go.wait()
        await answers("the first")(call)  # pyright: ignore

    async with fault_server(slow) as first, open_pane() as window:
        window.answer_with(first.url)
        answer = window.ask("hi")
        await until(lambda: first.calls)
        window.presenter.choose("offline", "")
        go.set()
        await until(lambda: not answer.running)
        again = window.ask("help")
        await until(lambda: not again.running)
        assert answer.markdown == "the first" and "script" in again.markdown and len(first.calls) == 1


async def test_a_pane_that_is_destroyed_in_mid_stream_hurts_nothing() -> None:
    for _ in range(20):
        async with fault_server(silent_after_a_token()) as server, open_pane() as window:
            window.answer_with(server.url)
            window.ask("hi")
            window.presenter.settings.open()
            window.presenter.models.open()
            await until(lambda: window.answer.markdown)
            delete(window.pane)
            assert running(window)
            next(call for call in server.calls if call.method == "POST").hang_up()
            await until(lambda: not running(window))
            assert window.app.scope.stats().failed == 0


async def test_a_choice_is_in_the_file_even_if_the_pane_dies_at_once() -> None:
    async with open_pane() as window:
        window.presenter.choose("ollama", "qwen")
        delete(window.pane)
        await until(lambda: load(settings_path()).provider("ollama").model == "qwen")
