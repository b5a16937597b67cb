"""Services' values in the words and shapes of the widgets. Pure functions, no widget."""

from __future__ import annotations

from ...providers.base import CheckReport, Step
from ...providers.checks.report import took
from ...providers.errors import Problem
from ...providers.manager import ProviderConfig
from ...providers.messages import Progress
from ...ui.settings.values import KeyRemedy, KeyState, ProviderState, StepRow, TestAction, TestVerdict
from ..keys import KeyFound, KeyringTrouble

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
    "proxy_refused": "Proxy not reached",
    "proxy_auth": "Proxy wants login",
    "cert_untrusted": "Not trusted",
    "cert_name": "Other certificate",
    "cert_expired": "Certificate too old",
    "tls_on_http": "Speaks http",
    "http_on_tls": "Speaks https",
    "rate_limited": "Asked too often",
    "daily_quota": "Quota used up",
    "overloaded": "Overloaded",
    "model_loading": "Loading",
    "model_not_loaded": "No model loaded",
    "model_not_pulled": "Not downloaded",
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


def no_key(trouble: KeyringTrouble) -> KeyState:
    """Why it is not known whether there is a key, and what may help."""
    return KeyState("unavailable", str(trouble), remedy=remedy(trouble))


def remedy(trouble: KeyringTrouble) -> KeyRemedy:
    if trouble.kind == "locked":
        return "unlock"
    return "again" if trouble.kind in ("silent", "refused") else ""


def passed(report: CheckReport, told: str, *, can_ask: bool) -> TestVerdict:
    """Nothing failed. `told`: the whole test as text; `can_ask`: there is a model to send a question to."""
    answer = next((step for step in report.steps if step.name == "Answer"), None)
    if answer is None:
        text, action = "no tokens were spent", "ask" if can_ask else None
    else:
        text, action = answer.detail, None if answer.ok else "choose_model"
    return TestVerdict(ok=True, title=report.summary, text=text, actions=(action,) if action else (), report=told)


def failed(problem: Problem, actions: tuple[TestAction, ...], summary: str = "", told: str = "") -> TestVerdict:
    return TestVerdict(
        ok=False,
        title=problem.title,
        text=f"{problem.why} {problem.next}",
        actions=actions,
        detail=details(problem),
        summary=summary,
        address=problem.address,
        report=told,
    )


def first_state(config: ProviderConfig) -> tuple[ProviderState, str]:
    """Of a provider that no test has said anything of."""
    if config.row.format == "offline":
        return "ready", "Built in, no model"
    return "unset", "Not tested" if config.address else "Not set up"


def progress_words(progress: Progress, model: str) -> str:
    """Such as "25% of qwen3:14b", or what is done that has no measure."""
    return progress.kind if progress.fraction is None else f"{progress.fraction:.0%} of {model}"


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
