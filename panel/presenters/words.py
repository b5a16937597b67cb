"""Services' values in the words and shapes of the widgets. Pure functions, no widget."""

from __future__ import annotations

from ...providers.base import CheckReport, Step
from ...providers.checks import took
from ...providers.errors import Problem
from ...ui.settings.values import KeyState, ProviderState, StepRow, TestAction, TestVerdict
from ..keys import KeyFound

_SHORT = {
    "key_wrong": "Key refused",
    "key_missing": "Key missing",
    "key_not_allowed": "Not allowed",
    "server_not_running": "Not running",
    "host_unknown": "Address not found",
    "offline": "Offline",
    "connect_timeout": "Does not answer",
    "timeout_silence": "Does not answer",
    "not_an_api": "Another server",
    "redirected": "Redirected",
    "bad_address": "Address incomplete",
    "cert_untrusted": "Not trusted",
    "model_unknown": "Model not found",
    "out_of_credits": "No credit",
}


def step_row(step: Step) -> StepRow:
    state = "skip" if step.ok is None else "ok" if step.ok else "bad"
    return StepRow(step.name, state, step.detail, took(step.ms))


def key_state(found: KeyFound | None) -> KeyState:
    """Where a key is; of a variable, its name, of a keyring, also how the key ends."""
    if found is None:
        return KeyState("none")
    ending = found.secret.ending if found.source != "environment" else ""
    return KeyState(found.source, "" if found.source == "session" else found.where, ending)


def verdict(report: CheckReport, *, has_key_page: bool) -> TestVerdict:
    """How a whole test ended."""
    if report.problem is None:
        return TestVerdict(ok=True, title=report.summary, text="no tokens were spent")
    return failed(report.problem, has_key_page=has_key_page, summary=report.summary)


def failed(problem: Problem, *, has_key_page: bool = False, summary: str = "") -> TestVerdict:
    return TestVerdict(
        ok=False,
        title=problem.title,
        text=f"{problem.why} {problem.next}",
        actions=_actions(problem, has_key_page),
        detail=details(problem),
        summary=summary,
    )


def found_out(report: CheckReport) -> tuple[ProviderState, str]:
    """The state of a provider and two or three words for a narrow list."""
    if report.problem:
        return "failed", _SHORT.get(report.problem.kind, "Test failed")
    count = len(report.models)
    return "ready", f"Ready, {count} model{'' if count == 1 else 's'}" if count else "Ready"


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
