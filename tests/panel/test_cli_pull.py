"""`pull` in a terminal: how far it is, how it ends, how it is stopped."""

from __future__ import annotations

import signal

import cli_process
import pytest
from cli_process import run
from dialects.ollama import NDJSON, line
from fault_server import Call, fault_server, refused_url
from ollama_server import Installed, LittleOllama

LIBRARY = {"qwen3:14b": Installed()}


async def test_a_download_is_told_line_by_line() -> None:
    ollama = LittleOllama({}, library=LIBRARY)
    async with fault_server(ollama) as server:
        done = await run("pull", "qwen3:14b", "--base-url", server.origin)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "Downloading qwen3:14b",
        *(f"Downloading qwen3:14b: {percent}%" for percent in (0, 25, 50, 100)),
        "Checking qwen3:14b",
        "Downloaded qwen3:14b: 100%",
    ]
    assert "qwen3:14b" in ollama.models


async def test_with_json_one_object_comes_at_the_end() -> None:
    async with fault_server(LittleOllama({}, library=LIBRARY)) as server:
        done = await run("pull", "qwen3:14b", "--base-url", f"{server.origin}/v1", "--json")
    assert done.json == {"ok": True, "provider": "ollama", "model": "qwen3:14b", "error": None}


@pytest.mark.parametrize("kind", ["model_unknown", "server_not_running"])
async def test_a_download_that_fails_says_why(kind: str) -> None:
    async with fault_server(LittleOllama({})) as server:
        url = server.origin if kind == "model_unknown" else refused_url()
        done = await run("pull", "nonsense", "--base-url", url, "--json")
        plain = await run("pull", "nonsense", "--base-url", url)
    assert done.code == plain.code == 1 and done.json["ok"] is False
    assert done.json["error"]["kind"] == kind and done.json["error"]["title"] in plain.err


async def test_who_downloads_nothing_is_bad_input() -> None:
    done = await run("pull", "m", "--provider", "lmstudio")
    assert (done.code, done.out) == (2, "") and "LM Studio downloads no models" in done.err


async def test_ctrl_c_stops_a_download_and_says_that_it_may_go_on() -> None:
    async def handle(call: Call) -> None:
        await call.begin(NDJSON)
        await call.part(line({"status": "pulling a", "digest": "a", "total": 100, "completed": 25}))
        await call.gone.wait()

    async with fault_server(handle) as server:
        process = await cli_process.start("pull", "big", "--base-url", server.origin)
        assert process.stdout and await process.stdout.readline() == b"Downloading big: 25%\n"
        process.send_signal(signal.SIGINT)
        done = await cli_process.finish(process)
        await server.calls[0].gone.wait()
    assert done.code == 130 and "goes on there" in done.err and "Traceback" not in done.err
