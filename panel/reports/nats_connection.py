"""One connection of nats-py, and all that nats-py leaves on the loop. The only file that knows nats-py.

It is imported late and on a thread: 350 ms. Its own reconnecting is not used, because it tries for two minutes and
keeps what it could not send to itself; `NatsSink` opens a new connection instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..threads import run_blocking
from .nats_address import NatsAddress
from .sink import SinkTrouble

IMPORTING = 30.0
"""Seconds: the wheels may lie on a network drive. A send that gives up earlier finds it imported the next time."""
LETTING_GO = 0.2
"""Seconds for the tasks of nats-py to end after their socket is gone. They need a turn or two of the loop."""
PENDING = 64 * 2**20
"""Bytes that nats-py takes before it stops and waits; more than a batch. That wait swallows a cancel."""

_TASKS = ("_reading_task", "_ping_interval_task", "_flusher_task", "_reconnection_task")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds."""

    connect: float = 2.0
    confirm: float = 2.0


class NatsConnection:
    """Open from `open` to `close`, or until the server or the network ends it."""

    def __init__(self, address: NatsAddress, patience: Patience, nats: Nats) -> None:
        self._address = address
        self._patience = patience
        self._nats = nats
        self._client: Any = nats.client()
        self._client.demands_tls = address.scheme == "tls"
        self._error: Exception | None = None  # the first one since the last batch: a server may go on for ever
        self._ended = asyncio.Event()

    @classmethod
    async def open(cls, address: NatsAddress, patience: Patience) -> NatsConnection:
        """Raises SinkTrouble. Cancelled or failed, it leaves nothing."""
        connection = cls(address, patience, await run_blocking(_load, deadline=IMPORTING))
        try:
            await connection._connect()
        except BaseException:
            await connection.close()
            raise
        return connection

    @property
    def alive(self) -> bool:
        """As far as is known: a server that hangs or is out of reach says nothing."""
        return bool(self._client.is_connected) and not self._client._reading_task.done()

    @property
    def max_payload(self) -> int:
        """Bytes of one message that the server takes."""
        return self._client.max_payload

    async def publish(self, subject: str, payloads: Iterable[bytes]) -> None:
        """Returns when the server has taken all of them. Raises SinkTrouble."""
        self._error = None
        try:
            for payload in payloads:
                await self._client.publish(subject, payload)
            # nats-py writes a PING past what waits in its buffer: the first flush empties that, the second confirms.
            for _ in range(2):
                await self._client.flush(self._patience.confirm)
        except (self._nats.Error, OSError, TimeoutError) as error:
            if self.alive:
                raise self._trouble(error, "did not confirm the reports") from None
        if not self.alive:
            raise SinkTrouble(f"The connection to the NATS server at {self._address} was cut.")
        if self._error:
            raise self._trouble(self._error)

    async def close(self) -> None:
        """Lets go without a flush, which `publish` has done, and without a drain, which waits 20 s for a hung server.

        The socket goes first: everything of nats-py that waits for the server then ends by itself.
        """
        client = self._client
        writer = getattr(client._transport, "_io_writer", None)
        if writer is None:
            return  # nothing was reached, so there is no task either
        writer.transport.abort()
        with contextlib.suppress(self._nats.Error, OSError, TimeoutError):
            async with asyncio.timeout(LETTING_GO):
                # Either this call ends it, or nats-py is at it already in a task that nobody holds.
                await client.close()
                await self._ended.wait()
        tasks: list[asyncio.Task[object]] = [task for name in _TASKS if (task := getattr(client, name))]
        for task in tasks:
            task.cancel()
        if tasks:
            done, _ = await asyncio.wait(tasks, timeout=LETTING_GO)
            for task in done:
                _ = task.cancelled() or task.exception()  # asked for, or asyncio says that nobody did

    async def _connect(self) -> None:
        address, patience = self._address, self._patience
        try:
            # It tries for two minutes, unless it may not wait between two tries and has only two.
            async with asyncio.timeout(patience.connect * 2):
                await self._client.connect(
                    str(address),
                    name="nuke-ai-panel",
                    error_cb=self._on_error,
                    closed_cb=self._on_closed,
                    allow_reconnect=False,
                    max_reconnect_attempts=1,
                    reconnect_time_wait=0,
                    connect_timeout=patience.connect,
                    ping_interval=10**9,  # every batch is confirmed; idle costs nothing
                    pending_size=PENDING,
                    tls=self._nats.tls,
                    **address.login(),
                )
        except (self._nats.Error, OSError, TimeoutError) as error:
            cause = self._error if isinstance(error, self._nats.NoServers) else None
            raise self._trouble(cause or error) from None
        except (ValueError, TypeError, AttributeError, LookupError):  # what it answered made nats-py stumble
            raise SinkTrouble(f"What answers at {address} is no NATS server.") from None
        if not self.alive:
            raise SinkTrouble(f"What answers at {address} is no NATS server.")

    def _trouble(self, error: Exception, otherwise: str = "did not answer") -> SinkTrouble:
        """In words. What the server says is shown without what it is reached with."""
        server = f"The NATS server at {self._address}"
        said = str(error).lower()
        if "authorization" in said or "authentication" in said:
            return SinkTrouble(f"{server} refused the user, password or token in its address.")
        if isinstance(error, self._nats.NotEncrypted):
            return SinkTrouble(f"{server} does not encrypt, which tls:// demands. Nothing was sent.")
        if isinstance(error, ConnectionRefusedError):
            return SinkTrouble(f"There is no NATS server at {self._address}: the connection was refused.")
        if "expecting info" in said or "json parse" in said:
            return SinkTrouble(f"What answers at {self._address} is no NATS server.")
        if isinstance(error, TimeoutError):
            return SinkTrouble(f"{server} {otherwise} in time.")
        detail = self._address.redactor.excerpt(str(error) or type(error).__name__, 200)
        return SinkTrouble(f"{server} cannot be used: {detail}.")

    async def _on_error(self, error: Exception) -> None:
        self._error = self._error or error

    async def _on_closed(self) -> None:
        self._ended.set()


@dataclass(frozen=True, slots=True)
class Nats:
    """What is used of nats-py, as it was found, and the certificates of the system."""

    client: Any
    Error: type[Exception]
    NoServers: type[Exception]
    NotEncrypted: type[Exception]
    tls: Any


def _load() -> Nats:
    """On a thread. Raises SinkTrouble where nats-py is not installed."""
    import ssl

    import truststore

    try:
        base: Any = importlib.import_module("nats.aio.client").Client
        errors: Any = importlib.import_module("nats.errors")
    except ImportError:
        sentence = "Sending reports to NATS needs the package nats-py: pip install 'nuke-ai-panel[nats]'."
        raise SinkTrouble(sentence, retry=False) from None
    tls = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    not_encrypted = errors.SecureConnWantedError

    class Client(base):
        """nats-py accepts a server without encryption at a tls:// address, and tells it the password."""

        demands_tls = False

        def _connect_command(self) -> bytes:
            if self.demands_tls and not self._server_info.get("tls_required"):
                raise not_encrypted
            return base._connect_command(self)

    return Nats(Client, errors.Error, errors.NoServersError, not_encrypted, tls)
