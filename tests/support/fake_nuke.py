"""The fixture `fake_nuke`: for one test `import nuke` gives the fake, with an empty, unsaved script in it.

    from fake_nuke import fake_nuke  # noqa: F401

The module object is the same in every test, so that a product module may import it at its top. A script comes in by
`fake_nuke.scriptReadText(text)` or `fake_nuke.scriptOpen(path)`. Using Nuke in a way that hangs, crashes or computes
fails the test at its end, also where the exception was swallowed.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FAKES = Path(__file__).parent.parent / "fakes"
_kept: dict[str, ModuleType] = {}
_NAMES = ("nuke", "nukescripts")


@pytest.fixture
def fake_nuke(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The fake module. Its own `_misuses` are emptied by a test that breaks a rule on purpose."""
    monkeypatch.setattr(sys, "path", [str(FAKES), *sys.path])
    sys.modules.update(_kept)
    importlib.invalidate_caches()
    nuke = importlib.import_module("nuke")
    nuke._reset()
    try:
        yield nuke
    finally:
        misuses = list(nuke._misuses)
        nuke._reset()
        for name in _NAMES:
            if module := sys.modules.pop(name, None):
                _kept[name] = module
    assert not misuses, "\n".join(misuses)
