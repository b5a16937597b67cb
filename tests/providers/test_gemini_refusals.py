"""What Google's refusals mean, each with the body that it sends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dialects.gemini import error
from nuke_ai_panel.providers.answers.refusals import read_refusal
from nuke_ai_panel.providers.answers.refused_fields import fields_in, refused_field
from nuke_ai_panel.providers.answers.signs import problem_of
from nuke_ai_panel.providers.base import Model, Request
from nuke_ai_panel.providers.errors import Problem, Service
from nuke_ai_panel.providers.gemini.format import GeminiFormat
from nuke_ai_panel.providers.gemini.wire import request_body
from nuke_ai_panel.providers.redact import Redactor

Json = dict[str, Any]
SERVICE = Service("gemini", "Google Gemini", "x.example")


def problem(status: int, document: Any, *, model: str = "m", with_key: bool = True) -> Problem:
    refusal = read_refusal(status, json.dumps(document).encode(), {}, Redactor())
    return problem_of(refusal, SERVICE, model=model, with_key=with_key, signs=GeminiFormat.signs)


def info(reason: str) -> Json:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}


def quota(*ids: str) -> Json:
    violations = [{"quotaMetric": "generativelanguage.googleapis.com/requests", "quotaId": name} for name in ids]
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": violations}


def wait(delay: str) -> Json:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def failed_precondition(message: str) -> Json:
    return {"error": {"code": 400, "message": message, "status": "FAILED_PRECONDITION"}}


A_DAY = quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier")
A_MINUTE = quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier")
USED_UP = "You exceeded your current quota, please check your plan and billing details."

CASES = [
    (400, error(400, "API key not valid. Please pass a valid API key.", info("API_KEY_INVALID")), "key_wrong"),
    (400, error(400, "API key expired. Please renew the API key."), "key_wrong"),
    (403, error(403, "Your API key was reported as leaked. Please use another API key."), "key_not_allowed"),
    (
        403,
        error(403, "Generative Language API has not been used in project 1.", info("SERVICE_DISABLED")),
        "key_not_allowed",
    ),
    (403, error(403, "Requests from referer are blocked.", info("API_KEY_HTTP_REFERRER_BLOCKED")), "key_not_allowed"),
    (400, failed_precondition("User location is not supported for the API use."), "region"),
    (
        400,
        failed_precondition("Gemini API free tier is not available in your country. Please enable billing."),
        "region",
    ),
    (400, failed_precondition("Please enable billing on your project."), "out_of_credits"),
    (404, error(404, "models/m is not found for API version v1, or is not supported."), "model_unknown"),
    (404, error(404, "Requested entity was not found."), "model_unknown"),
    (400, error(400, "* GenerateContentRequest.model: unexpected model name format"), "model_unknown"),
    (429, error(429, USED_UP, A_DAY, wait("34s")), "daily_quota"),
    (429, error(429, USED_UP, quota("GenerateContentInputTokensPerModelPerDay")), "daily_quota"),
    (429, error(429, USED_UP, quota("PerMinute-A", "x"), A_DAY), "daily_quota"),
    (429, error(429, USED_UP, A_MINUTE, wait("34s")), "rate_limited"),
    (429, error(429, "Resource has been exhausted (e.g. check quota)."), "rate_limited"),
    (429, error(429, "Your prepayment credits are depleted."), "out_of_credits"),
    (400, error(400, "The input token count (9) exceeds the maximum number of tokens allowed (8)."), "context_full"),
    (400, error(400, "Request payload size exceeds the limit: 20971520 bytes."), "too_large"),
    (400, error(400, "Function calling is not enabled for models/m"), "no_tools"),
    (400, error(400, "Image input modality is not enabled for models/m"), "no_vision"),
    (400, error(400, "Thinking is not enabled for models/m"), "no_thinking"),
    (400, error(400, "Thinking level MEDIUM is not supported for this model."), "no_thinking"),
    (400, error(400, "Budget 0 is invalid. This model only works in thinking mode."), "no_thinking"),
    (
        400,
        error(400, 'Invalid JSON payload received. Unknown name "thinkingConfig": Cannot find field.'),
        "bad_parameter",
    ),
    (400, error(400, "properties[location].enum: should be non-empty"), "unknown"),
    (500, error(500, "An internal error has occurred."), "server_error"),
    (503, error(503, "The model is overloaded. Please try again later."), "overloaded"),
    (504, error(504, "The request timed out."), "timeout_silence"),
]


@pytest.mark.parametrize("in_a_list", [False, True])
@pytest.mark.parametrize(("status", "document", "kind"), CASES)
def test_a_refusal_is_known_by_what_google_says(status: int, document: Json, kind: str, in_a_list: bool) -> None:
    found = problem(status, [document] if in_a_list else document)
    assert found.kind == kind
    assert document["error"]["message"] in found.detail


def test_a_limit_of_the_minute_tells_how_long_to_wait() -> None:
    assert problem(429, error(429, USED_UP, A_MINUTE, wait("34.4s"))).retry_after == 34.4


def test_a_quota_of_the_day_names_the_service() -> None:
    assert (
        problem(429, [error(429, USED_UP, A_DAY, wait("34.4s"))]).title
        == "Today's free quota at Google Gemini is used up"
    )


def test_a_question_without_a_key_misses_one() -> None:
    said = error(403, "Method doesn't allow unregistered callers (callers without established identity).")
    assert problem(403, said, with_key=False).kind == "key_missing"


def test_a_missing_list_is_a_wrong_path_and_no_missing_model() -> None:
    assert problem(404, error(404, "Not found."), model="").kind == "not_an_api"


SENT = {
    "thinkingLevel": request_body(Request("gemini-3-pro", (), temperature=1.0, effort="medium"), None),
    "thinkingBudget": request_body(Request("gemini-2.5-pro", (), temperature=1.0, effort="low"), None),
    "includeThoughts": request_body(Request("m", (), temperature=1.0), Model("m", reasoning=True)),
}


@pytest.mark.parametrize(
    ("message", "dropped"),
    [
        ("Thinking level MEDIUM is not supported for this model.", "thinkingLevel"),
        ("Budget 1024 is invalid. This model only works in thinking mode.", "thinkingBudget"),
        ("Thinking_config.include_thoughts is only enabled when thinking is enabled.", "includeThoughts"),
    ],
)
def test_what_a_model_refuses_of_thinking_is_left_out_and_no_more(message: str, dropped: str) -> None:
    sent = fields_in(SENT[dropped], GeminiFormat.refusable)
    assert refused_field(problem(400, error(400, message)), sent) == f"generationConfig.thinkingConfig.{dropped}"
