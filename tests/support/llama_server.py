"""llama.cpp's real server with a model that answers what is known: fixtures, and `start` for special ones.

    llama_server        answers `llama_server.answer`, word by word
    llama_endless       does not stop by itself: for tests that do
    llama_with_key      the same as the first, but wants `llama_with_key.key`

Each is a child process that lives as long as the test session. Its pipes are no sockets, so the leak guard leaves it
alone. Where the `xllamacpp` wheel is missing the tests skip, but not in CI.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from markov_gguf import ANSWER, CALL, NAME, write_markov_gguf

CHILD = Path(__file__).with_name("llama_server_child.py")
CONTEXT = 2 * 32768
"""Tokens, for both slots together. The tokens of the model are letters: a question with tools has thousands."""


@dataclass(frozen=True)
class LlamaServer:
    """A running server. `url` is the base URL, with /v1. `process` may be stopped and continued with signals."""

    url: str
    process: subprocess.Popen[str]
    key: str = ""
    model: str = NAME
    answer: str = ANSWER

    @property
    def busy_slots(self) -> int:
        """How many answers the server is working on right now."""
        return sum(bool(slot["is_processing"]) for slot in self.get("/slots"))

    def get(self, path: str) -> Any:
        """The JSON at this path of the server, asked for without any code of ours."""
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        request = urllib.request.Request(self.url.removesuffix("/v1") + path, headers=headers)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=10) as answer:
            return json.load(answer)


@contextmanager
def start(
    folder: Path, *, key: str = "", context: int = CONTEXT, call: str = CALL, endless: bool = False
) -> Iterator[LlamaServer]:
    """A server of one's own; the model is written into `folder`. `context` is in tokens, for two slots together."""
    model = folder / f"tiny-{context}-{endless}.gguf"
    write_markov_gguf(model, context=context, call=call, endless=endless)
    with _child(folder, model, context, LLAMA_KEY=key) as process:
        assert process.stdout
        address = process.stdout.readline().strip()
        assert address, (folder / "llama.log").read_text()
        yield LlamaServer(f"{address}/v1", process, key)


@contextmanager
def starting(folder: Path) -> Iterator[str]:
    """The base URL of a server that has been told to start: nothing listens there yet, then it loads its model."""
    model = folder / "tiny.gguf"
    write_markov_gguf(model, context=CONTEXT)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with _child(folder, model, CONTEXT, LLAMA_PORT=str(port)):
        yield f"http://127.0.0.1:{port}/v1"


@contextmanager
def _child(folder: Path, model: Path, context: int, **environ: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(CHILD), str(model), str(context)]
    with (folder / "llama.log").open("w") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, **environ},
            text=True,
        )
    assert process.stdin and process.stdout
    try:
        yield process
    finally:
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def llama_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    yield from _fixture(tmp_path_factory)


@pytest.fixture(scope="session")
def llama_endless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    yield from _fixture(tmp_path_factory, endless=True)


@pytest.fixture(scope="session")
def llama_with_key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    yield from _fixture(tmp_path_factory, key="sk-llama-0123456789abcdef")


def _fixture(paths: pytest.TempPathFactory, **options: Any) -> Iterator[LlamaServer]:
    if not importlib.util.find_spec("xllamacpp"):
        if os.environ.get("CI"):
            pytest.fail("xllamacpp is missing in CI")
        pytest.skip("xllamacpp is not installed")
    with start(paths.mktemp("llama"), **options) as server:
        yield server
