"""Model lists on disk: one JSON file for each provider and address, with the time at which it was listed.

Owns the files, which hold names and figures and nothing secret. Whatever cannot be read is as if it were not there.
Everything here may hang as a disk does: it is called on threads.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

from ...providers.base import Model
from ...providers.messages import JSON
from ...providers.wire.json_values import as_count, as_list, as_object, as_text, parse_json
from ..files import replace_file
from ..folders import own_folder

VERSION = 1
MOST_MODELS = 20_000
MOST_BYTES = 8 * 2**20
MOST_FILES = 64
"""Of the addresses that were asked; the ones that were listed longest ago go first."""


def cache_folder() -> Path:
    """Where the lists are on this system; it may be emptied at any time. Relative where there is no home folder."""
    return own_folder("cache") / "models"


@dataclass(frozen=True, slots=True)
class ModelList:
    """What a provider listed at an address. `taken`: when, in seconds since 1970."""

    provider: str
    url: str
    taken: float
    models: tuple[Model, ...]

    def age(self, now: float) -> float:
        """In seconds; 0 if the clock was set back meanwhile."""
        return max(0.0, now - self.taken)


class ModelCache:
    """The files of one folder. `clean` takes keys out of a text; a list in which it finds one is not kept."""

    def __init__(self, folder: Path, clean: Callable[[str], str]) -> None:
        self._folder = folder
        self._clean = clean

    def read(self, provider_id: str, url: str) -> ModelList | None:
        try:
            with open(self._place(provider_id, url), "rb") as file:
                content = file.read(MOST_BYTES + 1)
            document = as_object(parse_json(content)) if len(content) <= MOST_BYTES else {}
        except (OSError, ValueError):
            return None
        taken = _number(document.get("taken"))
        same = (document.get("provider"), document.get("url")) == (provider_id, url)
        if document.get("version") != VERSION or not same or taken is None:
            return None
        models = (_model_in(as_object(entry)) for entry in as_list(document.get("models"))[:MOST_MODELS])
        return ModelList(provider_id, url, taken, tuple(model for model in models if model.id))

    def write(self, found: ModelList) -> None:
        """Raises OSError. Without a home folder nothing is kept."""
        if not self._folder.is_absolute():
            return
        document = {
            "version": VERSION,
            "provider": found.provider,
            "url": found.url,
            "taken": found.taken,
            "models": [_kept(model) for model in found.models[:MOST_MODELS]],
        }
        text = json.dumps(document, separators=(",", ":"))
        if len(text) <= MOST_BYTES and self._clean(text) == text:
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_file(self._place(found.provider, found.url), text.encode("ascii"))
            self._keep_few()

    def _place(self, provider_id: str, url: str) -> Path:
        name = hashlib.sha256(f"{provider_id}\n{url}".encode("utf-8", "replace")).hexdigest()
        return self._folder / f"{name[:32]}.json"

    def _keep_few(self) -> None:
        newest_first = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in newest_first[MOST_FILES:]:
            path.unlink(missing_ok=True)


def _kept(model: Model) -> dict[str, object]:
    """What is known of a model, without what changes by the minute."""
    values = ((field.name, getattr(model, field.name), field.default) for field in fields(model))
    return {name: value for name, value, default in values if value != default and name != "loaded"}


def _model_in(entry: dict[str, JSON]) -> Model:
    return Model(
        id=as_text(entry.get("id")),
        label=as_text(entry.get("label")),
        context=as_count(entry.get("context")),
        tools=_flag(entry.get("tools")),
        images=_flag(entry.get("images")),
        output=as_count(entry.get("output")),
        reasoning=_flag(entry.get("reasoning")),
        input_price=_number(entry.get("input_price")),
        output_price=_number(entry.get("output_price")),
        aliases=tuple(name for alias in as_list(entry.get("aliases")) if (name := as_text(alias))),
    )


def _flag(value: JSON) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: JSON) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and abs(value) < 1e15 else None
