"""What the common node classes do. Owns the look-up in `resources/classes.toml`, nothing about any script."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...resources import path


@dataclass(frozen=True, slots=True)
class NodeClass:
    """`does` continues "this node ..."; `work` is a kind of work such as "keying"; `inputs` are the inputs' names."""

    does: str
    work: str
    inputs: tuple[str, ...]


class Reference:
    """Read on first use."""

    def find(self, class_name: str) -> NodeClass | None:
        """By the class as written, then without its version number; an OFX plug-in by the last part of its name."""
        name = class_name.lower().rpartition(".")[2]
        for candidate in (name, re.sub(r"_?v?\d+$", "", name)):
            if candidate in self._classes:
                return self._classes[candidate]
        return None

    @cached_property
    def _classes(self) -> dict[str, NodeClass]:
        table: dict[str, Any] = tomllib.loads(path("classes.toml").read_text(encoding="utf-8"))
        return {
            name.lower(): NodeClass(row["does"], row["work"], tuple(row.get("inputs", ("image",))))
            for name, row in table.items()
        }
