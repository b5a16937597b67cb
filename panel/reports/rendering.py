"""From what was captured to a report without secrets. Owns the order: cleaned first, then cut, then kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import CodeType
from typing import cast

from ...providers.redact import Redactor
from .capture import TEXT, Captured, Frame, Link, text_of
from .report import Report, Severity

_BETWEEN = "<\0>"
"""Stands between texts that are cleaned in one go. No rule of the redactor reaches over a `<`."""

_LINES = 2_000
"""Trace lines remembered: the same places fail again and again, and cleaning costs more than all else."""


class Renderer:
    """Makes reports. From any thread; two at once only do some work twice."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._lines: dict[tuple[str, int, str], str] = {}

    def report(self, captured: Captured, report_id: str) -> Report:
        pairs = [f"{name.replace('=', ' ')}={value}" for name, value in captured.context]
        links = [_link_text(link) for link in captured.links]
        seen = captured.glance
        kind, message, origin, *rest = self.clean([seen.kind, seen.message, captured.origin, *pairs, *links])
        context = (pair.partition("=") for pair in rest[: len(pairs)])
        return Report(
            id=report_id,
            severity=cast(Severity, captured.severity),
            kind=kind,
            message=message,
            origin=origin,
            first=captured.at,
            last=captured.at,
            context={name: value for name, _, value in context},
            trace=(*self._trace(captured), *self._links(captured.links, rest[len(pairs) :])),
        )

    def clean(self, texts: list[str]) -> list[str]:
        """Without secrets, and such as can be written: no NUL, no lone surrogate."""
        joined = _BETWEEN.join([text.replace("\0", "") for text in texts])
        cleaned = self._redactor.clean(joined)
        if not cleaned.isascii():
            cleaned = cleaned.encode("utf-8", "backslashreplace").decode()
        parts = cleaned.split(_BETWEEN)
        return parts if len(parts) == len(texts) else [self._redactor.clean(ascii(text)) for text in texts]

    def clean_value(self, value: object, depth: int = 6) -> object:
        """The same for whatever JSON can say, and text for all else."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if depth and isinstance(value, Mapping):
            entries = cast(Mapping[object, object], value).items()
            return {self.clean_value(str(name)): self.clean_value(entry, depth - 1) for name, entry in entries}
        if depth and isinstance(value, list | tuple | set | frozenset):
            return [self.clean_value(entry, depth - 1) for entry in cast(Collection[object], value)]
        return self.clean([text_of(value, TEXT)])[0]

    def _trace(self, captured: Captured) -> list[str]:
        lines = [self._line(frame) for frame in captured.frames]
        if captured.skipped:
            lines.insert(len(lines) // 5, f"... {captured.skipped} more")
        return lines

    def _links(self, links: tuple[Link, ...], texts: list[str]) -> list[str]:
        return [
            f"{text} ({self._line(link.frame)})" if link.frame else text
            for link, text in zip(links, texts, strict=True)
        ]

    def _line(self, frame: Frame | str) -> str:
        if isinstance(frame, str):
            return self.clean([frame])[0]
        code, number = frame
        key = (code.co_filename, number, code.co_name)
        line = self._lines.get(key)
        if line is None:
            if len(self._lines) >= _LINES:
                self._lines.clear()
            line = self._lines[key] = self.clean([_place(code, number)])[0]
        return line


def _place(code: CodeType, number: int) -> str:
    return f"{code.co_filename}:{number} in {code.co_name}"


def _link_text(link: Link) -> str:
    return f"{link.how} {link.glance.kind}: {link.glance.message}".removesuffix(": ")
