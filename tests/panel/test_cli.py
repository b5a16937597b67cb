"""The command line as a public contract: output, exit codes, and what a bad server does to it."""

from __future__ import annotations

import json
import re
import signal
import sys
from pathlib import Path

import cli_process
import pytest
from cli_process import run
from fault_server import (
    Handler,
    answers,
    cut_in_the_middle,
    error_in_stream,
    fails,
    fault_server,
    redirects_to,
    refused_url,
    silent_after_a_token,
    wants_key,
    web_page,
)
from llama_server import LlamaServer
from nuke_ai_panel import __version__
from secret_service import SecretService

SCRIPT = """#! /usr/local/Nuke15.1v3/Nuke15.1 -nx
version 15.1 v3
Root {
 inputs 0
 name /tmp/shot.nk
 format "2048 1080 0 0 2048 1080 1 2K_DCP"
 fps 25
}
Read {
 inputs 0
 file /plates/bg.####.exr
 name Read1
}
Grade {
 white 1.2
 name Grade1
}
Write {
 file /out/comp.####.exr
 name Write1
}
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "shot.nk"
    path.write_text(SCRIPT)
    return path


async def test_the_version_is_printed_without_anything_else() -> None:
    done = await run("--version")
    assert (done.code, done.out, done.err) == (0, f"nuke-ai-panel {__version__}\n", "")


@pytest.mark.parametrize("words", [("ask",), ("ask", "hi", "--nonsense"), ("keys", "set"), ("script", "frobnicate")])
async def test_bad_usage_is_exit_code_2(words: tuple[str, ...]) -> None:
    assert (await run(*words)).code == 2


async def test_an_unknown_provider_is_bad_input_and_near_names_are_offered() -> None:
    done = await run("ask", "hi", "--provider", "opena")
    assert done.code == 2 and "openai" in done.err and done.out == ""


async def test_the_guide_answers_without_any_connection_even_with_a_key_in_the_environment() -> None:
    async with fault_server(answers("no")) as server:
        proxy = {name: server.origin for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")}
        done = await run("ask", "hi", "--json", OPENAI_API_KEY="sk-proj-sentinel-0123456789", **proxy)
    assert done.code == 0 and done.json["provider"] == "offline" and done.json["finish"] == "stop"
    assert server.connections == 0


async def test_the_key_of_a_service_is_not_sent_to_another_address() -> None:
    async with fault_server(answers("hello")) as server:
        words = ("ask", "hi", "--provider", "openai", "--base-url", server.url, "--json")
        done = await run(*words, OPENAI_API_KEY="sk-proj-sentinel-0123456789")
    assert done.json["error"]["kind"] == "key_missing" and done.code == 1
    assert server.received == 0
    assert "sentinel" not in done.out + done.err


async def test_an_address_alone_means_a_compatible_server_with_the_general_key() -> None:
    async with fault_server(wants_key("general-key", answers("Hel", "lo"))) as server:
        words = ("ask", "hi", "--base-url", server.url, "--model", "tiny", "--json")
        done = await run(*words, NUKE_AI_PANEL_API_KEY="general-key")
    assert done.code == 0 and done.err == ""
    assert (done.json["text"], done.json["provider"], done.json["model"]) == ("Hello", "compatible", "tiny")
    assert set(done.json) == {"text", "provider", "model", "finish", "usage", "tool_calls", "seconds"}
    assert done.json["seconds"]["first_token"] <= done.json["seconds"]["total"]


async def test_a_script_is_read_by_tools_that_the_answer_names(script: Path) -> None:
    done = await run("ask", "what does this script do?", "--script", str(script), "--json")
    assert done.code == 0 and "4 nodes" in re.sub(r"[*`]", "", done.json["text"])
    assert [(call["name"], call["arguments"], call["ok"]) for call in done.json["tool_calls"]] == [
        ("overview", {}, True)
    ]


async def test_the_answer_is_plain_on_standard_output_and_the_tools_are_told_beside_it(script: Path) -> None:
    done = await run("ask", "what feeds Write1?", "--script", str(script))
    assert done.code == 0 and "Grade1" in done.out and "upstream" not in done.out and "upstream" in done.err


async def test_a_question_may_come_through_a_pipe() -> None:
    assert (await run("ask", "-", stdin="help")).code == 0


async def test_what_steers_a_terminal_does_not_reach_it() -> None:
    async with fault_server(answers("\x1b[2J\x1b]0;owned\x07safe\u202e")) as server:
        done = await run("ask", "hi", "--base-url", server.url, "--model", "tiny")
    assert "\x1b" not in done.out and "\x07" not in done.out and "\u202e" not in done.out and "safe" in done.out


TROUBLE: list[tuple[str, Handler, str]] = [
    ("key_wrong", fails("401 Unauthorized", {"error": {"message": "bad key"}}), ""),
    ("not_an_api", web_page(), ""),
    ("not_an_api", web_page("404 Not Found"), ""),
    ("stream_cut", cut_in_the_middle("half an ", "answer"), "half an answer"),
    ("stream_error", error_in_stream("so far"), "so far"),
    ("model_unknown", fails("404 Not Found", {"error": {"message": "no", "code": "model_not_found"}}), ""),
]


@pytest.mark.parametrize(("kind", "handler", "text"), TROUBLE, ids=[f"{row[0]}-{i}" for i, row in enumerate(TROUBLE)])
async def test_every_trouble_is_named_and_the_text_so_far_is_kept(kind: str, handler: Handler, text: str) -> None:
    words = ("ask", "hi", "--model", "tiny", "--base-url")
    async with fault_server(handler) as server:
        done = await run(*words, server.url, "--json", NUKE_AI_PANEL_API_KEY="sk-sentinel-0123456789")
        plain = await run(*words, server.url, NUKE_AI_PANEL_API_KEY="sk-sentinel-0123456789")
    error = done.json["error"]
    assert (error["kind"], done.json["text"], done.code) == (kind, text, 1)
    assert error["title"] and error["why"] and error["next"]
    assert plain.code == 1 and plain.out.strip() == text and error["title"] in plain.err
    for output in (done, plain):
        assert "sentinel" not in output.out + output.err
        assert "Traceback" not in output.err and "Warning" not in output.err


async def test_a_refused_connection_is_named() -> None:
    done = await run("ask", "hi", "--model", "tiny", "--base-url", refused_url(), "--json")
    assert done.json["error"]["kind"] == "server_not_running" and done.code == 1


async def test_a_redirect_sends_nothing_to_the_second_host() -> None:
    async with fault_server(answers("gotcha")) as second, fault_server(redirects_to(second.url)) as first:
        words = ("ask", "secret plans", "--model", "tiny", "--base-url", first.url, "--json")
        done = await run(*words, NUKE_AI_PANEL_API_KEY="sk-sentinel-0123456789")
    assert done.json["error"]["kind"] == "redirected"
    assert second.connections == 0


async def test_an_impossible_address_is_refused_before_any_request() -> None:
    done = await run("ask", "hi", "--base-url", "htp://x:99999", "--json")
    assert done.json["error"]["kind"] == "bad_address" and done.code == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_in_a_silence_ends_in_order_with_its_exit_code(number: signal.Signals, code: int) -> None:
    async with fault_server(silent_after_a_token("Hello")) as server:
        process = await cli_process.start("ask", "hi", "--model", "tiny", "--base-url", server.url)
        assert process.stdout
        assert await process.stdout.readexactly(5) == b"Hello"
        process.send_signal(number)
        done = await cli_process.finish(process)
        assert server.calls[0].gone.is_set()
    assert (done.code, done.err.strip()) == (code, "Stopped.")


async def test_llama_cpp_answers_in_the_terminal(llama_server: LlamaServer) -> None:
    done = await run("ask", "hi", "--base-url", llama_server.url, "--model", llama_server.model, "--json")
    assert done.code == 0 and done.json["text"].strip() == llama_server.answer.strip()
    assert done.json["usage"]["output"] > 0 and done.err == ""


async def test_ctrl_c_frees_the_servers_slot(llama_endless: LlamaServer) -> None:
    process = await cli_process.start("ask", "hi", "--base-url", llama_endless.url, "--model", llama_endless.model)
    assert process.stdout and await process.stdout.read(1)
    assert llama_endless.busy_slots == 1
    process.send_signal(signal.SIGINT)
    done = await cli_process.finish(process)
    assert done.code == 130
    assert llama_endless.busy_slots == 0


async def test_the_connection_test_tells_each_step(llama_server: LlamaServer) -> None:
    done = await run("test", "--base-url", llama_server.url, "--model", llama_server.model, "--json")
    assert done.code == 0 and done.json["ok"] and done.json["error"] is None and done.json["url"] == llama_server.url
    assert [step["ok"] for step in done.json["steps"]] == [True] * len(done.json["steps"])
    assert all(set(step) == {"name", "ok", "ms", "detail"} for step in done.json["steps"])


async def test_a_failed_connection_test_names_the_step_and_what_was_not_run(llama_with_key: LlamaServer) -> None:
    done = await run(
        "test", "compatible", "--base-url", llama_with_key.url, "--json", NUKE_AI_PANEL_API_KEY="wrong-key"
    )
    assert done.code == 1 and done.json["error"]["kind"] == "key_wrong"
    states = {step["name"]: step["ok"] for step in done.json["steps"]}
    assert states["TCP"] is True and states["Key"] is False and states["Models"] is None


async def test_the_providers_are_listed_with_the_place_of_their_key_but_never_the_key() -> None:
    done = await run("providers", "--json", OPENAI_API_KEY="sk-proj-sentinel-0123456789")
    rows = {row["id"]: row for row in done.json["providers"]}
    assert rows["offline"]["in_use"] and rows["openai"]["key"] == "OPENAI_API_KEY" and rows["groq"]["key"] is None
    assert "sentinel" not in done.out


@pytest.mark.skipif(sys.platform != "linux", reason="needs a Secret Service")
async def test_a_key_is_set_used_listed_and_removed(secret_service: SecretService, llama_with_key: LlamaServer) -> None:
    address = ("--base-url", llama_with_key.url)
    done = await run("keys", "set", "compatible", *address, stdin=f" Bearer {llama_with_key.key}\n")
    assert done.code == 0 and "Secret Service" in done.out and llama_with_key.key not in done.out + done.err
    assert (await run("test", "compatible", *address, "--json")).json["ok"]
    listed = await run("keys", "list", "--json")
    origin = llama_with_key.url.removesuffix("/v1")
    assert listed.json["keys"] == [{"provider": "compatible", "origin": origin, "where": "Secret Service"}]
    assert (await run("keys", "remove", "compatible", *address)).code == 0
    assert (await run("test", "compatible", *address, "--json")).json["ok"] is False


async def test_without_a_keyring_a_key_is_refused_and_no_file_is_written(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    key = "sk-proj-sentinel-0123456789"
    bus = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
    done = await run("keys", "set", "openai", stdin=f"{key}\n", **home, **bus)
    assert done.code == 1 and "no keyring" in done.err
    assert not any(key in file.read_text(errors="replace") for file in tmp_path.rglob("*") if file.is_file())


async def test_a_script_is_counted(script: Path) -> None:
    info = (await run("script", "info", str(script), "--json")).json
    assert info["kind"] == "script" and info["nuke_version"] == "15.1v3" and info["nodes"] == 4
    assert info["classes"] == {"Root": 1, "Read": 1, "Grade": 1, "Write": 1}
    assert info["links"] == 2 and info["groups"] == 0 and info["root"]["fps"] == "25"


@pytest.mark.parametrize(
    ("content", "code", "kind"),
    [
        (b"Grade {\n name Grade1\n", 1, "script_damaged"),
        (b"Nuke NC mode encrypted text\n\x00\x01", 1, "script_encrypted"),
        (b"a letter to mum\n", 1, "not_a_script"),
        (None, 2, "script_missing"),
    ],
)
async def test_an_unreadable_script_gets_a_sentence(
    tmp_path: Path, content: bytes | None, code: int, kind: str
) -> None:
    path = tmp_path / "bad.nk"
    if content is not None:
        path.write_bytes(content)
    for words in (("script", "info", str(path), "--json"), ("ask", "hi", "--script", str(path), "--json")):
        done = await run(*words)
        assert (done.code, done.json["error"]["kind"]) == (code, kind)
        assert "Traceback" not in done.err and done.err.strip()
    if kind == "script_damaged":
        assert json.loads(done.out)["line"] and "line" in done.err


async def test_a_terminal_chat_answers_line_by_line_and_remembers(script: Path) -> None:
    done = await run("chat", str(script), stdin="explain Grade1\nwhat feeds it?\n")
    assert done.code == 0 and "Grade1" in done.out and "Read1" in done.out


async def test_without_a_display_the_window_says_so_and_goes_on_as_chat() -> None:
    blind = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}
    done = await run(stdin="hi\n", **blind)
    assert done.code == 0 and "There is no display." in done.err and "guide" in done.out.lower()


async def test_the_terminal_never_imports_qt(tmp_path: Path, script: Path) -> None:
    for name in ("PySide6", "shiboken6", "qasync"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('Qt was imported')")
    for words in (("ask", "what does this script do?", "--script", str(script)), ("providers",), ("test",), ("chat",)):
        done = await run(*words, PYTHONPATH=str(tmp_path))
        assert done.code == 0, done.err
