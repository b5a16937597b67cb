"""TLS has a buffer of its own: what comes of it in one step is small as well, or Qt waits while it is parsed."""

from __future__ import annotations

import asyncio
import ssl

import pytest
import trustme
from certificates import server_side
from nuke_ai_panel.panel.loop.pieces import PIECE
from qt_host import running

SENT = 20 * PIECE


class Pieces(asyncio.Protocol):
    """The sizes of what comes, until all of it is here."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.all_here, self.gone = asyncio.Event(), asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.sizes.append(len(data))
        if sum(self.sizes) == SENT:
            self.all_here.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()


@pytest.mark.parametrize("how", ["at once", "as a proxy's tunnel is"])
async def test_tls_is_read_in_small_pieces(how: str):
    authority, loop = trustme.CA(), running()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes(SENT))
        await reader.read()
        writer.close()

    tls = server_side(authority, "127.0.0.1")
    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
        port, pieces = server.sockets[0].getsockname()[1], Pieces()
        if how == "at once":
            transport, _ = await loop.create_connection(
                lambda: pieces, "127.0.0.1", port, ssl=trusting, server_hostname="127.0.0.1"
            )
        else:
            plain, _ = await loop.create_connection(asyncio.Protocol, "127.0.0.1", port)
            found = await loop.start_tls(plain, pieces, trusting, server_hostname="127.0.0.1")
            assert found is not None
            transport = found
        await pieces.all_here.wait()
        transport.close()
        await pieces.gone.wait()
    # What is left of a record joins the next piece.
    assert max(pieces.sizes) < 2 * PIECE, pieces.sizes
