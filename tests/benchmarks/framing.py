"""How long bytes take to become events: `python tests/benchmarks/framing.py [--json]`.

Against: the decoder of the `openai` package, which most panels use, where it is installed (`--group bench`). Each value
is the median of 7 runs, ours and theirs taking turns.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nuke_ai_panel.providers.answer import Asked
from nuke_ai_panel.providers.errors import Service
from nuke_ai_panel.providers.framing import ServerEvent, SseReader
from nuke_ai_panel.providers.openai_chat.stream import ChatStream
from nuke_ai_panel.providers.redact import Redactor

ROUNDS = 7
EVENTS = 10_000
LARGE = 10_000_000
LARGE_BAR = 0.5
"""Seconds for one event of 10 MB that comes in pieces of 64 bytes."""

Pieces = list[bytes]


def main() -> int:
    large = _cut(b"data: " + b"x" * LARGE + b"\n\n", 64)
    chunk = {"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"content": " word"}, "finish_reason": None}]}
    many = _cut(b"data: %b\n\n" % json.dumps(chunk).encode() * EVENTS, 65536)
    rows = [
        _row("one event of 10 MB in pieces of 64 bytes", _frame, large, bar=LARGE_BAR, peer=_openai_frame),
        _row(f"{EVENTS} events framed", _frame, many, peer=_openai_frame),
        _row(f"{EVENTS} events framed and read", _read, many, peer=_openai_read),
    ]
    if "--json" in sys.argv:
        machine = {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}
        print(json.dumps({"machine": machine, "rows": rows}))
        return 0
    for row in rows:
        peer = f"  {row['ratio']:.2f} x the time of {row['against']}" if row["ratio"] else ""
        print(f"{row['name']:45} {row['value'] * 1000:8.1f} ms  {'ok' if row['ok'] else 'over the bar'}{peer}")
    return 0


def _row(
    name: str,
    ours: Callable[[Pieces], None],
    pieces: Pieces,
    *,
    bar: float | None = None,
    peer: Callable[[Pieces], None],
) -> dict[str, Any]:
    with_peer = importlib.util.find_spec("openai") is not None
    mine: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        mine.append(_seconds(ours, pieces))
        if with_peer:
            theirs.append(_seconds(peer, pieces))
    value = statistics.median(mine)
    return {
        "name": name,
        "value": round(value, 6),
        "unit": "s",
        "bar": bar,
        "ok": bar is None or min(mine) <= bar,
        "against": "openai's decoder" if with_peer else None,
        "ratio": round(value / statistics.median(theirs), 3) if theirs else None,
    }


def _seconds(work: Callable[[Pieces], None], pieces: Pieces) -> float:
    began = time.perf_counter()
    work(pieces)
    return time.perf_counter() - began


def _cut(data: bytes, size: int) -> Pieces:
    return [data[start : start + size] for start in range(0, len(data), size)]


def _frame(pieces: Pieces) -> None:
    reader = SseReader()
    for piece in pieces:
        reader.feed(piece)


def _read(pieces: Pieces) -> None:
    reader = SseReader()
    stream = ChatStream(Asked(Service("x", "X"), Redactor(), "m", 2**30))
    for piece in pieces:
        for event in reader.feed(piece):
            if isinstance(event, ServerEvent):
                _exhaust(stream.feed(event))


def _openai_events(pieces: Pieces) -> Iterator[Any]:
    from openai._streaming import SSEDecoder

    return SSEDecoder().iter_bytes(iter(pieces))


def _openai_frame(pieces: Pieces) -> None:
    _exhaust(_openai_events(pieces))


def _openai_read(pieces: Pieces) -> None:
    """As its client does: each event becomes a model of its own."""
    from openai._models import construct_type
    from openai.types.chat import ChatCompletionChunk

    for event in _openai_events(pieces):
        construct_type(type_=ChatCompletionChunk, value=event.json())


def _exhaust(items: Iterable[object]) -> None:
    for _ in items:
        pass


if __name__ == "__main__":
    raise SystemExit(main())
