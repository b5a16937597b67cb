"""Where a value in force comes from, and who decides it if not the user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Layer = Literal["default", "studio", "user", "environment"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from. `place`: the path of the studio's file, or the name of the variable."""

    layer: Layer = "default"
    place: str = ""
    locked: bool = False

    @property
    def decided_by(self) -> str:
        """Who decides it instead of the user, as a sentence; "" where the user does."""
        if self.locked:
            return f"Decided by your studio ({self.place})."
        return f"Set by the variable {self.place}." if self.layer == "environment" else ""


NOWHERE = Origin()


@dataclass(frozen=True, slots=True)
class InForce:
    """One value that is not the default, in words."""

    id: str
    value: str
    layer: Layer
    place: str = ""
    locked: bool = False
