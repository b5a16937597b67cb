"""The test that every provider passes, ours or a plug-in's.

    class TestMine(ProviderContract):
        expected = "Hello"

        @asynccontextmanager
        async def provider(self):
            async with ...:
                yield MyProvider(...)

Owns what may be relied on whatever answers. It needs no test framework: the methods are plain coroutines.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from .base import Model, Provider, Request, Step
from .errors import KINDS, ProviderError
from .messages import Finished, Message, Started, StreamEvent, Text, TextDelta, UsageReported


class ProviderContract:
    """Subclass it and say how the provider is made.

    `expected` is the text of the answer to `request`, or "" if it is not known.
    """

    expected = ""
    request = Request("", (Message("user", (Text("hi"),)),))

    def provider(self) -> AbstractAsyncContextManager[Provider]:
        """A provider that works, closed by leaving."""
        raise NotImplementedError

    def broken_provider(self) -> AbstractAsyncContextManager[Provider] | None:
        """One that cannot answer (nothing listens there), or None where that cannot be."""
        return None

    def left_open(self, provider: Provider) -> int:
        """How many streams of this provider are still open."""
        return 0

    async def test_it_says_who_it_is(self) -> None:
        async with self.provider() as provider:
            assert provider.id and provider.label and provider.capabilities is not None

    async def test_it_starts_tells_its_text_and_finishes(self) -> None:
        async with self.provider() as provider:
            events = await self._answer(provider)
        assert isinstance(events[0], Started)
        assert isinstance(events[-1], Finished)
        assert sum(isinstance(event, Finished) for event in events) == 1
        text = "".join(event.text for event in events if isinstance(event, TextDelta))
        assert text == self.expected if self.expected else text

    async def test_tokens_are_counted_once_or_not_at_all(self) -> None:
        async with self.provider() as provider:
            events = await self._answer(provider)
        assert sum(isinstance(event, UsageReported) for event in events) <= 1

    async def test_leaving_early_leaves_nothing_open(self) -> None:
        async with self.provider() as provider:
            async with provider.stream(self.request) as answer:
                await anext(answer)
            assert self.left_open(provider) == 0
            assert await self._answer(provider)

    async def test_a_cancelled_answer_leaves_nothing_open(self) -> None:
        async with self.provider() as provider:
            begun = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                task = group.create_task(self._answer_until_cancelled(provider, begun))
                await begun.wait()
                task.cancel()
            assert self.left_open(provider) == 0
            assert await self._answer(provider)

    async def test_two_answers_at_once_do_not_mix(self) -> None:
        async with self.provider() as provider, asyncio.TaskGroup() as group:
            answers = [group.create_task(self._answer(provider)) for _ in range(2)]
        first, second = (answer.result() for answer in answers)
        assert _text(first) == _text(second)

    async def test_its_models_have_ids(self) -> None:
        async with self.provider() as provider:
            models = await provider.models()
        assert all(isinstance(model, Model) and model.id for model in models)
        assert len({model.id for model in models}) == len(models)

    async def test_its_probe_reports_steps_that_passed(self) -> None:
        steps: list[Step] = []
        async with self.provider() as provider:
            await provider.probe("", steps.append)
        assert steps and all(step.ok and step.name and step.detail for step in steps)

    async def test_what_it_raises_is_a_named_problem(self) -> None:
        broken = self.broken_provider()
        if broken is None:
            return
        async with broken as provider:
            try:
                await self._answer(provider)
            except ProviderError as error:
                assert error.problem.kind in KINDS
            else:
                raise AssertionError("a provider that cannot answer has to say so")

    async def _answer(self, provider: Provider) -> list[StreamEvent]:
        async with provider.stream(self.request) as answer:
            return [event async for event in answer]

    async def _answer_until_cancelled(self, provider: Provider, begun: asyncio.Event) -> None:
        async with provider.stream(self.request) as answer:
            await _wait_for_ever(answer, begun)


async def _wait_for_ever(answer: AsyncIterator[StreamEvent], begun: asyncio.Event) -> None:
    await anext(answer)
    begun.set()
    await asyncio.get_running_loop().create_future()


def _text(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))
