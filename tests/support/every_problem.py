"""How each kind of problem comes about, once: real servers, proxies and certificates on loopback.

`CASES` has one row for each of `errors.KINDS`. Each `made` gives a `Scene` while it is entered: where to ask, and with
which settings and variables. `shown` says where the user meets it: in the connection test, in the test with a question
at its end ("asked"), or in an answer.
"""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import trustme
from certificates import authority_file, out_of_date, server_side
from fault_server import (
    Call,
    Handler,
    answers,
    chat,
    chunk,
    cut_in_the_middle,
    error_in_stream,
    fails,
    fault_server,
    full_backlog,
    never_answers,
    one_event_of,
    redirects_to,
    refused_url,
    wants_key,
    web_page,
)
from nuke_ai_panel.providers.limits import Limits
from ollama_server import LittleOllama
from proxy_server import proxy_server

SECRET = "sk-SENTINEL-0123456789abcdef"
PASSWORD = "p:w@rd-SENTINEL-99"
KEY_VARIABLE = "NUKE_AI_PANEL_API_KEY"
MODEL = "tiny"
BEHIND = "api.example"
"""A name that only the proxy can find."""


@dataclass(frozen=True)
class Scene:
    """`settings`: lines of the section network. `environ`: variables."""

    url: str
    settings: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)


Made = Callable[[], AbstractAsyncContextManager[Scene]]


@dataclass(frozen=True)
class Case:
    """`buttons`: what the verdict of a test offers. `limits`: shorter than anybody could set them."""

    kind: str
    made: Made
    shown: Literal["test", "asked", "answer"] = "test"
    buttons: tuple[str, ...] = ("Retry",)
    provider: str = "compatible"
    model: str = MODEL
    limits: Limits = Limits()


# Where to ask.


def at(url: str, *, key: str = "") -> Made:
    """An address at which nobody of ours answers."""

    @asynccontextmanager
    async def made() -> AsyncIterator[Scene]:
        yield Scene(url, environ={KEY_VARIABLE: key} if key else {})

    return made


def served(handler: Handler, *, key: str = "", path: str = "/v1") -> Made:
    @asynccontextmanager
    async def made() -> AsyncIterator[Scene]:
        async with fault_server(handler) as server:
            yield Scene(f"{server.origin}{path}", environ={KEY_VARIABLE: key} if key else {})

    return made


def encrypted(*names: str, scheme: str = "https", trusted: bool = True, **options: Any) -> Made:
    """A server whose certificate is for these names; without any it has none."""

    @asynccontextmanager
    async def made() -> AsyncIterator[Scene]:
        authority = trustme.CA()
        side = server_side(authority, *names, **options) if names else ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            settings = f'ca_file = "{authority_file(authority, Path(folder))}"' if trusted else ""
            async with fault_server(answers("Hi"), tls=side) as server:
                yield Scene(server.url.replace("https", scheme), settings)

    return made


@asynccontextmanager
async def not_encrypted() -> AsyncIterator[Scene]:
    async with fault_server(answers("Hi")) as server:
        yield Scene(server.url.replace("http", "https"))


@asynccontextmanager
async def dropping() -> AsyncIterator[Scene]:
    with full_backlog() as url:
        yield Scene(url)


@asynccontextmanager
async def behind_no_proxy() -> AsyncIterator[Scene]:
    proxy = refused_url().removesuffix("/v1")
    yield Scene(f"http://{BEHIND}/v1", f'proxy = "manual"\nproxy_address = "{proxy}"')


@asynccontextmanager
async def behind_a_proxy_with_a_login() -> AsyncIterator[Scene]:
    async with proxy_server(user="ann", password="another") as proxy:
        login = f"http://ann:{PASSWORD}@{proxy.place}"
        yield Scene(f"https://{BEHIND}/v1", 'proxy = "system"', {"HTTPS_PROXY": login, "HTTP_PROXY": login})


# What the servers say.


def lists_but(handler: Handler) -> Handler:
    """The list is as it should be; a question gets this."""

    async def handle(call: Call) -> None:
        await (answers() if call.method == "GET" else handler)(call)

    return handle


def refuses(status: int, message: str, **more: Any) -> Handler:
    """To a question."""
    return lists_but(fails(f"{status} x", {"error": {"message": message, **more}}))


def streams(*events: bytes) -> Handler:
    async def handle(call: Call) -> None:
        await call.stream(*events)
        await call.end()

    return lists_but(handle)


async def never_ends(call: Call) -> None:
    await call.begin()
    while not call.gone.is_set():
        await call.part(chunk("on and "))
        await call.pause(0.02)


QUOTA = {
    "error": {
        "code": 429,
        "message": "You exceeded your current quota, please check your plan.",
        "status": "RESOURCE_EXHAUSTED",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}],
            }
        ],
    }
}
NO_REGION = {"error": {"message": "Country, region, or territory not supported", "code": "x"}}
LOADING = {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}
"""As llama.cpp says it."""
OTHER = {"error": {"message": "I am a teapot", "type": "teapot"}}

WAY = (
    Case("server_not_running", at(refused_url()), buttons=("Retry", "Change address")),
    Case("host_unknown", at("http://nobody.invalid/v1"), buttons=("Change address", "Retry")),
    Case("offline", at("http://224.0.0.1/v1")),  # the kernel has no way for a connection there, nor the network
    Case("connect_timeout", dropping, buttons=("Retry", "Change the limits"), limits=Limits(connect=0.3)),
    Case("proxy_refused", behind_no_proxy, buttons=("Proxy settings", "Retry")),
    Case("proxy_auth", behind_a_proxy_with_a_login, buttons=("Proxy settings", "Retry")),
    Case("cert_untrusted", encrypted("127.0.0.1", trusted=False), buttons=("Choose certificates", "Retry")),
    Case("cert_name", encrypted("other.example"), buttons=("Change address", "Retry")),
    Case("cert_expired", encrypted("127.0.0.1", **out_of_date())),
    Case("tls_on_http", not_encrypted, buttons=("Use http://127.0.0.1:PORT/v1", "Change address")),
    Case(
        "http_on_tls",
        encrypted("127.0.0.1", scheme="http"),
        buttons=("Use https://127.0.0.1:PORT/v1", "Change address"),
    ),
    Case("tls_failed", encrypted(), buttons=("Change address", "Retry")),
    Case("redirected", served(redirects_to("http://elsewhere.invalid/")), buttons=("Change address", "Retry")),
    Case("not_an_api", served(web_page()), buttons=("Change address", "Retry")),
    Case("bad_address", at("ftp://render.studio/v1"), "answer"),  # the dialog says so at the field and tests nothing
)
ASKING = (
    Case("key_missing", served(wants_key("other", answers())), buttons=("Replace key", "Retry")),
    Case("key_wrong", served(wants_key("other", answers()), key=SECRET), buttons=("Replace key", "Retry")),
    Case("key_malformed", served(answers(), key=f"{SECRET}\N{SNOWMAN}"), buttons=("Replace key", "Retry")),
    Case(
        "key_not_allowed",
        served(fails("403 x", {"error": {"message": "Project has no access"}}), key=SECRET),
        buttons=("Choose a model", "Open key page"),
        provider="openai",
    ),
    Case("region", served(fails("403 x", NO_REGION), key=SECRET), provider="openai"),
    Case(
        "host_blocked",
        served(fails("403 Forbidden", "", kind="text/plain"), path=""),
        buttons=("Change address", "Retry"),
        provider="ollama",
        model="",
    ),
    Case(
        "out_of_credits",
        served(refuses(429, "You exceeded your current quota", code="insufficient_quota"), key=SECRET),
        "asked",
        ("Open billing page", "Retry"),
        "openai",
    ),
    Case(
        "daily_quota",
        served(fails("429 Too Many Requests", QUOTA), key=SECRET, path="/v1beta"),
        buttons=("Choose a model", "Open billing page"),
        provider="gemini",
    ),
    Case("rate_limited", served(refuses(429, "Slow down")), "asked"),
    Case("overloaded", served(refuses(503, "Busy")), "asked", ("Retry", "Choose a model")),
)
MODELS = (
    Case("model_loading", served(fails("503 x", LOADING))),
    Case("model_not_loaded", served(answers(models=())), provider="lmstudio", model=""),
    Case(
        "model_not_pulled",
        served(LittleOllama({}), path=""),
        buttons=("Download", "Choose a model"),
        provider="ollama",
        model="qwen3:14b",
    ),
    Case("model_unknown", served(answers(models=("other",))), buttons=("Choose a model", "Retry")),
    Case("model_swapped", served(streams(chunk("Hi", model="large"), *chat())), "answer"),
    Case("no_memory", served(refuses(500, "out of memory")), "asked", ("Choose a model", "Retry")),
    Case(
        "context_full",
        served(refuses(400, "request (70000 tokens) exceeds the available context size (65536 tokens)")),
        "asked",
        ("Choose a model", "Retry"),
    ),
    Case("cut_length", served(streams(*chat("Hel", finish="length"))), "answer"),
    Case("no_tools", served(refuses(400, "tiny does not support tools")), "asked", ("Choose a model", "Retry")),
    Case("no_vision", served(refuses(500, "image input is not supported")), "asked", ("Choose a model", "Retry")),
    Case("no_thinking", served(refuses(400, "tiny does not support thinking")), "asked", ("Choose a model", "Retry")),
    Case("bad_parameter", served(refuses(422, "Extra inputs are not permitted")), "answer"),
    Case("too_large", served(refuses(413, "Request too large")), "asked"),
    Case("refused", served(streams(chunk(refusal="I can't help with that."), *chat())), "answer"),
    Case("filtered", served(streams(*chat("Hel", finish="content_filter"))), "answer"),
)
ANSWERS = (
    Case("timeout_silence", served(never_answers), buttons=("Retry", "Change the limits"), limits=Limits(test=0.4)),
    Case("took_too_long", served(lists_but(never_ends)), "answer", limits=Limits(total=0.3)),
    Case("stream_cut", served(lists_but(cut_in_the_middle("Hel"))), "answer"),
    Case("stream_error", served(lists_but(error_in_stream("Hel"))), "answer"),
    Case("event_too_large", served(lists_but(one_event_of(2000))), "answer", limits=Limits(event_bytes=1000)),
    Case("answer_too_large", served(lists_but(answers("Hello"))), "answer", limits=Limits(answer_characters=3)),
    Case("empty_answer", served(streams(*chat())), "answer"),
    Case("server_error", served(fails("502 Bad Gateway", "<html><h1>502</h1></html>", kind="text/html"))),
    Case("unknown", served(fails("418 I'm a teapot", OTHER))),
)
CASES = (*WAY, *ASKING, *MODELS, *ANSWERS)
