"""What an Anthropic refusal means, for the bodies that the service and its gateways send."""

from __future__ import annotations

import json
from typing import Any

import pytest
from nuke_ai_panel.providers.answers.refusals import read_refusal
from nuke_ai_panel.providers.answers.signs import problem_of
from nuke_ai_panel.providers.anthropic.format import AnthropicFormat
from nuke_ai_panel.providers.errors import Problem, Service
from nuke_ai_panel.providers.redact import Redactor

SERVICE = Service("anthropic", "Anthropic", "api.anthropic.com:443")


def met(status: int, kind: str, message: str, *, model: str = "m", headers: Any = None, **more: Any) -> Problem:
    body = {"type": "error", "error": {"type": kind, "message": message, **more}, "request_id": "req_body"}
    refusal = read_refusal(status, json.dumps(body).encode(), headers or {}, Redactor())
    return problem_of(refusal, SERVICE, model=model, with_key=True, signs=AnthropicFormat.signs)


BAD = "invalid_request_error"


@pytest.mark.parametrize(
    ("status", "kind", "message", "problem"),
    [
        (400, BAD, "You have reached your specified API usage limits. You will regain access on ...", "out_of_credits"),
        (400, BAD, "Your credit balance is too low to access the Anthropic API.", "out_of_credits"),
        (402, "billing_error", "x", "out_of_credits"),
        (401, "authentication_error", "invalid x-api-key", "key_wrong"),
        (403, "permission_error", "x", "key_not_allowed"),
        (403, "permission_error", "Not available in your country", "region"),
        (404, "not_found_error", "model: claude-0", "model_unknown"),
        (404, "not_found_error", "claude-0", "model_unknown"),
        (404, "not_found_error", "Not Found", "not_an_api"),
        (404, "not_found_error", "File Not Found", "not_an_api"),
        (413, "request_too_large", "Request exceeds the maximum size", "too_large"),
        (400, BAD, "messages.0.content.0.image.source.base64: image exceeds 5 MB maximum", "too_large"),
        (400, BAD, "At least one of the image dimensions exceed max allowed size: 8000 pixels", "too_large"),
        (400, BAD, "prompt is too long: 208310 tokens > 200000 maximum", "context_full"),
        (400, BAD, "input length and `max_tokens` exceed context limit: 190000 + 21333 > 200000", "context_full"),
        (400, BAD, "adaptive thinking is not supported on this model", "no_thinking"),
        (400, BAD, "This model does not support the effort parameter.", "bad_parameter"),
        (400, BAD, "thinking: Input tag 'adaptive' found using 'type' does not match", "bad_parameter"),
        (400, BAD, '"thinking.type.disabled" is not supported for this model.', "bad_parameter"),
        (400, BAD, "output_config.format: not available", "bad_parameter"),
        (400, BAD, "output_config: Extra inputs are not permitted", "bad_parameter"),
        (400, BAD, "temperature: not permitted with this version", "bad_parameter"),
        (400, BAD, "messages.1.content.0: text content blocks must be non-empty", "unknown"),
        (500, "api_error", "x", "server_error"),
        (504, "timeout_error", "x", "timeout_silence"),
        (529, "overloaded_error", "Overloaded", "overloaded"),
    ],
)
def test_a_refusal_is_named(status: int, kind: str, message: str, problem: str) -> None:
    assert met(status, kind, message).kind == problem


def test_a_list_that_is_not_found_is_a_wrong_address() -> None:
    assert met(404, "not_found_error", "x", model="").kind == "not_an_api"


class TestTooMuch:
    """A 429 is a pace to keep, or a limit of money that no waiting helps against."""

    def test_a_pace_says_when_to_go_on(self) -> None:
        problem = met(429, "rate_limit_error", "x", headers={"retry-after": "12"})
        assert (problem.kind, problem.retry_after) == ("rate_limited", 12)

    def test_without_a_time_it_is_about_money(self) -> None:
        assert met(429, "rate_limit_error", "x").kind == "out_of_credits"

    @pytest.mark.parametrize("code", ["enforced_spend_limit_reached", "contract_spend_limit_reached"])
    def test_a_limit_of_money_is_named_even_if_it_names_a_time(self, code: str) -> None:
        problem = met(429, "rate_limit_error", "x", headers={"retry-after": "12"}, details={"error_code": code})
        assert problem.kind == "out_of_credits"


@pytest.mark.parametrize(("headers", "identity"), [({"request-id": "req_head"}, "req_head"), ({}, "req_body")])
def test_the_request_is_named_for_the_services_support(headers: dict[str, str], identity: str) -> None:
    problem = met(500, "api_error", "x", headers=headers)
    assert problem.request_id == identity and identity in problem.detail
