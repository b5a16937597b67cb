"""A `fault_server` on a thread of its own, for tests whose own thread belongs to a host."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fault_server import Call, FaultServer, Handler, chat, chunk, fault_server
from on_a_thread import on_a_thread


class Served:
    """A running server."""

    def __init__(self, server: FaultServer) -> None:
        self.server = server

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def posts(self) -> list[Call]:
        return [call for call in tuple(self.server.calls) if call.method == "POST"]

    @property
    def left_alone(self) -> bool:
        """Every client has closed its connection."""
        return all(call.gone.is_set() for call in tuple(self.server.calls))


class Pieces:
    """A handler whose answer comes piece by piece, each when the test says `go`."""

    def __init__(self, *pieces: str) -> None:
        self._pieces = pieces
        self._gates = [threading.Event() for _ in pieces]

    def go(self) -> None:
        next(gate for gate in self._gates if not gate.is_set()).set()

    async def __call__(self, call: Call) -> None:
        call.keep_open = True
        await call.begin()
        for piece, gate in zip(self._pieces, self._gates, strict=True):
            while not gate.is_set() and not call.gone.is_set():
                await call.pause(0.002)
            if call.gone.is_set():
                return
            await call.part(chunk(piece))
        for event in chat():
            await call.part(event)
        await call.end()


@contextmanager
def served(handler: Handler) -> Iterator[Served]:
    with on_a_thread(fault_server(handler)) as server:
        yield Served(server)
