"""What the tests of this floor share: a manager that is closed with nothing left, and the real server."""

from __future__ import annotations

import pytest
from llama_server import llama_endless, llama_server, llama_with_key  # noqa: F401
from managed_providers import Managed, managed


@pytest.fixture(name="managed")
def managed_fixture() -> Managed:
    return managed
