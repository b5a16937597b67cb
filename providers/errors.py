"""What can go wrong with a provider, each with a name, a title, a cause and a next step.

Owns the values that say it; the words stand in `error_texts`, how a symptom is recognised in `http` (the connection)
and in `answers.signs` (the service's answer).

    ProviderError ── problem: Problem(kind, severity, title, why, next, ...)

    the way there   server_not_running  host_unknown  offline  connect_timeout  proxy_refused  proxy_auth
                    cert_untrusted  cert_name  cert_expired  tls_on_http  http_on_tls  tls_failed
                    redirected  not_an_api  bad_address
    who is asking   key_missing  key_wrong  key_malformed  key_not_allowed  region  host_blocked
                    out_of_credits  daily_quota  rate_limited  overloaded
    the model       model_loading*  model_not_loaded  model_not_pulled  model_unknown  model_swapped*  no_memory
                    context_full  cut_length*  no_tools  no_vision  no_thinking  bad_parameter  too_large
                    refused*  filtered*
    the answer      timeout_silence  took_too_long  stream_cut  stream_error  event_too_large  answer_too_large
                    empty_answer  server_error  unknown

    * a notice: told without alarm
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict, Unpack

from .error_texts import WORDINGS, Severity

KINDS = tuple(WORDINGS)
"""The id of every problem there is."""

_TITLE_LENGTH = 60
_REASON_LENGTH = 200
_NO_WORDS = ("<", "{", "[")
"""How a page, or a piece of data, begins."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that went wrong, as the user is told of it.

    `kind` is one of `KINDS`, `title` has at most 60 characters, `why` and `next` are one sentence each.
    `detail` is the service's own text, redacted. `retry_after` is in seconds. `should_retry`: what the service says of
    asking again, None if nothing. `field`: the part of the question that it is about, if that was named. `status` is
    the HTTP status, if one came; `request_id` is what the service's support asks for. `address`: one that would work
    instead, if that is known.
    """

    kind: str
    severity: Severity
    title: str
    why: str
    next: str
    detail: str = ""
    retry_after: float | None = None
    provider: str = ""
    status: int | None = None
    request_id: str = ""
    should_retry: bool | None = None
    field: str = ""
    address: str = ""


class ProviderError(Exception):
    """The one exception of this floor. `requests`: how many it took; a stale connection costs one more."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.title)
        self.problem = problem
        self.requests = 1


class Words(TypedDict, total=False):
    """What fills the blanks of a wording, and what goes along with it. `reason` and `detail` come redacted."""

    model: str
    answered_by: str
    other: str
    seconds: float | None
    reason: str
    detail: str
    retry_after: float | None
    status: int | None
    request_id: str
    should_retry: bool | None
    field: str


@dataclass(frozen=True, slots=True)
class Service:
    """Whom a problem is about, in the user's words.

    `host` is HOST:PORT. `local`: on this computer or in the house, where models load slowly and servers are started
    by hand. `start_hint` and `key_hint` are sentences: how to start it, where its key goes.
    """

    id: str
    name: str
    host: str = ""
    local: bool = False
    start_hint: str = ""
    key_hint: str = ""

    def problem(self, kind: str, **words: Unpack[Words]) -> Problem:
        hint = self.key_hint if kind == "key_missing" else self.start_hint
        return problem(kind, name=self.name, host=self.host, local=self.local, hint=hint, provider=self.id, **words)

    def error(self, kind: str, **words: Unpack[Words]) -> ProviderError:
        return ProviderError(self.problem(kind, **words))


def problem(
    kind: str,
    *,
    name: str,
    host: str = "",
    local: bool = False,
    hint: str = "",
    provider: str = "",
    **words: Unpack[Words],
) -> Problem:
    """The problem of this kind about the service `name`. Raises KeyError for a kind that does not exist."""
    wording = WORDINGS[kind]
    blanks = {
        "name": name or host or "The service",
        "host": host or name or "the server",
        "hint": hint or _default_hint(kind),
        "log": "the server's own log" if local else "the service's status page",
        **_blanks(words),
    }
    return Problem(
        kind=kind,
        severity=wording.severity,
        title=_fit(wording.title, blanks),
        why=wording.why.format_map(blanks),
        next=wording.next.format_map(blanks),
        detail=words.get("detail", ""),
        retry_after=words.get("retry_after"),
        provider=provider,
        status=words.get("status"),
        request_id=words.get("request_id", ""),
        should_retry=words.get("should_retry"),
        field=words.get("field", ""),
    )


def _blanks(words: Words) -> dict[str, str]:
    """What is known of this one problem, with words for what is not."""
    return {
        "model": words.get("model") or "this model",
        "answered_by": words.get("answered_by") or "another model",
        "other": words.get("other") or "another address",
        "span": _span(words.get("seconds")),
        "reason": _sentence(words.get("reason") or "It did not say why."),
    }


def _default_hint(kind: str) -> str:
    if kind == "key_missing":
        return "Set a key for this address in the settings."
    return "Start it, or check the address and the port."


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "a while"
    if seconds < 120:
        return f"{seconds:.3g} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours"


def _sentence(text: str) -> str:
    """The first line of foreign text, short, closed with a full stop; markup and data are for the details."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if line.startswith(_NO_WORDS):
        return "It did not say why in words."
    if len(line) > _REASON_LENGTH:
        return line[: _REASON_LENGTH - 1].rstrip() + "…"
    return line if line.endswith((".", "!", "?", "…")) else line + "."


def _fit(template: str, blanks: dict[str, str]) -> str:
    """The title with its values; the longest value is cut until the whole fits."""
    used = {key: value for key, value in blanks.items() if "{" + key + "}" in template}
    while len(title := template.format_map(used)) > _TITLE_LENGTH:
        longest = max(used, key=lambda key: len(used[key]))
        keep = max(len(used[longest]) - (len(title) - _TITLE_LENGTH) - 1, 8)
        used[longest] = used[longest][:keep].rstrip("… ") + "…"
    return title
