"""Conversations that outlive their views: who shows which, and what a new view is shown of the past."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from nuke_ai_panel.panel.chat import Chat
from nuke_ai_panel.panel.hosts.base import EmptyHost
from nuke_ai_panel.panel.presenters.conversation import ConversationPresenter
from nuke_ai_panel.panel.presenters.conversations import KEPT, Conversation, Conversations
from nuke_ai_panel.panel.presenters.record import Answered, Asked, Record
from nuke_ai_panel.panel.tasks import TaskScope
from nuke_ai_panel.panel.turn import ToolEnded, TurnEnded
from nuke_ai_panel.providers.messages import Finished, ReasoningDelta, Started, StreamEvent, TextDelta, Waiting
from nuke_ai_panel.ui.chat_pane import ChatPane
from nuke_ai_panel.ui.transcript.message_view import AnswerView, QuestionView
from open_window import until
from scripted_models import Script, ScriptedModels
from shiboken6 import delete

NOON = datetime(2026, 1, 2, 12, 0)


class View:
    """A view that says of itself whether it was put away."""

    def __init__(self, *, put_away: bool = False) -> None:
        self.put_away = put_away
        self.gave_up = 0

    def give_up(self) -> None:
        self.gave_up += 1


def answer(*texts: str) -> Script:
    return [Started("m"), *(TextDelta(text) for text in texts), Finished("stop")]


def of(*scripts: Script, scope: TaskScope) -> Conversations:
    models = ScriptedModels(*scripts)

    def chat() -> Chat:
        return Chat(models=models, model_for=models.model_for, host=EmptyHost(), provider="x")

    return Conversations(chat, scope, wall=lambda: NOON)


async def ask(conversation: Conversation, prompt: str) -> None:
    conversation.ask(prompt, "m")
    await until(lambda: not conversation.running)


def transcript(pane: ChatPane) -> list[str]:
    return [view.text if isinstance(view, QuestionView) else view.markdown for view in pane.view.messages]


class TestWhoShowsWhich:
    async def test_a_new_view_gets_the_conversation_that_was_left_last(self) -> None:
        async with TaskScope("test") as scope:
            conversations = of(answer("1"), answer("2"), scope=scope)
            one, two = View(), View()
            first, second = conversations.take(one), conversations.take(two)
            await ask(first, "one")
            await ask(second, "two")
            conversations.leave(second, two)
            conversations.leave(first, one)
            assert conversations.take(View()) is first
            assert conversations.take(View()) is second
            assert conversations.take(View()) not in (first, second)

    async def test_a_conversation_in_view_is_nobody_elses(self) -> None:
        async with TaskScope("test") as scope:
            conversations = of(answer("1"), scope=scope)
            first = conversations.take(View())
            await ask(first, "one")
            assert conversations.take(View()) is not first

    async def test_a_view_that_was_put_away_gives_up_what_it_shows(self) -> None:
        async with TaskScope("test") as scope:
            conversations = of(answer("1"), scope=scope)
            closed = View()
            first = conversations.take(closed)
            await ask(first, "one")
            closed.put_away = True
            view = View()
            assert conversations.take(view) is first and closed.gave_up == 1
            conversations.leave(first, closed)  # it notices late
            assert first.viewer is view

    async def test_one_in_which_nothing_was_said_is_not_kept(self) -> None:
        async with TaskScope("test") as scope:
            conversations = of(scope=scope)
            view = View()
            first = conversations.take(view)
            conversations.leave(first, view)
            assert conversations.take(View()) is not first

    async def test_only_so_many_are_kept_for_views_to_come(self) -> None:
        async with TaskScope("test") as scope:
            count = KEPT + 5
            conversations = of(*[answer("1")] * count, scope=scope)
            for _ in range(count):
                view = View()
                conversation = conversations.begin(view)
                await ask(conversation, "one")
                conversations.leave(conversation, view)
            assert len(conversations._all) == KEPT

    async def test_one_that_is_forgotten_is_stopped(self) -> None:
        async with TaskScope("test") as scope:
            conversations = of([TextDelta("1"), asyncio.Event()], scope=scope)
            conversation = conversations.take(View())
            conversation.ask("one", "m")
            await until(lambda: not conversation.record.empty)
            conversations.forget(conversation)
            await until(lambda: scope.stats().running == 0)
            assert conversations.take(View()) is not conversation


class TestTurns:
    async def test_every_turn_has_an_end_however_it_was_cut(self) -> None:
        ends: list[TurnEnded] = []

        def heard(event: object) -> None:
            if isinstance(event, Answered):
                ends.append(event.ended)

        async with TaskScope("test", on_failure=lambda *_: None) as scope:
            conversations = of([asyncio.Event()], answer("2"), scope=scope)
            conversation = conversations.take(View())
            conversation.subscribe(heard)
            conversation.ask("before its first step", "m")
            conversation.stop()
            await until(lambda: len(ends) == 1)
            conversation.ask("in the middle", "m")
            await asyncio.sleep(0.005)
            conversation.stop()
            await until(lambda: len(ends) == 2)
            conversation.chat.host = None  # pyright: ignore
            conversation.ask("with a fault", "m")
            await until(lambda: len(ends) == 3)
        assert [end.state for end in ends] == ["stopped", "stopped", "failed"]
        assert ends[2].problem is not None and not conversation.running

    async def test_a_question_asked_again_takes_the_place_of_the_first_answer(self) -> None:
        async with TaskScope("test") as scope:
            conversation = of(answer("no"), answer("yes"), scope=scope).take(View())
            await ask(conversation, "hm?")
            conversation.ask("hm?", "m", again=True)
            await until(lambda: not conversation.running)
            assert len(conversation.chat.history) == 2


class TestTheRecord:
    def turn(self, record: Record, *events: StreamEvent, prompt: str = "hi") -> None:
        record.add(Asked(prompt, "m", NOON))
        for event in events:
            record.add(event)

    def test_neighbouring_pieces_of_text_are_one_and_the_moments_are_left_out(self) -> None:
        record = Record()
        pieces = [
            TextDelta("a"),
            TextDelta("b"),
            Waiting("loading"),
            TextDelta("c"),
            ReasoningDelta("x"),
            TextDelta("d"),
        ]
        self.turn(record, *pieces)
        turn = record.after(0)
        assert turn is not None
        assert list(turn)[1:] == [TextDelta("abc"), ReasoningDelta("x"), TextDelta("d")]

    def test_a_record_read_while_it_grows_loses_nothing(self) -> None:
        record = Record()
        self.turn(record, TextDelta("a"))
        turn = record.after(0)
        assert turn is not None and list(turn)[1:] == [TextDelta("a")]
        record.add(TextDelta("b"))
        assert list(turn)[1:] == [TextDelta("ab")]

    def test_beyond_its_bound_the_oldest_turns_go_and_the_newest_stays_whole(self) -> None:
        record = Record(limit=100)
        for number in range(5):
            self.turn(record, TextDelta("x" * 40), prompt=str(number))
        kept, at = list[str](), 0
        while turn := record.after(at):
            asked = next(iter(turn))
            assert isinstance(asked, Asked)
            kept.append(asked.prompt)
            at = turn.number
        assert kept == ["3", "4"]
        self.turn(record, TextDelta("y" * 1000), prompt="long")
        newest = record.after(at)
        assert newest is not None and record.is_last(newest) and record.after(newest.number) is None
        assert list(newest)[1] == TextDelta("y" * 1000)

    def test_what_was_told_already_is_not_kept_twice(self) -> None:
        record = Record()
        self.turn(record, TextDelta("abc"))
        ended = TurnEnded("done", "stop", "abc", "x", "m", None, (), 0.1, 0.2)
        record.add(Answered(ended, NOON))
        turn = record.after(0)
        assert turn is not None
        last = list(turn)[-1]
        assert (
            isinstance(last, Answered)
            and last.ended.text == ""
            and not any(isinstance(event, ToolEnded) for event in turn)
        )


class TestShowingThePast:
    def present(
        self, own: Callable[[ChatPane], ChatPane], conversations: Conversations, scope: TaskScope
    ) -> tuple[ChatPane, ConversationPresenter]:
        pane = own(ChatPane())
        pane.show()
        return pane, ConversationPresenter(pane, conversations, scope.child("pane"), wall=lambda: NOON)

    async def test_a_new_pane_shows_all_that_was_said_in_order(self, own) -> None:
        async with TaskScope("test") as scope:
            conversations = of(*(answer(f"answer {n}") for n in range(30)), scope=scope)
            pane, presenter = self.present(own, conversations, scope)
            for number in range(30):
                presenter.ask(f"question {number}")
                await until(lambda: not presenter.running)
            before = transcript(pane)
            delete(pane)
            again, _ = self.present(own, conversations, scope)
            await until(lambda: len(again.view.messages) == 60)
            assert transcript(again) == before

    async def test_what_is_asked_while_the_past_is_shown_comes_in_its_place(self, own) -> None:
        async with TaskScope("test") as scope:
            conversations = of(*(answer(str(n)) for n in range(6)), scope=scope)
            pane, presenter = self.present(own, conversations, scope)
            for number in range(5):
                presenter.ask(f"question {number}")
                await until(lambda: not presenter.running)
            delete(pane)
            again, presenter = self.present(own, conversations, scope)
            again.composer.set_draft("question 5")
            again.composer.submit()
            await until(lambda: len(again.view.messages) == 12 and not presenter.running)
            assert transcript(again)[::2] == [f"question {n}" for n in range(6)]
            assert transcript(again)[1::2] == [str(n) for n in range(6)]

    async def test_a_running_answer_goes_on_in_the_new_pane_and_can_be_stopped_there(self, own) -> None:
        go = asyncio.Event()
        async with TaskScope("test") as scope:
            conversations = of([TextDelta("one "), go, TextDelta("two"), asyncio.Event()], scope=scope)
            pane, presenter = self.present(own, conversations, scope)
            presenter.ask("hi")
            await until(lambda: transcript(pane) == ["hi", "one "])
            delete(pane)
            again, presenter = self.present(own, conversations, scope)
            assert transcript(again) == ["hi", "one "] and presenter.running
            go.set()
            await until(lambda: transcript(again) == ["hi", "one two"])
            assert again.composer.stop()
            await until(lambda: not presenter.running)
            newest = again.view.messages[-1]
            assert isinstance(newest, AnswerView)
            await until(lambda: not newest.running)

    async def test_a_question_that_was_asked_again_stands_there_once(self, own) -> None:
        async with TaskScope("test") as scope:
            conversations = of(answer("no"), answer("yes"), scope=scope)
            pane, presenter = self.present(own, conversations, scope)
            presenter.ask("hm?")
            await until(lambda: not presenter.running)
            pane.view.retry_requested.emit("1")
            await until(lambda: not presenter.running and len(pane.view.messages) == 3)
            delete(pane)
            again, _ = self.present(own, conversations, scope)
            await until(lambda: len(again.view.messages) == 3)
            assert transcript(again) == ["hm?", "no", "yes"]
