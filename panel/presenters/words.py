"""Services' values in the words and shapes of the widgets. Pure functions, no widget."""

from __future__ import annotations

from ...providers.base import CheckReport, Step
from ...providers.errors import Problem
from ...ui.settings_values import KeyState, StepRow, TestAction, TestVerdict
from ..keys import KeyFound


def took(ms: float | None) -> str:
    """`12 ms`, from a tenth of a second on `0.2 s`; nothing for what was not measured."""
    if ms is None:
        return ""
    return f"{ms:.0f} ms" if ms < 100 else f"{ms / 1000:.1f} s"


def step_row(step: Step) -> StepRow:
    state = "skip" if step.ok is None else "ok" if step.ok else "bad"
    return StepRow(step.name, state, step.detail, took(step.ms))


def key_state(found: KeyFound | None) -> KeyState:
    """Where a key is; of a variable, its name, of a keyring, also how the key ends."""
    if found is None:
        return KeyState("none")
    ending = found.secret.ending if found.source != "environment" else ""
    return KeyState(found.source, found.where, ending)


def verdict(report: CheckReport, *, has_key_page: bool) -> TestVerdict:
    """How a whole test ended. `summary` says at which step it stopped."""
    if report.problem is None:
        return TestVerdict(ok=True, title=report.summary, text="no tokens were spent")
    return failed(report.problem, has_key_page=has_key_page, summary=_stopped_at(report.steps))


def failed(problem: Problem, *, has_key_page: bool = False, summary: str = "") -> TestVerdict:
    return TestVerdict(
        ok=False,
        title=problem.title,
        text=f"{problem.why} {problem.next}",
        actions=_actions(problem, has_key_page),
        detail=details(problem),
        summary=summary,
    )


def details(problem: Problem) -> str:
    """What goes into a ticket: the kind, the service's own words, its request id."""
    lines = [problem.kind, problem.detail]
    lines += [f"HTTP {problem.status}"] if problem.status else []
    lines += [f"Request {problem.request_id}"] if problem.request_id else []
    return "\n".join(line for line in lines if line)


def cancelled() -> TestVerdict:
    return TestVerdict(
        ok=False, title="Cancelled", text="The test was stopped. Nothing was changed.", actions=("retry",)
    )


def _actions(problem: Problem, has_key_page: bool) -> tuple[TestAction, ...]:
    if not problem.kind.startswith("key_"):
        return ("retry",)
    return ("replace_key", "open_key_page") if has_key_page else ("replace_key", "retry")


def _stopped_at(steps: tuple[Step, ...]) -> str:
    place = next((number for number, step in enumerate(steps, 1) if step.ok is False), None)
    if place is None:
        return ""
    total = took(sum(step.ms or 0 for step in steps))
    return f"Stopped at step {place} of {len(steps)}, {total}"
