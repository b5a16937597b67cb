"""The connection test: what each step says, where it stops, that it ends and leaves nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from pathlib import Path

import pytest
import trustme
from certificates import authority_file, out_of_date, server_side
from fault_server import (
    Call,
    Handler,
    answers,
    chunk,
    cut_in_the_middle,
    fails,
    fault_server,
    model_list,
    never_answers,
    redirects_to,
    refused_url,
    wants_key,
    web_page,
)
from llama_server import LlamaServer
from managed_providers import managed
from nuke_ai_panel.providers.base import CheckReport, Step
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.checks.report import report_text
from nuke_ai_panel.providers.checks.steps import FINDINGS
from nuke_ai_panel.providers.errors import KINDS, ProviderError
from nuke_ai_panel.providers.limits import Limits
from nuke_ai_panel.providers.manager import ProviderConfig
from nuke_ai_panel.providers.redact import Redactor, Secret

KEY = "sk-sentinel-0123456789abcdef"


async def check(
    url: str,
    *,
    key: str = "",
    model: str = "",
    limits: Limits | None = None,
    provider: str = "compatible",
    spend: bool = False,
) -> tuple[CheckReport, list[Step]]:
    """The report, and the steps as they were told one by one."""
    told: list[Step] = []
    async with managed("http://unused.invalid", limits=limits) as manager:
        config, secret = ProviderConfig(PROVIDERS[provider], url), Secret(key) if key else None
        report = await manager.check(config, key=secret, model=model, on_step=told.append, spend=spend)
        assert manager.open_sessions == ()
    return report, told


def findings(report: CheckReport) -> dict[str, tuple[bool | None, str]]:
    return {step.name: (step.ok, step.detail) for step in report.steps}


async def test_a_real_server_passes_every_step(llama_server: LlamaServer) -> None:
    report, told = await check(llama_server.url, model="tiny-markov")
    port = llama_server.url.removesuffix("/v1").rpartition(":")[2]
    assert findings(report) == {
        "Address": (True, "http, path /v1"),
        "DNS": (True, "127.0.0.1, nothing to look up"),
        "TCP": (True, f"port {port}, direct"),
        "API": (True, "OpenAI chat format"),
        "Key": (True, "not needed"),
        "Models": (True, "1 model"),
        "Model": (True, "tiny-markov is listed"),
    }
    assert report.ok and list(report.steps) == told
    assert report.summary.startswith("1 model, ") and report.summary.endswith("s, no key needed")
    assert all(step.ms is not None for step in told if step.name in ("DNS", "TCP", "API"))


async def test_an_accepted_key_is_said_to_be(llama_with_key: LlamaServer) -> None:
    report, _ = await check(llama_with_key.url, key=llama_with_key.key)
    assert report.summary.startswith("Key accepted, 1 model, ")


async def test_no_tokens_are_spent() -> None:
    async with fault_server(answers("Hello")) as server:
        await check(server.url, model="tiny")
        assert [(call.method, call.path) for call in server.calls] == [("GET", "/v1/models")]


CASES = [
    ("nonsense", "Address", "bad_address"),
    ("http://nobody.invalid/v1", "DNS", "host_unknown"),
    (refused_url(), "TCP", "server_not_running"),
]


@pytest.mark.parametrize(("url", "step", "kind"), CASES)
async def test_the_way_there_stops_at_the_step_that_failed(url: str, step: str, kind: str) -> None:
    report, told = await check(url)
    assert report.problem and report.problem.kind == kind
    assert (told[-1].name, told[-1].ok) == (step, False)
    after = report.steps[len(told) :]
    assert after and all((left.ok, left.detail) == (None, "not run") for left in after)
    assert report.summary.startswith(f"Stopped at step {len(told)} of ")


@pytest.mark.parametrize(
    ("handler", "key", "step", "kind", "detail"),
    [
        (web_page(), "", "API", "not_an_api", "something else answered"),
        (
            fails("404 Not Found", {"error": "File Not Found"}),
            "",
            "API",
            "not_an_api",
            "something else answered, HTTP 404",
        ),
        (
            fails("503 x", {"error": {"message": "Loading model"}}),
            "",
            "API",
            "model_loading",
            "still loading, HTTP 503",
        ),
        (redirects_to("http://elsewhere.invalid/"), KEY, "API", "redirected", "points elsewhere, HTTP 307"),
        (wants_key("other", answers()), KEY, "Key", "key_wrong", "refused, HTTP 401"),
        (wants_key("other", answers()), "", "Key", "key_missing", "missing, HTTP 401"),
        (answers(models=()), "", "Models", "model_not_loaded", "none loaded"),
        (answers(models=("other",)), "", "Model", "model_unknown", "not listed"),
    ],
)
async def test_the_api_stops_at_the_step_that_failed(
    handler: Handler, key: str, step: str, kind: str, detail: str
) -> None:
    async with fault_server(handler) as server:
        report, told = await check(server.url, key=key, model="tiny")
    assert report.problem and report.problem.kind == kind
    assert (told[-1].name, told[-1].ok, told[-1].detail) == (step, False, detail)
    assert KEY not in repr(report)


async def test_a_v1_too_few_is_found_and_said() -> None:
    async def handle(call: Call) -> None:
        right = call.path == "/proxy/v1/models"
        await (answers() if right else fails("404 Not Found", {"detail": "Not Found"}))(call)

    async with fault_server(handle) as server:
        report, _ = await check(f"{server.origin}/proxy")
    assert report.problem and report.problem.kind == "not_an_api"
    assert report.problem.next == f"It answers at {server.origin}/proxy/v1: use that address."


@pytest.mark.parametrize(
    ("typed", "right", "told"),
    [
        ("", "/models", "/chat/completions"),
        ("/api", "/v1/models", "/v1"),
        ("/v1", "/models", "/chat/completions"),
    ],
)
async def test_where_the_api_is_is_found_and_said(typed: str, right: str, told: str) -> None:
    async def handle(call: Call) -> None:
        await (answers() if call.path == right else fails("404 Not Found", {"detail": "Not Found"}))(call)

    async with fault_server(handle) as server:
        report, _ = await check(f"{server.origin}{typed}")
        assert report.problem and report.problem.next == f"It answers at {server.origin}{told}: use that address."
        assert report.problem.address == f"{server.origin}{told}"
        assert (await check(report.problem.address))[0].ok


async def test_a_server_that_does_not_answer_is_given_up_in_time() -> None:
    async with fault_server(never_answers) as server:
        report, told = await check(server.url, limits=Limits(test=0.2))
    assert report.problem and report.problem.kind == "timeout_silence" and told[-1].name == "API"


async def test_a_stopped_server_can_be_left_at_once_while_another_is_tested(llama_endless: LlamaServer) -> None:
    async with fault_server(answers()) as healthy:
        os.kill(llama_endless.process.pid, signal.SIGSTOP)
        try:
            reached = asyncio.Event()
            async with managed(healthy.url) as manager, asyncio.TaskGroup() as group:

                def on_step(step: Step) -> None:
                    if step.name == "TCP":
                        reached.set()

                stuck = group.create_task(
                    manager.check(ProviderConfig(PROVIDERS["compatible"], llama_endless.url), on_step=on_step)
                )
                await reached.wait()
                report = await manager.check(
                    ProviderConfig(PROVIDERS["compatible"], healthy.url), on_step=lambda _: None
                )
                assert report.ok and not stuck.done()
                stuck.cancel()
                async with asyncio.timeout(0.1):
                    await asyncio.wait([stuck])
        finally:
            os.kill(llama_endless.process.pid, signal.SIGCONT)


async def test_the_stored_key_is_used_where_none_is_typed() -> None:
    async with fault_server(wants_key(KEY, answers())) as server, managed(server.url, key=KEY) as manager:
        report = await manager.check(manager.configs[0], on_step=lambda _: None)
    assert report.ok


def test_every_problem_has_its_words_for_the_step_that_it_stopped() -> None:
    assert set(FINDINGS) == set(KINDS)
    assert all(len(words) <= 30 for words in FINDINGS.values())


async def test_each_step_is_told_as_it_begins() -> None:
    begun: list[str] = []
    async with fault_server(answers()) as server, managed(server.url) as manager:
        config = ProviderConfig(PROVIDERS["compatible"], server.url)
        report = await manager.check(config, on_step=lambda step: begun.append(step.name), on_next=begun.append)
    assert report.ok and [begun[0], *begun[1::2]] == begun[::2]


# One token, on request.


async def test_on_request_one_token_is_asked_for_and_no_more_is_taken(llama_server: LlamaServer) -> None:
    report, told = await check(llama_server.url, model=llama_server.model, spend=True)
    assert report.ok and (told[-1].name, told[-1].detail) == ("Answer", f"{llama_server.model} answers")
    assert told[-1].ms is not None


async def test_the_answer_is_left_at_its_first_token() -> None:
    left = asyncio.Event()

    async def talkative(call: Call) -> None:
        if call.method == "GET":
            await call.reply(model_list("tiny"))
            return
        assert call.json["max_tokens"] == 1
        await call.stream(chunk("I"))
        await call.gone.wait()
        left.set()

    async with fault_server(talkative) as server:
        report, _ = await check(server.url, model="tiny", spend=True)
        assert report.ok
        async with asyncio.timeout(1):
            await left.wait()


def lists_but_answers(handler: Handler) -> Handler:
    """The list is as it should be; what is asked gets this."""

    async def handle(call: Call) -> None:
        await (answers() if call.method == "GET" else handler)(call)

    return handle


NO_CREDIT = {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}
TOO_FEW = {"error": {"message": "max_tokens must be at least 16", "code": "unsupported_value", "param": "max_tokens"}}
REFUSALS = [
    (fails("429 x", NO_CREDIT), "out_of_credits", "no credit left, HTTP 429"),
    (fails("403 x", {"error": {"message": "Project has no access"}}), "key_not_allowed", "not allowed, HTTP 403"),
    (fails("404 x", {"error": {"code": "model_not_found"}}), "model_unknown", "not listed, HTTP 404"),
    (cut_in_the_middle(), "stream_cut", "connection broke"),
]


@pytest.mark.parametrize(("handler", "kind", "detail"), REFUSALS)
async def test_what_no_list_shows_is_found_by_asking(handler: Handler, kind: str, detail: str) -> None:
    async with fault_server(lists_but_answers(handler)) as server:
        without, _ = await check(server.url, model="tiny")
        report, told = await check(server.url, model="tiny", spend=True)
    assert without.ok and "Answer" not in findings(without)
    assert report.problem and report.problem.kind == kind
    assert (told[-1].name, told[-1].ok, told[-1].detail) == ("Answer", False, detail)


@pytest.mark.parametrize("handler", [fails("400 Bad Request", TOO_FEW), answers()])
async def test_a_model_that_wants_more_than_one_token_has_answered_all_the_same(handler: Handler) -> None:
    async with fault_server(lists_but_answers(handler)) as server:
        report, _ = await check(server.url, model="tiny", spend=True)
    assert report.ok and findings(report)["Answer"] == (True, "tiny answers")


async def test_where_no_model_was_chosen_a_local_server_is_asked_for_its_first_and_a_service_for_none() -> None:
    async with fault_server(answers("Hi", models=("first", "second"))) as server:
        local, _ = await check(server.url, spend=True)
        assert findings(local)["Answer"] == (True, "first answers")
        service, _ = await check(server.url, provider="openai", key=KEY, spend=True)
        assert service.ok and findings(service)["Answer"] == (None, "no model chosen to ask")


# Who else answers there.


def known_server(path: str, body: str) -> Handler:
    async def handle(call: Call) -> None:
        if call.path == path:
            await call.reply(body, kind="text/plain")
        else:
            await call.reply("404 page not found", status="404 Not Found", kind="text/plain")
        assert "authorization" not in call.headers or call.path.endswith("/models")

    return handle


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("/", "Ollama is running", "Ollama"),
        ("/", '{"error":"Unexpected endpoint or method. (GET /)"}', "LM Studio"),
        ("/api/v1/models", '{"models":[{"key":"m","loaded_instances":[]}]}', "LM Studio"),
        ("/props", '{"default_generation_settings":{"n_ctx":512}}', "llama.cpp server"),
    ],
)
async def test_a_known_server_in_the_wrong_place_is_named(path: str, body: str, name: str) -> None:
    async with fault_server(known_server(path, body)) as server:
        report, _ = await check(server.url, key=KEY)
    assert report.problem and report.problem.kind == "not_an_api"
    assert report.problem.next == f"This is {name}: choose it as the provider."


async def test_a_known_server_that_also_speaks_the_chosen_format_is_named_with_its_address() -> None:
    async def ollama(call: Call) -> None:
        known = {"/": "Ollama is running", "/v1/models": model_list("tiny")}
        found = call.path in known
        await call.reply(known.get(call.path, "404 page not found"), status="200 OK" if found else "404 Not Found")

    async with fault_server(ollama) as server:
        report, _ = await check(f"{server.origin}/openai/v2")
    assert report.problem
    assert report.problem.next == (f"This is Ollama: choose it as the provider, or use the address {server.origin}/v1.")


async def test_a_server_that_was_chosen_is_not_proposed() -> None:
    async with fault_server(known_server("/props", '{"default_generation_settings":{}}')) as server:
        report, _ = await check(server.url, provider="llama_cpp")
    assert report.problem and "choose it" not in report.problem.next


# The report to copy.


async def test_the_report_has_every_step_its_time_and_no_key() -> None:
    message = {"error": {"message": f"Incorrect API key provided: {KEY}", "code": "invalid_api_key"}}
    async with fault_server(fails("401 Unauthorized", message, X_Request_Id="req-77")) as server:
        report, _ = await check(server.url, key=KEY)
    text = report_text(report, Redactor())
    lines = text.splitlines()
    assert lines[0] == f"Connection test of OpenAI-compatible, {server.url}"
    for step in report.steps:
        line = next(line for line in lines if line[7:].startswith(step.name))
        assert line.startswith({True: "ok", False: "failed", None: "-"}[step.ok]) and step.detail in line
    assert "refused the key [key_wrong]" in text and "req-77" in text and KEY not in text
    assert all(name in lines[-1] for name in ("nuke-ai-panel", "Python", "aiohttp", "OpenSSL"))


async def test_many_tests_at_once_disturb_each_other_in_nothing() -> None:
    async with fault_server(answers("Hi")) as good, fault_server(never_answers) as bad, managed(good.url) as manager:
        limits = Limits(test=2)
        manager.use_limits(limits)
        async with asyncio.TaskGroup() as group:
            tests = [
                group.create_task(manager.check(ProviderConfig(PROVIDERS["compatible"], url), on_step=lambda _: None))
                for url in [good.url, bad.url] * 10
            ]
        assert [test.result().ok for test in tests] == [True, False] * 10
        assert manager.open_sessions == ()


# Encryption, with certificates made for the test.


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This computer trusts the authority, the way a company adds its own."""
    monkeypatch.setenv("SSL_CERT_FILE", authority_file(authority, tmp_path))


async def test_a_trusted_certificate_passes(authority: trustme.CA, trusted: None) -> None:
    async with fault_server(answers("Hi"), tls=server_side(authority, "127.0.0.1")) as server:
        report, _ = await check(server.url)
    ok, detail = findings(report)["TLS"]
    assert ok and detail.startswith("1.3, certificate valid to ")
    assert report.ok


async def test_an_unknown_authority_is_not_trusted(authority: trustme.CA) -> None:
    async with fault_server(answers(), tls=server_side(authority, "127.0.0.1")) as server:
        report, told = await check(server.url)
    assert report.problem and report.problem.kind == "cert_untrusted" and told[-1].name == "TLS"


async def test_a_certificate_for_another_name_is_named(authority: trustme.CA, trusted: None) -> None:
    async with fault_server(answers(), tls=server_side(authority, "other.example")) as server:
        report, _ = await check(server.url)
    assert report.problem and report.problem.kind == "cert_name"


async def test_an_expired_certificate_is_named(authority: trustme.CA, trusted: None) -> None:
    async with fault_server(answers(), tls=server_side(authority, "127.0.0.1", **out_of_date())) as server:
        report, _ = await check(server.url)
    assert report.problem and report.problem.kind == "cert_expired"


async def test_https_to_a_plain_server_is_named() -> None:
    async with fault_server(answers()) as server:
        report, _ = await check(server.url.replace("http:", "https:"))
    assert report.problem and report.problem.kind == "tls_on_http"
    assert report.problem.address == server.url


async def test_http_to_an_encrypted_server_is_named(authority: trustme.CA) -> None:
    async with fault_server(answers(), tls=server_side(authority, "127.0.0.1")) as server:
        report, _ = await check(server.url.replace("https:", "http:"))
    assert report.problem and report.problem.kind == "http_on_tls"
    assert report.problem.address == server.url


async def test_a_server_without_a_certificate_is_no_answer_that_broke() -> None:
    async with fault_server(answers("Hi"), tls=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)) as server:
        report, told = await check(server.url)
        assert report.problem and (report.problem.kind, told[-1].name) == ("tls_failed", "TLS")
        async with managed(server.url) as manager:
            with pytest.raises(ProviderError) as error:
                await manager.models("compatible")
    assert error.value.problem.kind == "tls_failed"
