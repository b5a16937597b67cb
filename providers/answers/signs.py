"""What a refusal means: by which status, code or words one kind of problem is told from another.

Owns the table for all services; a format may put rows of its own before it. The first row that matches wins; words are
matched only where codes are missing or mean several things.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ..errors import Problem, Service
from .refusals import PAGE, Refusal

_SHOWN_MODELS = 3


@dataclass(frozen=True, slots=True)
class Sign:
    """A row: matches if the status is one of these (any, if none are named) and a code or a text is found.

    `texts` are patterns, looked for in the message in lower case, `parts` are words inside a code.
    """

    kind: str
    statuses: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    def matches(self, refusal: Refusal, text: str) -> bool:
        if self.statuses and not refusal.statuses & set(self.statuses):
            return False
        if not (self.codes or self.texts or self.parts):
            return True
        if any(code in refusal.codes for code in self.codes) or any(re.search(part, text) for part in self.texts):
            return True
        return any(part in code for part in self.parts for code in refusal.codes)


_BILLING = (
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "billing_error",
    "billing_hard_limit_reached",
)

_NO_SUCH_MODEL = r"model\b.*\b(not found|not exist|does not exist|unknown)"

_SIGNS = (
    Sign("not_an_api", (400, 401, 403, 404, 405), (PAGE,)),
    Sign("key_wrong", (400,), ("no_db_connection",), ("no connected db",)),
    Sign("key_wrong", (400, 403), ("invalid_api_key", "api_key_invalid", "authentication")),
    Sign("key_wrong", (401,)),
    Sign("key_wrong", (0,), ("invalid_api_key", "authentication_error", "authentication")),
    Sign("proxy_auth", (407,)),
    Sign("http_on_tls", (400,), texts=("http request was sent to https port", "http request to an https server")),
    Sign("out_of_credits", (402,)),
    Sign("out_of_credits", codes=_BILLING, texts=("credit balance is too low", "insufficient credits")),
    Sign("region", codes=("region_restricted", "unsupported_country_region_territory")),
    Sign("region", (403,), texts=("country", "region")),
    Sign("filtered", codes=("content_filter", "content_policy_violation", "moderation")),
    Sign("filtered", (400, 403), texts=("flagged",)),
    Sign("key_not_allowed", (403,)),
    Sign("key_not_allowed", (0,), ("permission_error", "permission_denied")),
    Sign(
        "context_full",
        codes=("context_length_exceeded", "exceed_context_size_error", "model_context_window_exceeded"),
        texts=(
            "maximum context length",
            "exceeds the available context size",
            "context size has been exceeded",
            "when context the overflows",
            "prompt is too long",
        ),
    ),
    Sign("no_tools", texts=("does not support tools", "enable-auto-tool-choice", "tool use is not supported")),
    Sign(
        "no_vision",
        texts=(
            "image input is not supported",
            "support image input",
            "does not support image",
            "not a vision model",
            "does not support vision",
        ),
    ),
    Sign("no_thinking", texts=("does not support thinking", "does not support reasoning")),
    Sign("too_large", (413,)),
    Sign("too_large", codes=("request_too_large", "payload_too_large", "image_too_large")),
    Sign("bad_parameter", (400, 422), ("unsupported_parameter", "unsupported_value", "extra_forbidden")),
    Sign("bad_parameter", (400, 422), texts=("does not support parameter", "extra inputs are not permitted")),
    Sign("model_not_loaded", (400, 404, 0), texts=("no models? loaded",)),
    Sign("model_not_pulled", (404,), texts=("try pulling it",)),
    Sign("model_unknown", codes=("model_not_found", "invalid_model", "deploymentnotfound")),
    Sign("model_unknown", (400,), texts=("invalid model", "provide a model", "not a valid model", _NO_SUCH_MODEL)),
    Sign("model_unknown", (404,), texts=("model",)),
    Sign("bad_parameter", (422,)),
    Sign("not_an_api", (404, 405)),
    Sign("timeout_silence", (408, 504)),
    Sign("timeout_silence", codes=("timeout_error", "deadline_exceeded")),
    Sign("overloaded", texts=("service tier capacity exceeded",)),
    Sign("daily_quota", (429,), texts=("per day", "per-day", "perday")),
    Sign("rate_limited", (429,)),
    Sign("rate_limited", (0,), ("rate_limit_exceeded", "rate_limit_error", "slow_down")),
    Sign("model_loading", (503,), texts=("loading model",)),
    Sign("overloaded", (503, 529)),
    Sign("overloaded", codes=("overloaded_error", "server_is_overloaded", "provider_overloaded", "unavailable")),
    Sign("no_memory", (500, 0), texts=("out of memory", "more system memory", "process has terminated")),
)

_TAKES_REASON = frozenset({"refused", "filtered", "bad_parameter", "server_error", "unknown", "stream_error"})
_OF_THE_WAY = frozenset({"not_an_api", "proxy_auth", "http_on_tls"})
"""What only an answer can be that did not begin; in the middle of one its status is of something behind the service."""


def problem_of(
    refusal: Refusal,
    service: Service,
    *,
    model: str,
    with_key: bool,
    signs: tuple[Sign, ...] = (),
    begun: bool = True,
) -> Problem:
    """The problem that this refusal is. `model` is the one asked for, `with_key` says whether a key was sent.

    `signs` are looked at before those that all services share. `begun`: something of the answer had come before.
    """
    kind = _as_seen_here(_kind_of(refusal, model, (*signs, *_SIGNS), begun), with_key, service.local)
    wait = refusal.wait
    found = service.problem(
        kind,
        model=model,
        seconds=wait,
        retry_after=wait,
        should_retry=refusal.again,
        field=refusal.field,
        reason=_reason(kind, refusal),
        detail=_detail(refusal),
        status=refusal.status or None,
        request_id=refusal.request_id,
    )
    if not refusal.instead:
        return found
    return replace(found, next=f"Choose another model, such as {', '.join(refusal.instead[:_SHOWN_MODELS])}.")


def _kind_of(refusal: Refusal, model: str, signs: tuple[Sign, ...], begun: bool) -> str:
    text = refusal.message.lower()
    found = next((sign.kind for sign in signs if sign.matches(refusal, text)), "")
    if found == "model_unknown" and not model and refusal.status == 404:
        return "not_an_api"  # a list was asked for, so it is the path that is wrong
    broken = begun and not refusal.status
    if found and not (broken and found in _OF_THE_WAY):
        return found
    if broken:
        return "stream_error"
    return "server_error" if max(refusal.statuses) >= 500 else "unknown"


def _as_seen_here(kind: str, with_key: bool, local: bool) -> str:
    """What the same refusal means to somebody who sent no key, or whose server is elsewhere."""
    if kind == "key_wrong" and not with_key:
        return "key_missing"
    if kind == "model_not_pulled" and not local:
        return "model_unknown"  # nobody here can put it there
    return kind


def _reason(kind: str, refusal: Refusal) -> str:
    if kind not in _TAKES_REASON:
        return ""
    if kind == "server_error":
        return f"HTTP {max(refusal.statuses)}" + (f", request {refusal.request_id}" if refusal.request_id else "")
    return refusal.message


def _detail(refusal: Refusal) -> str:
    head = f"HTTP {refusal.status}" if refusal.status else "In the stream"
    codes = ", ".join(sorted(refusal.codes))
    parts = (head, f"({codes})" if codes else "", f"request {refusal.request_id}" if refusal.request_id else "")
    return " ".join(part for part in parts if part) + (f"\n{refusal.message}" if refusal.message else "")
