"""The fixture `nuke`: a program like Nuke with the pane registered, for tests on one thread with it.

from docked_nuke import answering, fake_nuke, nuke  # noqa: F401
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fake_nuke import fake_nuke  # noqa: F401
from fault_server import Handler
from host_harness import NukeLike
from nuke_ai_panel.panel import dock
from nuke_ai_panel.panel import settings as options
from nuke_ai_panel.panel.settings import ProviderSettings, Settings, save, settings_path
from thread_server import Served, served


@pytest.fixture
def nuke(qapp: Any, fake_nuke: Any) -> Iterator[NukeLike]:  # noqa: F811
    """At its end nothing of ours may be left."""
    program = NukeLike(qapp, fake_nuke)
    dock.register()
    yield program
    program.close()
    _wait_for_imports()
    assert program.docking is None


def _wait_for_imports() -> None:
    """A pane that went early leaves its import behind: later, it would find another `nuke` than the test's."""
    for thread in threading.enumerate():
        if thread.name == "nuke-ai-panel import":
            thread.join()


@contextmanager
def answering(handler: Handler) -> Iterator[None]:
    """An artist whose answers come from this server."""
    with served(handler) as server:
        _ask_it(server)
        yield


def _ask_it(server: Served) -> None:
    settings = Settings()
    settings.set(options.PROVIDER, "compatible")
    settings.set_provider("compatible", ProviderSettings(server.url, "tiny"))
    save(settings.changes, settings_path())
