"""Scopes and job queues under anything that may happen to them, in any order, against a model that only counts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule
from nuke_ai_panel.panel.tasks import Job, JobQueueFull, ScopeClosed, TaskScope
from task_parts import Failures, turns

STEPS = settings(max_examples=60, stateful_step_count=40)

Command = Literal["done", "failed"]


class Machine(RuleBasedStateMachine):
    """Runs a loop of its own, a few turns after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.failures = Failures()
        self.app = TaskScope("app", on_failure=self.failures, loop=self.loop)
        self.expected: Counter[str] = Counter()

    def run(self, coro: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(coro)

    def settle(self) -> None:
        self.run(turns(8))

    async def obey(self, orders: asyncio.Future[Command]) -> None:
        if await orders == "failed":
            raise ValueError("no")

    def counts_are(self, running: int, waiting: int = 0) -> None:
        stats = self.app.stats()
        assert (stats.running, stats.waiting) == (running, waiting)
        assert len(stats.names) == running
        for outcome in ("done", "failed", "cancelled", "dropped"):
            assert getattr(stats, outcome) == self.expected[outcome], outcome
        assert len(self.failures) == self.expected["failed"]

    def teardown(self) -> None:
        assert self.run(self.app.close(5)) == ()
        assert asyncio.all_tasks(self.loop) == set()
        assert self.app.stats().running == self.app.stats().waiting == 0
        assert self.app.stats().children == ()
        self.loop.close()


@dataclass(eq=False)
class Model:
    """A scope, and what should be true of it."""

    scope: TaskScope
    parent: Model | None
    closed: bool = False
    live: dict[asyncio.Task[None], asyncio.Future[Command]] = field(default_factory=dict)
    finishing: set[asyncio.Task[None]] = field(default_factory=set)
    fatal: set[asyncio.Task[None]] = field(default_factory=set)
    children: list[Model] = field(default_factory=list)

    def inside(self) -> list[Model]:
        return [self, *(model for child in self.children for model in child.inside())]


class ScopeMachine(Machine):
    scopes: Bundle[Model] = Bundle("scopes")

    @initialize(target=scopes)
    def root(self) -> Model:
        self.model = Model(self.app, None)
        return self.model

    @rule(target=scopes, parent=scopes)
    def open_child(self, parent: Model) -> Model:
        try:
            child = Model(parent.scope.child("child"), parent)
        except ScopeClosed:
            assert parent.closed
            return parent
        assert not parent.closed
        parent.children.append(child)
        return child

    @rule(model=scopes, finish=st.booleans(), fatal=st.booleans())
    def start(self, model: Model, finish: bool, fatal: bool) -> None:
        orders: asyncio.Future[Command] = self.loop.create_future()
        try:
            task = model.scope.start(
                self.obey(orders),
                name="task",
                on_close="finish" if finish else "cancel",
                on_failure="close" if fatal else "report",
            )
        except ScopeClosed:
            assert model.closed
            return
        assert not model.closed
        model.live[task] = orders
        if finish:
            model.finishing.add(task)
        if fatal:
            model.fatal.add(task)
        self.settle()

    @rule(model=scopes, data=st.data(), command=st.sampled_from(["done", "failed"]))
    def end_one(self, model: Model, data: st.DataObject, command: Command) -> None:
        if model.live:
            task = data.draw(st.sampled_from(list(model.live)))
            model.live.pop(task).set_result(command)
            self.expected[command] += 1
            if command == "failed" and task in model.fatal and not model.closed:
                self._model_closing(model)
            self.settle()

    @rule(model=scopes, data=st.data())
    def cancel_one(self, model: Model, data: st.DataObject) -> None:
        if model.live:
            task = data.draw(st.sampled_from(list(model.live)))
            del model.live[task]
            task.cancel()
            self.expected["cancelled"] += 1
            self.settle()

    @rule(model=scopes, twice=st.booleans())
    def close(self, model: Model, twice: bool) -> None:
        self._model_closing(model)
        finishing = [orders for each in model.inside() for orders in each.live.values()]
        for each in model.inside():
            self.expected["done"] += len(each.live)
            each.live.clear()

        async def close() -> list[tuple[str, ...]]:
            closing = [self.loop.create_task(model.scope.close(5)) for _ in range(2 if twice else 1)]
            await turns()
            for orders in finishing:
                orders.set_result("done")
            await asyncio.wait(closing)
            return [task.result() for task in closing]

        assert set(self.run(close())) == {()}
        self.settle()

    def _model_closing(self, model: Model) -> None:
        for each in model.inside():
            each.closed = True
            for task in [task for task in each.live if task not in each.finishing]:
                del each.live[task]
                self.expected["cancelled"] += 1

    @invariant()
    def the_counts_are_those_of_the_model(self) -> None:
        self.counts_are(running=sum(len(model.live) for model in self.model.inside()))

    def teardown(self) -> None:
        for model in self.model.inside():
            for orders in model.live.values():
                orders.set_result("done")
        super().teardown()


@dataclass(eq=False)
class ModelJob:
    priority: int
    number: int
    orders: asyncio.Future[Command]
    job: Job[None] | None = None


class JobMachine(Machine):
    WORKERS, BOUND = 2, 3

    def __init__(self) -> None:
        super().__init__()
        self.queue = self.app.jobs(workers=self.WORKERS, bound=self.BOUND)
        self.number = 0
        self.waiting: list[ModelJob] = []
        self.running: list[ModelJob] = []
        self.begun: list[int] = []
        self.expected_begun: list[int] = []
        self.jobs: list[Job[None]] = []
        self.closed = False

    async def work(self, number: int, orders: asyncio.Future[Command]) -> None:
        self.begun.append(number)
        await self.obey(orders)

    @rule(priority=st.integers(-2, 2))
    def put(self, priority: int) -> None:
        self.number += 1
        model = ModelJob(priority, self.number, self.loop.create_future())
        try:
            model.job = self.queue.put_nowait(self.work, self.number, model.orders, name="job", priority=priority)
        except ScopeClosed:
            assert self.closed
        except JobQueueFull:
            assert len(self.waiting) == self.BOUND
        else:
            assert len(self.waiting) < self.BOUND and not self.closed
            self.jobs.append(model.job)
            self.waiting.append(model)
        self._model_turn()

    @precondition(lambda self: self.running)
    @rule(data=st.data(), command=st.sampled_from(["done", "failed"]))
    def end_one(self, data: st.DataObject, command: Command) -> None:
        model = data.draw(st.sampled_from(self.running))
        self.running.remove(model)
        model.orders.set_result(command)
        self.expected[command] += 1
        self._model_turn()

    @precondition(lambda self: self.running or self.waiting)
    @rule(data=st.data())
    def cancel_one(self, data: st.DataObject) -> None:
        model = data.draw(st.sampled_from(self.running + self.waiting))
        (self.running if model in self.running else self.waiting).remove(model)
        assert model.job and self.queue.cancel(model.job)
        self.expected["cancelled"] += 1
        self._model_turn()

    @rule()
    def cancel_what_has_ended(self) -> None:
        assert not any(self.queue.cancel(job) for job in self.jobs if job.done())

    @rule()
    def close(self) -> None:
        self.expected["dropped"] += len(self.waiting)
        self.expected["cancelled"] += len(self.running)
        self.waiting, self.running, self.closed = [], [], True
        assert self.run(self.app.close(5)) == ()

    def _model_turn(self) -> None:
        while self.waiting and len(self.running) < self.WORKERS:
            model = min(self.waiting, key=lambda each: (each.priority, each.number))
            self.waiting.remove(model)
            self.running.append(model)
            self.expected_begun.append(model.number)
        self.settle()

    @invariant()
    def jobs_begin_in_order_and_each_ends_once(self) -> None:
        self.counts_are(running=len(self.running), waiting=len(self.waiting))
        assert self.begun == self.expected_begun
        alive = {model.job for model in self.running + self.waiting}
        assert all(job.done() == (job not in alive) for job in self.jobs)
        assert len(self.jobs) == len(alive) + sum(self.expected.values())


TestScopes = ScopeMachine.TestCase
TestScopes.settings = STEPS
TestJobs = JobMachine.TestCase
TestJobs.settings = STEPS
