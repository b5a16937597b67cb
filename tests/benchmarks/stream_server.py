"""The other end of the stream benchmarks, in a process of its own: answers of many small pieces, in each format.

python stream_server.py      prints its port, and ends when its standard input is closed
POST /COUNT/...              an answer of so many pieces; the end of the path says in which format
POST /10mb/...               one event of 10 MB (OpenAI chat);  /drops/... the same in pieces of 64 bytes
POST /endless/...            an answer that does not end, as fast as it is taken
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

TEXT = " word"
BLOCK = 32 * 2**10
"""Bytes of one send: every client finds the same in its socket."""
LARGE = 10_000_000


@contextmanager
def running() -> Iterator[str]:
    server = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin and server.stdout
    port = int(server.stdout.readline())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stdin.close()
        server.wait()
        server.stdout.close()


def _chat(count: int, padding: str = "") -> Iterator[bytes]:
    """`padding`: characters that are in each event and mean nothing."""
    same = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "tiny"}

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        more = {"obfuscation": padding} if padding else {}
        return _sse({**same, **more, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    yield chunk({"role": "assistant", "content": ""})
    yield from (chunk({"content": TEXT}) for _ in range(count))
    yield chunk({}, "stop")
    yield b"data: [DONE]\n\n"


def _anthropic(count: int) -> Iterator[bytes]:
    usage = {"input_tokens": 3, "output_tokens": 1}
    message = {"id": "m1", "type": "message", "role": "assistant", "model": "tiny", "content": [], "usage": usage}
    yield _named({"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None}})
    yield _named({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    piece = _named({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": TEXT}})
    yield from (piece for _ in range(count))
    yield _named({"type": "content_block_stop", "index": 0})
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    yield _named({"type": "message_delta", "delta": ended, "usage": {"output_tokens": count}})
    yield _named({"type": "message_stop"})


def _ollama(count: int) -> Iterator[bytes]:
    same = {"model": "tiny", "created_at": "2026-11-21T08:00:00.000000Z"}
    piece = _line({**same, "message": {"role": "assistant", "content": TEXT}, "done": False})
    yield from (piece for _ in range(count))
    counts = {"prompt_eval_count": 3, "eval_count": count, "total_duration": 1, "eval_duration": 1}
    yield _line(
        {**same, "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop", **counts}
    )


def _responses(count: int) -> Iterator[bytes]:
    response = {"id": "r1", "object": "response", "model": "tiny", "created_at": 1, "output": []}
    yield _named({"type": "response.created", "sequence_number": 0, "response": {**response, "status": "in_progress"}})
    where = {"item_id": "i1", "output_index": 0, "content_index": 0}
    item = {"id": "i1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    yield _named({"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": item})
    for number in range(count):
        yield _named({"type": "response.output_text.delta", "sequence_number": number + 2, "delta": TEXT, **where})
    done = {**response, "status": "completed", "usage": {"input_tokens": 3, "output_tokens": count, "total_tokens": 3}}
    yield _named({"type": "response.completed", "sequence_number": count + 2, "response": done})


def _gemini(count: int) -> Iterator[bytes]:
    def event(text: str, **more: str) -> bytes:
        candidate = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0, **more}
        usage = {"promptTokenCount": 3, "candidatesTokenCount": 1, "totalTokenCount": 4}
        return _sse({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "tiny", "responseId": "r"})

    yield from (event(TEXT) for _ in range(count))
    yield event("", finishReason="STOP")


FORMATS: dict[str, Callable[[int], Iterable[bytes]]] = {
    "/chat/completions": _chat,
    "/messages": _anthropic,
    "/api/chat": _ollama,
    "/responses": _responses,
    ":streamGenerateContent": _gemini,
}
"""By the end of the path."""


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode() + b"\n"


def _sse(document: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def _named(document: dict[str, Any]) -> bytes:
    return b"event: " + document["type"].encode() + b"\n" + _sse(document)


def _part(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@cache
def _body(ending: str, count: int) -> bytes:
    """Each event is a piece of the transfer encoding by itself."""
    return b"".join(map(_part, FORMATS[ending](count)))


@cache
def _one_event(size: int) -> bytes:
    """Of 10 MB, in pieces of this size."""
    stream = list(_chat(1, "x" * LARGE))[1] + b"".join(_chat(0))
    return b"".join(_part(stream[at : at + size]) for at in range(0, len(stream), size))


def _answer(client: socket.socket) -> None:
    with client, suppress(OSError), client.makefile("rb") as lines:
        while request := lines.readline():
            path = request.decode().split()[1].partition("?")[0]
            length = 0
            while (line := lines.readline()) not in (b"\r\n", b""):
                name, _, value = line.decode().partition(":")
                length = int(value) if name.lower() == "content-length" else length
            lines.read(length)
            _send(client, path)


def _send(client: socket.socket, path: str) -> None:
    ending = next(known for known in FORMATS if path.endswith(known))
    kind = b"application/x-ndjson" if ending == "/api/chat" else b"text/event-stream"
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n" % kind)
    what = path.split("/")[1]
    if what == "endless":
        block = b"".join(map(_part, list(_chat(200))[1:-2]))
        while True:
            client.sendall(block)
    sizes = {"10mb": BLOCK, "drops": 64}
    body = _one_event(sizes[what]) if what in sizes else _body(ending, int(what))
    for at in range(0, len(body), BLOCK):
        client.sendall(body[at : at + BLOCK])
    client.sendall(b"0\r\n\r\n")


def _listen() -> int:
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)

    def accept() -> None:
        while True:
            client, _ = listening.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_answer, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listening.getsockname()[1]


if __name__ == "__main__":
    print(_listen(), flush=True)
    sys.stdin.read()
    os._exit(0)
