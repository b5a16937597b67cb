"""Reports to a NATS server, each as one JSON message.

Owns what is published and when a connection is opened and left. A batch counts as sent when the server has confirmed
it; if the connection is lost before, all of it is sent again: at least once, told apart by `id` and `count`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from .nats_address import NatsTarget, check_subject
from .nats_connection import NatsConnection, Patience
from .report import Report
from .sink import SinkTrouble

CUT = "cut_from_bytes"
"""In a message that had to be shortened: how long it would have been."""


class NatsSink:
    """`target` is asked whenever a connection is opened, so that settings may change."""

    name = "NATS"

    def __init__(self, target: Callable[[], NatsTarget], patience: Patience | None = None) -> None:
        self._target = target
        self._patience = patience or Patience()
        self._connection: NatsConnection | None = None
        self._subject = ""
        self._tried = target()

    @property
    def on(self) -> bool:
        return bool(self._target().server.strip())

    @property
    def place(self) -> str:
        target = self._target()
        check_subject(target.subject)
        return str(target.address) if self.on else ""

    @property
    def outdated(self) -> bool:
        return self._target() != self._tried

    async def send(self, reports: Sequence[Report]) -> None:
        """Raises SinkTrouble. The connection stays open, unless something went wrong with it."""
        connection = await self._connected()
        payloads = [encode(report, connection.max_payload) for report in reports]
        try:
            await connection.publish(self._subject, payloads)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """There is nothing to flush: what `send` did not see confirmed is still the caller's."""
        connection, self._connection = self._connection, None
        if connection:
            await connection.close()

    async def _connected(self) -> NatsConnection:
        if self._connection and not self._connection.alive:
            await self.close()
        if self._connection is None:
            target = self._tried = self._target()
            self._subject = check_subject(target.subject)
            self._connection = await NatsConnection.open(target.address, self._patience)
        return self._connection


def encode(report: Report, limit: int) -> bytes:
    """The message: an object with the fields of `Report`. Cut to `limit` bytes, its texts shortened alike.

    Raises SinkTrouble if not even the bones fit.
    """
    payload = _json(report, longest=None, whole=0)
    whole = longest = len(payload)
    while len(payload) > limit:
        if not longest:
            raise SinkTrouble(
                f"The NATS server takes only {limit} bytes at once, too little for a report.", retry=False
            )
        longest //= 2
        payload = _json(report, longest=longest, whole=whole)
    return payload


def _json(report: Report, *, longest: int | None, whole: int) -> bytes:
    """`longest`: characters of each text and entries of each list; None for all."""
    fields: dict[str, object] = {
        "id": report.id,
        "severity": report.severity,
        "kind": report.kind[:longest],
        "message": report.message[:longest],
        "origin": report.origin[:longest],
        "first": report.first,
        "last": report.last,
        "count": report.count,
        "context": {name[:longest]: text[:longest] for name, text in list(report.context.items())[:longest]},
        "trace": [line[:longest] for line in report.trace[:longest]],
    }
    if whole:
        fields[CUT] = whole
    return json.dumps(fields, ensure_ascii=False).encode(errors="replace")
