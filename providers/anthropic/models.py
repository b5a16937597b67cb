"""The model list of the Anthropic API, page by page, with what it says that others do not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from ..api.model_lists import models_in
from ..api.wire_format import ApiCalls
from ..base import Model
from ..messages import JSON
from ..wire.json_values import as_count, as_list, as_object, as_text

_PATH = "/models?limit=1000"
_MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class Page:
    """`after`: where the next one goes on, "" after the last."""

    models: tuple[Model, ...]
    after: str = ""


async def all_models(calls: ApiCalls) -> tuple[Model, ...]:
    """The whole list, each model once. Raises ProviderError."""
    known: dict[str, Model] = {}
    path = _PATH
    after = ""
    for _ in range(_MOST_PAGES):
        page = await calls.get(path, page_in)
        for model in page.models:
            known.setdefault(model.id, model)
        if page.after in ("", after):
            break
        after = page.after
        path = f"{_PATH}&after_id={quote(after, safe='')}"
    return tuple(known.values())


def page_in(document: JSON) -> Page | None:
    """The models of one page that can still be asked; None if this is no model list."""
    listed = models_in(document)
    if listed is None:
        return None
    envelope = as_object(document)
    entries = {as_text(entry.get("id")): entry for entry in map(as_object, as_list(envelope.get("data")))}
    told = [(model, entries.get(model.id, {})) for model in listed]
    alive = tuple(_with_facts(model, entry) for model, entry in told if entry.get("lifecycle") != "retired")
    return Page(alive, as_text(envelope.get("last_id")) if envelope.get("has_more") is True else "")


def _with_facts(model: Model, entry: dict[str, JSON]) -> Model:
    capabilities = as_object(entry.get("capabilities"))
    images = _supported(capabilities.get("image_input"))
    return replace(
        model,
        context=as_count(entry.get("max_input_tokens")) or model.context,
        output=as_count(entry.get("max_tokens")),
        images=model.images if images is None else images,
        reasoning=_thinks(as_object(capabilities.get("thinking"))),
    )


def _thinks(thinking: dict[str, JSON]) -> bool | None:
    """Whether it thinks in the way in which we ask for it: by itself, as long as it takes."""
    adaptive = _supported(as_object(thinking.get("types")).get("adaptive"))
    return _supported(thinking) if adaptive is None else adaptive


def _supported(capability: JSON) -> bool | None:
    found = as_object(capability).get("supported", capability)
    return found if isinstance(found, bool) else None
