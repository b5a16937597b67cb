"""RECORD: the list of files and digests that each wheel brings, and that stays in its `dist-info` folder."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

Row = tuple[str, str, str]
"""Path with slashes, digest, size."""


def digest(data: bytes, algorithm: str = "sha256") -> str:
    """As a RECORD writes it."""
    value = hashlib.new(algorithm, data).digest()
    return f"{algorithm}={base64.urlsafe_b64encode(value).rstrip(b'=').decode()}"


def matches(data: bytes, promised: str) -> bool:
    """Whether it is what a RECORD promises. Some build tools (qasync's) write the digest in hexadecimal."""
    algorithm, _, value = promised.partition("=")
    if algorithm not in ("sha256", "sha384", "sha512"):
        return False
    return promised.rstrip("=") == digest(data, algorithm) or value == hashlib.new(algorithm, data).hexdigest()


def parse(text: str) -> dict[str, str]:
    """Path to digest."""
    return {row[0]: row[1] for row in csv.reader(io.StringIO(text)) if len(row) > 1}


def records_in(folder: Path) -> Iterator[Path]:
    return folder.glob("*.dist-info/RECORD")


def read(record: Path) -> list[Row]:
    with open(record, encoding="utf-8", errors="replace", newline="") as file:
        return [(row[0], row[1], row[2]) for row in csv.reader(file) if len(row) == 3]


def compose(info: str, rows: Iterable[Row]) -> str:
    """The text for the `dist-info` folder of this name; of itself a RECORD has no digest."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([*sorted(rows), (f"{info}/RECORD", "", "")])
    return text.getvalue()


def write(record: Path, rows: Iterable[Row]) -> None:
    record.write_bytes(compose(record.parent.name, rows).encode("utf-8"))
