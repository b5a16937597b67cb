"""An answer that waits: what its status line says, and that it can be stopped meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta

from fault_server import Call, Handler, answers, fails, fault_server
from nuke_ai_panel.panel.presenters.answer import AnswerPresenter
from nuke_ai_panel.panel.presenters.record import Asked
from nuke_ai_panel.providers.messages import Started, TextDelta, Waiting
from nuke_ai_panel.ui.chat_pane import ChatPane
from nuke_ai_panel.ui.transcript.message_view import AnswerView
from open_window import OpenPane, open_pane, until

BUSY = {"error": {"message": "busy", "type": "overloaded_error"}}
NOON = datetime(2026, 11, 21, 12)


def one_after_the_other(*handlers: Handler) -> Handler:
    left = list(handlers)

    async def handle(call: Call) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(call)

    return handle


def note_statuses(window: OpenPane, answer: AnswerView) -> list[str]:
    """Every status from now on."""
    told: list[str] = []
    show = answer.set_status

    def note(text: str) -> None:
        told.append(text)
        show(text)

    answer.set_status = note  # type: ignore[method-assign]
    return told


async def test_an_overloaded_service_is_told_with_the_time_until_the_next_try() -> None:
    busy = fails("503 Service Unavailable", BUSY, Retry_After="0.3", Connection="close")
    async with fault_server(one_after_the_other(busy, answers("Hello"))) as server, open_pane() as window:
        window.answer_with(server.url)
        answer = window.ask("hi")
        told = note_statuses(window, answer)
        await until(lambda: not answer.running)
        assert answer.markdown == "Hello" and len(server.calls) == 2
    assert f"127.0.0.1:{server.port} is overloaded at the moment, trying again in 1 s" in told


async def test_an_answer_that_waits_is_stopped_at_once() -> None:
    async with fault_server(fails("503 Service Unavailable", BUSY, Retry_After="100")) as server:
        async with open_pane() as window:
            window.answer_with(server.url)
            answer = window.ask("hi")
            await until(lambda: "trying again in" in answer.status)
            window.pane.composer.stop_requested.emit()
            assert await until(lambda: not answer.running) < 1.0
        assert len(server.calls) == 1


async def test_after_the_last_try_the_card_says_how_often_it_was_tried() -> None:
    busy = fails("503 Service Unavailable", BUSY, retry_after_ms="1", Connection="close")
    async with fault_server(busy) as server, open_pane() as window:
        window.answer_with(server.url)
        answer = window.ask("hi")
        await until(lambda: not answer.running)
        problem = answer._end.problem if answer._end else None
        assert problem and problem.why.endswith("It was tried 3 times.") and len(server.calls) == 3


def test_a_known_end_counts_down_and_an_unknown_one_up(own) -> None:  # type: ignore[no-untyped-def]
    now = [NOON]
    pane = own(ChatPane())
    presenter = AnswerPresenter(pane, wall=lambda: now[0])
    view = own(AnswerView(pane.look, "tiny"))
    presenter.begin(view, Asked("hi", "tiny", NOON))
    now[0] += timedelta(seconds=5)
    presenter.show(Waiting("X is overloaded", 2.4, 1))
    assert view.status == "X is overloaded, trying again in 3 s"
    presenter.show(Waiting("X is loading the model"))
    assert view.status == "X is loading the model, 5 s"
    presenter.show(Started("tiny"))
    assert view.status == "tiny is reading the question, 5 s"
    presenter.show(TextDelta("Hi"))
    assert view.status == "tiny is writing, 5 s"
