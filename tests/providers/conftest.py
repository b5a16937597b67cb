"""Servers and clients of these tests share the loop's thread, and so they share its time."""

from __future__ import annotations

import asyncio

import pytest
from own_time import keep_own_time


@pytest.fixture
def loop(loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch) -> asyncio.AbstractEventLoop:
    """Deadlines of a tenth of a second hold on any machine; a busy one is not taken for a silent server."""
    return keep_own_time(loop, monkeypatch)
