"""What a refusal means, for the bodies that real services send."""

from __future__ import annotations

import json
from typing import Any

import pytest
from nuke_ai_panel.providers.errors import Service
from nuke_ai_panel.providers.redact import Redactor
from nuke_ai_panel.providers.refusals import problem_of, read_refusal
from nuke_ai_panel.providers.retry import retry_after_seconds

SERVICE = Service("x", "X", "x.example")


def said(message: str, **codes: Any) -> Any:
    """An error as OpenAI writes it."""
    return {"error": {"message": message, **codes}}


CASES: list[tuple[int, Any, str]] = [
    (401, said("Incorrect API key provided", code="invalid_api_key"), "key_wrong"),
    (401, {"message": "Unauthorized", "request_id": "r"}, "key_wrong"),
    (401, {"detail": "Unauthorized"}, "key_wrong"),
    (401, "", "key_wrong"),
    (400, said("No connected db.", type="no_db_connection", code="400"), "key_wrong"),
    (402, said("Insufficient credits"), "out_of_credits"),
    (429, said("x", type="insufficient_quota", code=None), "out_of_credits"),
    (429, said("x", code="credit_balance_exhausted"), "out_of_credits"),
    (429, said("x", code="rate_limit_exceeded"), "rate_limited"),
    (
        429,
        {"object": "error", "message": "Rate limit exceeded", "type": "rate_limited", "code": "1300"},
        "rate_limited",
    ),
    (429, said("Rate limit exceeded: free-models-per-day"), "daily_quota"),
    (429, {"message": "Service tier capacity exceeded for this model."}, "overloaded"),
    (403, said("Country, region, or territory not supported"), "region"),
    (403, said("Your input was flagged"), "filtered"),
    (403, said("no", type="permission_error"), "key_not_allowed"),
    (400, said("filtered", code="content_filter"), "filtered"),
    (400, said("maximum context length", code="context_length_exceeded"), "context_full"),
    (
        400,
        said("request (9 tokens) exceeds the available context size", type="exceed_context_size_error", code=400),
        "context_full",
    ),
    (400, said("x", code="unsupported_parameter", param="max_tokens"), "bad_parameter"),
    (
        422,
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "store"], "msg": "Extra inputs are not permitted"}]},
        "bad_parameter",
    ),
    (400, {"object": "error", "message": "Invalid model: x", "type": "invalid_model", "code": "1500"}, "model_unknown"),
    (400, said("litellm: Invalid model name passed in model=x"), "model_unknown"),
    (400, said("model 'x' not found", code=400), "model_unknown"),
    (404, said("The model `x` does not exist.", type="NotFoundError", code=404), "model_unknown"),
    (404, said("x", code="DeploymentNotFound"), "model_unknown"),
    (404, said("model 'x' not found, try pulling it first"), "model_not_pulled"),
    (400, {"error": "No models loaded. Please load a model"}, "model_not_loaded"),
    (404, {"detail": "Not Found"}, "not_an_api"),
    (405, "Method Not Allowed", "not_an_api"),
    (400, said('"auto" tool choice requires --enable-auto-tool-choice'), "no_tools"),
    (400, said("m does not support tools"), "no_tools"),
    (500, said("image input is not supported - hint: mmproj"), "no_vision"),
    (404, said("No endpoints found that support image input"), "no_vision"),
    (400, said('"m" does not support thinking'), "no_thinking"),
    (413, "", "too_large"),
    (503, said("Loading model", type="unavailable_error", code=503), "model_loading"),
    (503, {"error": "server busy, please try again.  maximum pending requests exceeded"}, "overloaded"),
    (529, said("x", type="overloaded_error"), "overloaded"),
    (500, {"error": "llama runner process has terminated: exit status 2"}, "no_memory"),
    (500, said("oops"), "server_error"),
    (502, "<html>bad gateway</html>", "server_error"),
    (504, "", "timeout_silence"),
    (408, "", "timeout_silence"),
    (407, "", "proxy_auth"),
    (400, "The plain HTTP request was sent to HTTPS port", "http_on_tls"),
    (418, said("I am a teapot"), "unknown"),
    (400, [{"error": {"code": 400, "message": "API key not valid", "status": "INVALID_ARGUMENT"}}], "unknown"),
    (400, [], "unknown"),
    (400, None, "unknown"),
]


@pytest.mark.parametrize(("status", "body", "kind"), CASES)
def test_a_refusal_has_its_kind(status: int, body: Any, kind: str) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    refusal = read_refusal(status, raw, {"x-request-id": "req_1"}, Redactor())
    problem = problem_of(refusal, SERVICE, model="x", with_key=True)
    assert problem.kind == kind
    assert (problem.status, problem.provider) == (status, "x")
    assert "req_1" in problem.detail
    assert str(status) in problem.detail


def test_a_service_that_may_not_be_used_without_key_is_missing_one() -> None:
    refusal = read_refusal(401, b"{}", {}, Redactor())
    assert problem_of(refusal, SERVICE, model="", with_key=False).kind == "key_missing"


def test_a_missing_list_is_a_wrong_path_and_no_missing_model() -> None:
    refusal = read_refusal(404, b'{"error": {"message": "unknown model route"}}', {}, Redactor())
    assert problem_of(refusal, SERVICE, model="", with_key=True).kind == "not_an_api"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "100000000000"}, 120.0),
        ({"retry-after": "1e400"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
        ({"retry-after": "Thu, 01 Jan 1970 00:16:50 GMT"}, 10.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:16:50"}, 10.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"retry-after": "Thu, 99 Jan 99999 00:00:00 GMT"}, None),
    ],
)
def test_any_wait_is_read_without_harm(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers, lambda: 1000.0) == seconds
