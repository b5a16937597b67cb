"""The other end of the loop's benchmarks, in a process of its own: an echo and a stream of events.

python loop_server.py     prints `ECHO_PORT SSE_PORT`, and ends when its standard input is closed
GET /?n=COUNT&rate=PER_SECOND     so many events, each in one send; no rate: as fast as it goes
POST /v1/...                      an answer; /endless/v1/... one that does not end
POST /paced/PER_SECOND/COUNT/v1/...   one of so many pieces
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@contextmanager
def running() -> Iterator[tuple[str, int]]:
    """The address of the HTTP side, and the port of the echo."""
    server = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin and server.stdout
    echo, events = server.stdout.readline().split()
    try:
        yield f"http://127.0.0.1:{events}", int(echo)
    finally:
        server.stdin.close()
        server.wait()
        server.stdout.close()


def _serve(answer: Callable[[socket.socket], None]) -> int:
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)

    def accept() -> None:
        while True:
            client, _ = listening.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_answer, args=(client,), daemon=True).start()

    def _answer(client: socket.socket) -> None:
        with client, suppress(OSError):
            answer(client)

    threading.Thread(target=accept, daemon=True).start()
    return listening.getsockname()[1]


def _echo(client: socket.socket) -> None:
    while data := client.recv(65536):
        client.sendall(data)


def _http(client: socket.socket) -> None:
    with client.makefile("rb") as lines:
        while request := lines.readline():
            method, target, _ = request.decode().split()
            length = 0
            while (line := lines.readline()) not in (b"\r\n", b""):
                name, _, value = line.decode().partition(":")
                length = int(value) if name.lower() == "content-length" else length
            lines.read(length)
            client.sendall(HEAD)
            if method == "POST" and target.startswith("/paced"):
                _paced_chat(client, *map(int, target.split("/")[2:4]))
            elif method == "POST":
                _chat(client, endless=target.startswith("/endless"))
            else:
                query = parse_qs(urlsplit(target).query)
                _events(client, int(query["n"][0]), float(query.get("rate", ["0"])[0]))
            client.sendall(b"0\r\n\r\n")


def _events(client: socket.socket, count: int, rate: float) -> None:
    for number in _paced(count, rate):
        _part(client, b'data: {"i":%d,"delta":"xxxxxxxxxxxxxxxxxxxx"}\n\n' % number)


def _paced(count: int, rate: float) -> Iterator[int]:
    begin = time.perf_counter()
    for number in range(count):
        yield number
        if rate and (early := begin + (number + 1) / rate - time.perf_counter()) > 0:
            time.sleep(early)


def _chunk(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    event = {"id": "1", "object": "chat.completion.chunk", "model": "tiny", "choices": [choice]}
    return b"data: %b\n\n" % json.dumps(event).encode()


def _paced_chat(client: socket.socket, rate: int, count: int) -> None:
    """Prose, with a paragraph now and then."""
    for number in _paced(count, rate):
        _part(client, _chunk("the end.\n\n" if number % 80 == 79 else "a piece "))
    _part(client, _chunk("", "stop"))
    _part(client, b"data: [DONE]\n\n")


def _chat(client: socket.socket, *, endless: bool) -> None:
    for text, finish in (("Hello", None), (" there.", None), ("", "stop")):
        _part(client, _chunk(text, finish))
        if endless:
            client.recv(1)  # until the other side leaves
    _part(client, b"data: [DONE]\n\n")


def _part(client: socket.socket, data: bytes) -> None:
    client.sendall(b"%x\r\n%b\r\n" % (len(data), data))


if __name__ == "__main__":
    print(_serve(_echo), _serve(_http), flush=True)
    sys.stdin.read()
    os._exit(0)
