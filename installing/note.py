"""`installed.json`: what has to be known when everything is taken out again, and cannot be seen any more."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from .disk import replace_file
from .target import PYTHON

FILE = "installed.json"


@dataclass(frozen=True)
class Note:
    made: frozenset[str] = frozenset()
    """What was not there before us, and goes with us: of `folder` and `menu.py`."""
    kept: str = ""
    """The release before the one that is started."""
    python: str | None = None
    """A Python like Nuke's, for programs that the panel starts."""

    @classmethod
    def read(cls, site: Path) -> Note:
        """One that somebody broke is none."""
        try:
            stored = json.loads((site / FILE).read_bytes())
            made, kept = frozenset(map(str, stored["made"])), str(stored.get("kept", ""))
            return cls(made, kept, _python() or stored.get("python"))
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            return cls(python=_python())

    def write(self, site: Path) -> None:
        """Touches nothing where it is written already."""
        facts = {"made": sorted(self.made), "kept": self.kept, "python": self.python}
        data, path = json.dumps(facts, indent=2).encode(), site / FILE
        if not path.exists() or path.read_bytes() != data:
            replace_file(path, data)


def _python() -> str | None:
    """This one, where it fits. Inside Nuke the executable is Nuke."""
    fits = sys.version_info[:2] == PYTHON and Path(sys.executable).name.lower().startswith("python")
    return sys.executable if fits else None
