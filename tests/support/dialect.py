"""What a server says in one wire format, for tests that are the same for every format.

Each format has a module `dialects/<format>.py` with one `DIALECT`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MODEL = "tiny"

THOUGHTS = ("Hm, ", "é 🎬")
TEXTS = ("Grüße, ", "合成 🎬 e\u0301")
CALLS: tuple[tuple[str, dict[str, Any]], ...] = (("find", {"node": "Größe"}), ("overview", {}))
"""What `Dialect.rich` says."""


@dataclass(frozen=True)
class Dialect:
    """`base_path` follows the origin in the base URL. All bytes are as they go over the wire, framing included.

    `stream(*texts)` is a whole answer, an event each element, its end mark last; `beginning(*texts)` the same without
    end mark and finish reason. `error(status, message)` is a refusal's body. `error_event(message)` is an error in
    mid-stream. `rich` is a whole answer with thoughts, text and calls, all of them in pieces where the format has
    pieces. `model_list(*ids)` is the answer to the list. `broken_event` is one event that is no JSON.
    """

    format: str
    provider: str
    base_path: str
    content_type: str
    model_path: str
    chat_path: str
    stream: Callable[..., list[bytes]]
    beginning: Callable[..., list[bytes]]
    error: Callable[[int, str], dict[str, Any]]
    error_event: Callable[[str], bytes]
    rich: list[bytes]
    model_list: Callable[..., dict[str, Any]]
    broken_event: bytes
    keep_alive: bytes
