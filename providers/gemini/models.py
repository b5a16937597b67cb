"""The model list: pages of it, reduced to the models that answer questions."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from ..api.wire_format import ApiCalls
from ..base import Model
from ..messages import JSON
from ..wire.json_values import as_count, as_list, as_object, as_text

PREFIX = "models/"
"""What stands before the ids in the list; users need not type it."""

_PATH = "/models?pageSize=1000"
_MOST_PAGES = 20
"""A list that has more of them does not end."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list. `next` is its successor's token, "" for none."""

    models: tuple[Model, ...]
    next: str


async def all_models(calls: ApiCalls) -> tuple[Model, ...]:
    """The models of all pages, each once and in their order. Raises ProviderError."""
    page = await calls.get(_PATH, page_in)
    models = [*page.models]
    for _ in range(_MOST_PAGES - 1):
        if not page.next:
            break
        page = await calls.get(f"{_PATH}&pageToken={quote(page.next, safe='')}", _later_page_in)
        models += page.models
    found: dict[str, Model] = {}
    for model in models:
        found.setdefault(model.id, model)
    return tuple(found.values())


def page_in(document: JSON) -> Page | None:
    """A page; None if this is none."""
    listed = as_object(document).get("models")
    if not isinstance(listed, list):
        return None
    entries = [as_object(entry) for entry in listed]
    models = tuple(model for entry in entries if _answers(entry) and (model := _model(entry)).id)
    return Page(models, as_text(as_object(document).get("nextPageToken")))


def _later_page_in(document: JSON) -> Page | None:
    """As `page_in`; Google leaves out what is empty, so a page after the first may have no list at all."""
    return Page((), "") if document == {} else page_in(document)


def _answers(entry: dict[str, JSON]) -> bool:
    """Other models embed text or make pictures. An entry that does not say what it does is not left out for that."""
    methods = entry.get("supportedGenerationMethods")
    return methods is None or "generateContent" in as_list(methods)


def _model(entry: dict[str, JSON]) -> Model:
    name, thinking = as_text(entry.get("name")), entry.get("thinking")
    return Model(
        id=name.removeprefix(PREFIX),
        label=as_text(entry.get("displayName")),
        context=as_count(entry.get("inputTokenLimit")),
        output=as_count(entry.get("outputTokenLimit")),
        reasoning=thinking if isinstance(thinking, bool) else None,
        aliases=(name,) if name.startswith(PREFIX) else (),
    )
