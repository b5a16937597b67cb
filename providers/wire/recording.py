"""What a recording of an answer is: who takes it down as it comes, and the lines at its top that say what it is of.

Owns the form of those lines, for whoever writes them and whoever reads them. It writes no file: where a recording goes,
and what is taken out of it before, is decided above.

    : Nuke AI Panel recording
    : provider: compatible
    : status: 200
    : header content-type: text/event-stream
                                                 an empty line, then the answer as it came
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

TITLE = ": Nuke AI Panel recording"
"""How the first line of each recorded answer begins."""
KEPT_HEADERS = (
    "content-type",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "request-id",
    "x-request-id",
    "x-generation-id",
)
"""Those that say what an answer means, by their names in lower case; others may hold anything."""
_ENTRY = re.compile(r": ([a-z_]+|header [a-z-]+): (.*)")
_TEXTS = ("provider", "format", "model", "path")


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of an answer when its head has come. `path` is without a query; `with_key`: one was sent."""

    provider: str = ""
    format: str = ""
    model: str = ""
    path: str = ""
    with_key: bool = True
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def lines(self) -> Iterator[str]:
        """Without the title. A service may have said anything in them: each stays on its line."""
        entries = {name: str(getattr(self, name)) for name in _TEXTS}
        entries |= {"with_key": "yes" if self.with_key else "no", "status": str(self.status)}
        entries |= {f"header {name}": self.headers[name] for name in KEPT_HEADERS if name in self.headers}
        for name, value in entries.items():
            yield f": {name}: {' '.join(value.split())}"


class Tape(Protocol):
    """Takes down one answer. It neither waits nor fails: whatever happens to the recording, the answer goes on."""

    def take(self, piece: bytes) -> None:
        """The next bytes of the answer, as they came."""
        ...

    def end(self) -> None:
        """Nothing more comes: the answer is over, was cut, or was left. What follows a first end is nothing."""
        ...


class Recorder(Protocol):
    """Whoever may want to have answers taken down."""

    def begin(self, head: Head, question: bytes) -> Tape | None:
        """A tape for the answer to this question, which is its body as it was sent; None: it is not recorded."""
        ...


Record = Callable[[Head, bytes], Tape | None]
"""`Recorder.begin` for one provider, who does not know what it is called."""


def read_head(lines: Iterable[str]) -> Head:
    """What the lines at the top of a recording say. What nobody knows is as if it were not there."""
    found: dict[str, str] = {}
    for line in lines:
        if entry := _ENTRY.fullmatch(line):
            found.setdefault(entry[1], entry[2])
    status = found.get("status", "")
    return Head(
        **{name: found.get(name, "") for name in _TEXTS},
        with_key=found.get("with_key") != "no",
        status=int(status) if re.fullmatch(r"[1-9]\d\d", status) else 200,
        headers={name: found[f"header {name}"] for name in KEPT_HEADERS if f"header {name}" in found},
    )
