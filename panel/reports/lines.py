"""The lines of a journal, written and read back. One JSON object each, with one member that says what it is:

{"session": {"way_in", "pid", "started", "versions"}}   at the top of each part
{"report": {...}}                  the first of its kind, with all its texts
{"again": {"id", "more", "last"}}  so many more of it
{"dropped": {"calls", "kinds"}}    came when too many were waiting
{"unwritten": {"calls"}}           given up while the journal could not be written
{"end": {"at", "left", "figures"}} the session ended in order
{"adopted": {"at", "pid"}}         a later session has offered it
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any, cast

from .report import Report, Severity

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
_decode = json.JSONDecoder(parse_constant=lambda _: None).decode  # there is no NaN in JSON, whatever Python says
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "notice")


def line(**member: object) -> bytes:
    """The line with this one member. Its texts must be clean."""
    return _encode(member).encode("utf-8", "backslashreplace") + b"\n"


def report_line(report: Report, calls: int) -> bytes:
    """`calls`: how many of its calls this line stands for; the others have their own lines."""
    fields = {name: getattr(report, name) for name in _FIELDS} | {"count": calls}
    return line(report={name: value for name, value in fields.items() if value})


def again_line(report: Report, calls: int) -> bytes:
    return line(again={"id": report.id, "more": calls, "last": report.last})


_FIELDS = tuple(field.name for field in dataclasses.fields(Report))


_OURS = re.compile(rb'^\{"(?:session|report|again|dropped|unwritten|end|adopted)":.*$', re.MULTILINE)
_BLANKS = re.compile(rb"\n{2,}")


def sift(raw: bytes) -> tuple[list[bytes], int]:
    """The lines of a file that begin like ours, and how many others it has: millions, if a disk wrote anything else."""
    ours = _OURS.findall(raw)
    filled = _BLANKS.sub(b"\n", raw).strip(b"\n")
    return ours, filled.count(b"\n") + bool(filled) - len(ours)


def read_line(raw: bytes) -> tuple[str, dict[str, Any]] | None:
    """What a line says, as (what it is, its fields). None for half a line, or anything else that is not ours."""
    try:
        found: object = _decode(raw.decode())
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or len(members := cast(dict[str, Any], found)) != 1:
        return None
    kind, fields = next(iter(members.items()))
    return (kind, cast(dict[str, Any], fields)) if isinstance(fields, dict) else None


def report_of(fields: Mapping[str, Any]) -> Report | None:
    """A report read back; None when it cannot be one."""
    if not text(fields.get("id")) or not (count := number(fields.get("count"))):
        return None
    severity = fields.get("severity")
    return Report(
        id=text(fields.get("id")),
        severity=severity if severity in _SEVERITIES else "error",
        kind=text(fields.get("kind")),
        message=text(fields.get("message")),
        origin=text(fields.get("origin")),
        first=seconds(fields.get("first")),
        last=seconds(fields.get("last")),
        count=count,
        context=texts(fields.get("context")),
        trace=tuple(text(entry) for entry in items(fields.get("trace"))),
    )


def text(value: object) -> str:
    return value if isinstance(value, str) else ""


def number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63 else 0


def seconds(value: object) -> float:
    """A moment that every system can show: Windows knows none before 1970, nor after the year 3000."""
    return float(value) if isinstance(value, int | float) and 0 <= value < 3.2e10 else 0.0


def items(value: object) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []


def members(value: object) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def texts(value: object) -> dict[str, str]:
    return {name: text(entry) for name, entry in members(value).items()}
