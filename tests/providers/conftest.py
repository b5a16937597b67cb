"""What the tests of this floor share: a manager that is closed with nothing left, the real server, and a fair clock."""

from __future__ import annotations

import asyncio

import pytest
from dialect import Dialect
from dialects import ALL
from llama_server import llama_endless, llama_server, llama_with_key  # noqa: F401
from managed_providers import Managed, managed
from own_time import keep_own_time


@pytest.fixture(name="managed")
def managed_fixture() -> Managed:
    return managed


@pytest.fixture
def loop(loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch) -> asyncio.AbstractEventLoop:
    """Servers and clients share its thread: a busy machine that stops both is not taken for a silent server."""
    return keep_own_time(loop, monkeypatch)


@pytest.fixture(params=ALL.values(), ids=list(ALL))
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return request.param
