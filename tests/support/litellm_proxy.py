"""LiteLLM's real proxy in front of llama.cpp's real server: the fixture `litellm_proxy`, one start for all tests.

It lives in an environment of its own, because it pins a hundred packages: `NUKE_AI_PANEL_LITELLM` names its
program, and without that the tests skip.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from llama_server import LlamaServer

KEY = "sk-proxy-0123456789abcdef"
PROGRAM = os.environ.get("NUKE_AI_PANEL_LITELLM", "")
STARTS_WITHIN = 120.0


@dataclass(frozen=True)
class LiteLLMProxy:
    """A running proxy. `url` is its root; it serves each format at a path of its own."""

    url: str
    model: str
    answer: str
    key: str = KEY


@pytest.fixture(scope="session")
def litellm_proxy(llama_server: LlamaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiteLLMProxy]:
    if not PROGRAM:
        pytest.skip("NUKE_AI_PANEL_LITELLM is not set")
    with _start(llama_server, tmp_path_factory.mktemp("litellm")) as proxy:
        yield proxy


@contextmanager
def _start(behind: LlamaServer, folder: Path) -> Iterator[LiteLLMProxy]:
    upstream = {"model": f"openai/{behind.model}", "api_base": behind.url, "api_key": "none"}
    config = {
        "model_list": [{"model_name": behind.model, "litellm_params": upstream}],
        "general_settings": {"master_key": KEY},
    }
    (folder / "config.yaml").write_text(json.dumps(config))  # YAML reads JSON
    port = _free_port()
    command = [PROGRAM, "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port)]
    environ = {**os.environ, "HOME": str(folder), "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait(f"http://127.0.0.1:{port}/health/liveliness", process, folder / "log")
        yield LiteLLMProxy(f"http://127.0.0.1:{port}", behind.model, behind.answer)
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    """It cannot be told to choose one itself."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + STARTS_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with direct.open(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)  # it tells nobody when it listens
    pytest.fail(log.read_text()[-2000:])
