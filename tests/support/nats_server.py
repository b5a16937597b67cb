"""A real nats-server on loopback: fixture, handles to stop, kill and restart it, and a subscriber without nats-py.

It is looked for in PATH and in /usr/sbin, where Debian puts it. Where it is missing the tests skip, but not in CI.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

READY = re.compile(r"Listening for client connections on 127\.0\.0\.1:(\d+)")


class NatsServer:
    """A process that can be ended and started again at the same port."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self.port = -1
        self.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [_program(), "-a", "127.0.0.1", "-p", str(self.port), *self._options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr
        lines: list[str] = []
        for line in self.process.stderr:
            lines.append(line)
            if found := READY.search(line):
                self.port = int(found[1])
            if "Server is ready" in line:
                return
        raise AssertionError("".join(lines))

    def hang(self) -> None:
        """It accepts connections, because the system does, and says nothing."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()

    @asynccontextmanager
    async def subscribed(self, subject: str = ">", **connect: object) -> AsyncIterator[asyncio.Queue[Any]]:
        """What is published from now on, as parsed JSON."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)
        queue: asyncio.Queue[Any] = asyncio.Queue()
        options = json.dumps({"verbose": False, "pedantic": False} | connect)
        writer.write(f"CONNECT {options}\r\nSUB {subject} 1\r\nPING\r\n".encode())
        while await reader.readline() != b"PONG\r\n":
            pass
        try:
            async with asyncio.TaskGroup() as group:
                reading = group.create_task(_read(reader, queue))
                yield queue
                reading.cancel()
        finally:
            writer.transport.abort()
            await asyncio.sleep(0)


async def _read(reader: asyncio.StreamReader, queue: asyncio.Queue[Any]) -> None:
    while line := await reader.readline():
        if line.startswith(b"MSG "):
            payload = await reader.readexactly(int(line.split()[-1]) + 2)
            queue.put_nowait(json.loads(payload))


def _program() -> str:
    path = shutil.which("nats-server") or shutil.which("/usr/sbin/nats-server")
    if path is None:
        message = "nats-server is not installed (Debian: nats-server)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


@contextmanager
def running(*options: str) -> Iterator[NatsServer]:
    """With more options of the command line, such as `--auth TOKEN`."""
    server = NatsServer(*options)
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def nats_server() -> Iterator[NatsServer]:
    with running() as server:
        yield server
