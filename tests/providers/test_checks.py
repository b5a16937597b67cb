"""The connection test: what each step says, where it stops, that it ends and leaves nothing."""

from __future__ import annotations

import asyncio
import datetime
import os
import signal
import ssl
from pathlib import Path

import pytest
import trustme
from fault_server import (
    Call,
    Handler,
    answers,
    fails,
    fault_server,
    never_answers,
    redirects_to,
    refused_url,
    wants_key,
    web_page,
)
from llama_server import LlamaServer
from managed_providers import managed
from nuke_ai_panel.providers.base import CheckReport, Step
from nuke_ai_panel.providers.limits import Limits
from nuke_ai_panel.providers.manager import ProviderConfig
from nuke_ai_panel.providers.redact import Secret

KEY = "sk-sentinel-0123456789abcdef"


async def check(
    url: str, *, key: str = "", model: str = "", limits: Limits | None = None
) -> tuple[CheckReport, list[Step]]:
    """The report, and the steps as they were told one by one."""
    told: list[Step] = []
    async with managed("http://unused.invalid", limits=limits) as manager:
        config = ProviderConfig("compatible", url)
        report = await manager.check(config, key=Secret(key) if key else None, model=model, on_step=told.append)
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
        assert (await check(f"{server.origin}{told}"))[0].ok


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
                    manager.check(ProviderConfig("compatible", llama_endless.url), on_step=on_step)
                )
                await reached.wait()
                report = await manager.check(ProviderConfig("compatible", healthy.url), on_step=lambda _: None)
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


# Encryption, with certificates made for the test.


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_side(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This computer trusts the authority, the way a company adds its own."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


async def test_a_trusted_certificate_passes(authority: trustme.CA, trusted: None) -> None:
    async with fault_server(answers("Hi"), tls=server_side(authority.issue_cert("127.0.0.1"))) as server:
        report, _ = await check(server.url)
    ok, detail = findings(report)["TLS"]
    assert ok and detail.startswith("1.3, certificate valid to ")
    assert report.ok


async def test_an_unknown_authority_is_not_trusted(authority: trustme.CA) -> None:
    async with fault_server(answers(), tls=server_side(authority.issue_cert("127.0.0.1"))) as server:
        report, told = await check(server.url)
    assert report.problem and report.problem.kind == "cert_untrusted" and told[-1].name == "TLS"


async def test_a_certificate_for_another_name_is_named(authority: trustme.CA, trusted: None) -> None:
    async with fault_server(answers(), tls=server_side(authority.issue_cert("other.example"))) as server:
        report, _ = await check(server.url)
    assert report.problem and report.problem.kind == "cert_name"


async def test_an_expired_certificate_is_named(authority: trustme.CA, trusted: None) -> None:
    old = authority.issue_cert(
        "127.0.0.1",
        not_before=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
        not_after=datetime.datetime(2021, 1, 1, tzinfo=datetime.UTC),
    )
    async with fault_server(answers(), tls=server_side(old)) as server:
        report, _ = await check(server.url)
    assert report.problem and report.problem.kind == "cert_expired"


async def test_https_to_a_plain_server_is_named() -> None:
    async with fault_server(answers()) as server:
        report, _ = await check(server.url.replace("http:", "https:"))
    assert report.problem and report.problem.kind == "tls_on_http"


async def test_http_to_an_encrypted_server_is_named(authority: trustme.CA) -> None:
    async with fault_server(answers(), tls=server_side(authority.issue_cert("127.0.0.1"))) as server:
        report, _ = await check(server.url.replace("https:", "http:"))
    assert report.problem and report.problem.kind == "http_on_tls"
