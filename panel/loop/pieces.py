"""How much of a stream is read at a time: little, since a step is never interrupted and Qt waits for it."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from .base import Base

if TYPE_CHECKING:
    from .base import SocketTransport, SSLTransport

PIECE = 16 * 1024
"""Bytes. With asyncio's 256 KiB of buffered events, parsed in one step and consumed in another, Qt waited for 50 ms."""


class PiecewiseLoop(Base):
    """A loop whose connections read in pieces of `PIECE` bytes, with TLS and without."""

    def _make_socket_transport(self, *args: object, **options: object) -> SocketTransport:
        transport = super()._make_socket_transport(*args, **options)
        transport.max_size = PIECE
        return transport

    def _make_ssl_transport(self, *args: object, **options: object) -> SSLTransport:
        return _in_pieces(super()._make_ssl_transport(*args, **options))

    async def start_tls(self, *args: Any, **options: Any) -> asyncio.Transport | None:
        transport = await super().start_tls(*args, **options)
        return transport and _in_pieces(cast("SSLTransport", transport))


def _in_pieces(transport: SSLTransport) -> SSLTransport:
    """TLS reads into a buffer of its own, whatever the transport below it is set to."""
    protocol = transport._ssl_protocol
    protocol.max_size = PIECE
    protocol._ssl_buffer = bytearray(PIECE)
    protocol._ssl_buffer_view = memoryview(protocol._ssl_buffer)
    return transport
