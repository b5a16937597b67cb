"""What a refusal means, for the bodies that real services send."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from nuke_ai_panel.providers.answers.refusals import read_refusal, refusal_of
from nuke_ai_panel.providers.answers.signs import problem_of
from nuke_ai_panel.providers.errors import Problem, Service
from nuke_ai_panel.providers.openai_chat.signs import CHAT_SIGNS
from nuke_ai_panel.providers.redact import Redactor
from nuke_ai_panel.providers.retry import retry_after_seconds

SERVICE = Service("x", "X", "x.lan", local=True)


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


def routed(status: int, message: str, error_type: str, **availability: Any) -> Any:
    """An error as OpenRouter writes it."""
    return {
        "error": {
            "code": status,
            "message": message,
            "metadata": {"error_type": error_type},
            "availability": availability,
        }
    }


NONE_LOADED = "No models loaded. Please load a model in the developer page or use the 'lms load' command."
EXTRA = {"type": "extra_forbidden", "loc": ["body", "store"], "msg": "Extra inputs are not permitted"}

CHAT_CASES: list[tuple[int, Any, str]] = [
    # OpenAI
    (400, said("Unsupported value: 'temperature'", code="unsupported_value", param="temperature"), "bad_parameter"),
    (429, said("Slow down", code="slow_down"), "rate_limited"),
    (503, said("x", code="server_is_overloaded"), "overloaded"),
    # OpenRouter
    (401, routed(401, "No auth credentials found", "authentication"), "key_wrong"),
    (402, routed(402, "Insufficient credits", "payment_required"), "out_of_credits"),
    (403, routed(403, "Requires moderation", "permission_denied"), "filtered"),
    (403, routed(403, "no", "permission_denied"), "key_not_allowed"),
    (403, routed(403, "no", "permission_denied", code="region_restricted"), "region"),
    (404, routed(404, "No endpoints found for x", "not_found", code="no_endpoints"), "model_unknown"),
    (404, routed(404, "gone", "not_found", code="model_deprecated"), "model_unknown"),
    (404, routed(404, "gone", "not_found", code="free_variant_ended"), "model_unknown"),
    (404, routed(404, "policy", "not_found", code="privacy_restricted"), "model_unknown"),
    (404, routed(404, "filters", "not_found", code="constraint_filtered"), "model_unknown"),
    (400, routed(400, "x is not a valid model ID", "invalid_request", code="model_not_found"), "model_unknown"),
    (404, routed(404, "No endpoints found that support image input", "not_found"), "no_vision"),
    (404, routed(404, "No endpoints found that support tool use", "not_found"), "no_tools"),
    (429, routed(429, "full", "rate_limit_exceeded", code="capacity_exhausted"), "overloaded"),
    (503, routed(503, "later", "provider_overloaded", code="temporarily_unavailable"), "overloaded"),
    (502, routed(502, "down", "provider_unavailable"), "overloaded"),
    (400, routed(400, "too long", "context_length_exceeded"), "context_full"),
    (403, routed(403, "no", "content_policy_violation"), "filtered"),
    (408, routed(408, "slow", "timeout"), "timeout_silence"),
    (500, routed(500, "oops", "server"), "server_error"),
    # LM Studio
    (404, said(NONE_LOADED, type="invalid_request_error", code="model_not_found"), "model_not_loaded"),
    (400, {"error": NONE_LOADED}, "model_not_loaded"),
    (400, said("Trying to keep the first 5000 tokens when context the overflows."), "context_full"),
    (400, {"error": "Context size has been exceeded."}, "context_full"),
    (400, {"error": "Failed to load model. Error: insufficient system resources"}, "no_memory"),
    (404, said("x", type="invalid_request_error", param="model", code="model_not_found"), "model_unknown"),
    # llama.cpp
    (401, said("Invalid API Key", type="authentication_error", code=401), "key_wrong"),
    (400, said("model 'x' not found", type="invalid_request_error", code=400), "model_unknown"),
    (500, said("image input is not supported - hint: you may need to provide the mmproj", code=500), "no_vision"),
    (500, said("tools param requires --jinja flag", code=500), "no_tools"),
    (501, said("This server does not support it.", type="not_supported_error", code=501), "bad_parameter"),
    (503, said("Loading model", type="unavailable_error", code=503), "model_loading"),
    # vLLM
    (401, {"error": "Unauthorized"}, "key_wrong"),
    (404, said("The model `x` does not exist.", type="NotFoundError", param="model", code=404), "model_unknown"),
    (404, {"object": "error", "message": "The model `x` does not exist.", "code": 404}, "model_unknown"),
    (
        400,
        said('"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set', code=400),
        "no_tools",
    ),
    (400, said("m is not a multimodal model", type="BadRequestError", code=400), "no_vision"),
    (400, said("The decoder prompt (length 9) is longer than the maximum model length of 8."), "context_full"),
    # LiteLLM
    (400, said("No connected db.", type="no_db_connection", param=None, code="400"), "key_wrong"),
    (400, said("/chat/completions: Invalid model name passed in model=x", code="400"), "model_unknown"),
    (401, said("key not allowed to access model", type="key_model_access_denied", code="401"), "key_not_allowed"),
    (400, said("Budget has been exceeded!", type="budget_exceeded", code="400"), "out_of_credits"),
    (400, said("litellm.ContextWindowExceededError: x", code="400"), "context_full"),
    (400, said("litellm.UnsupportedParamsError: x", code="400"), "bad_parameter"),
    (429, said("litellm.RateLimitError: x", code="429"), "rate_limited"),
    # Azure OpenAI
    (401, said("Access denied due to invalid subscription key or wrong API endpoint.", code="401"), "key_wrong"),
    (400, said("The response was filtered", code="content_filter", param="prompt"), "filtered"),
    (404, said("The API deployment for this resource does not exist.", code="DeploymentNotFound"), "model_unknown"),
    (404, said("Resource not found", code="404"), "not_an_api"),
    # Mistral
    (422, {"object": "error", "message": {"detail": [EXTRA]}, "type": "invalid_request_error"}, "bad_parameter"),
    (422, {"detail": [{"type": "missing", "loc": ["body", "messages"], "msg": "Field required"}]}, "bad_parameter"),
    (503, {"object": "error", "message": "Service tier capacity exceeded for this model."}, "overloaded"),
    # xAI, Groq, DeepSeek, Together
    (400, {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xa***"}, "key_wrong"),
    (403, {"code": "denied", "error": "Your newly created team doesn't have any credits yet."}, "out_of_credits"),
    (400, {"error": "Model m does not support parameter reasoningEffort."}, "bad_parameter"),
    (400, said("`tool calling` is not supported with this model"), "no_tools"),
    (400, said("reasoning_effort is not supported with this model"), "bad_parameter"),
    (400, said("messages[0]: unknown variant `image_url`, expected `text`"), "no_vision"),
    (402, said("Insufficient Balance", type="unknown_error"), "out_of_credits"),
    (498, said("Flex tier capacity exceeded"), "overloaded"),
    (422, said("`inputs` tokens + `max_new_tokens` must be <= 8193"), "context_full"),
    # Google, as gateways pass it on
    (400, [{"error": {"code": 400, "message": "x", "details": [{"reason": "API_KEY_INVALID"}]}}], "key_wrong"),
]


def chat_problem(status: int, body: Any, *, begun: bool = True) -> Problem:
    refusal = refusal_of(status, body, Redactor())
    return problem_of(refusal, SERVICE, model="x", with_key=True, signs=CHAT_SIGNS, begun=begun)


@pytest.mark.parametrize(("status", "body", "kind"), [*CASES, *CHAT_CASES])
def test_a_refusal_in_the_chat_format_has_its_kind(status: int, body: Any, kind: str) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    refusal = read_refusal(status, raw, {}, Redactor())
    assert problem_of(refusal, SERVICE, model="x", with_key=True, signs=CHAT_SIGNS).kind == kind


STREAMED: list[tuple[Any, str, str]] = [
    (said("boom"), "unknown", "stream_error"),
    (said("boom", code=500), "server_error", "stream_error"),
    (said("boom", code="server_error"), "unknown", "stream_error"),
    (said("x", code=404), "not_an_api", "stream_error"),
    ({"error": "Unexpected endpoint or method. (POST /chat)"}, "not_an_api", "stream_error"),
    (said(NONE_LOADED), "model_not_loaded", "model_not_loaded"),
    (routed(429, "Rate limit exceeded", "rate_limit_exceeded"), "rate_limited", "rate_limited"),
    (routed(402, "Insufficient credits", "payment_required"), "out_of_credits", "out_of_credits"),
    (said("litellm.RateLimitError: x", code="429"), "rate_limited", "rate_limited"),
    (said("litellm.APIError: x", type=None, code="500"), "server_error", "stream_error"),
    ({"object": "error", "message": "Rate limit", "raw_status_code": 429}, "rate_limited", "rate_limited"),
    ({"error_type": "NotFoundError", "error_message": "no such thing"}, "model_unknown", "model_unknown"),
    ({"error": "Context size has been exceeded."}, "context_full", "context_full"),
    (said("no", type="refusal"), "refused", "refused"),
]


@pytest.mark.parametrize(("body", "before", "after"), STREAMED)
def test_an_error_in_a_stream_is_what_it_says_and_otherwise_a_broken_answer(body: Any, before: str, after: str) -> None:
    assert chat_problem(0, body, begun=False).kind == before
    assert chat_problem(0, body, begun=True).kind == after


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (said("x", param="max_tokens"), "max_tokens"),
        ({"detail": [EXTRA]}, "store"),
        ({"message": {"detail": [EXTRA]}}, "store"),
        ({"detail": [{"loc": ["body", "messages", 0, "name"], "msg": "x"}]}, "messages.name"),
        (said("x"), ""),
    ],
)
def test_the_refused_field_is_found_in_every_shape(body: Any, field: str) -> None:
    assert refusal_of(400, body, Redactor()).field == field


def test_models_that_are_proposed_are_the_next_step() -> None:
    proposed = routed(404, "gone", "not_found", code="model_deprecated", fallback_models=["a/1", "b/2", "c/3", "d/4"])
    assert chat_problem(404, proposed).next == "Choose another model, such as a/1, b/2, c/3."


@pytest.mark.parametrize("name", ["details", "fallback_models"])
def test_a_refusal_with_a_million_particulars_is_read_in_no_time(name: str) -> None:
    entries: list[Any] = [{"code": number} if name == "details" else f"m{number}" for number in range(1_000_000)]
    began = time.process_time()
    refusal_of(0, {"error": {"message": "no", name: entries}}, Redactor())
    assert time.process_time() - began < 0.5  # it was 4 s


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
        ({"retry-after": "100000000000"}, 86_400.0),
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
