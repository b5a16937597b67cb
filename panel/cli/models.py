"""`models`: which models a provider has, from the list that is known or, if that is old, from the provider."""

from __future__ import annotations

from ...providers.base import Model
from ...providers.errors import ProviderError
from ..app import Application
from ..models import ModelList
from ..models.words import facts_of, list_words
from . import terminal
from .output import say, tell
from .terminal import Interrupts
from .who import NoSuchProvider, choose


def models(provider: str | None, base_url: str | None, *, refresh: bool, as_json: bool) -> int:
    """The command. `refresh` asks the provider in any case.

    Exit code 1 when it does not tell, 2 when the address is none.
    """

    async def main(_: Interrupts) -> int:
        async with terminal.application() as app:
            try:
                chosen = choose(app, provider, base_url)
            except NoSuchProvider as error:
                tell(str(error))
                return terminal.BAD_INPUT
            return await _models(app, chosen, refresh, as_json)

    return terminal.run(main)


async def _models(app: Application, provider: str, refresh: bool, as_json: bool) -> int:
    try:
        found = await (app.models.asked if refresh else app.models.recent)(provider)
    except ProviderError as error:
        if as_json:
            terminal.print_json({"error": terminal.as_json(error.problem)})
        else:
            terminal.complain(error.problem)
        return terminal.code_of(error.problem)
    age = app.models.age(found)
    if as_json:
        terminal.print_json(_as_json(found, age))
    else:
        _print_table(found.models)
        tell(list_words(len(found.models), age))
    return 0


def _as_json(found: ModelList, age: float) -> dict[str, object]:
    return {
        "provider": found.provider,
        "url": found.url,
        "age_seconds": round(age, 3),
        "models": [_model(model) for model in found.models],
    }


def _model(model: Model) -> dict[str, object]:
    return {
        "id": model.id,
        "label": model.label,
        "context": model.context,
        "output": model.output,
        "tools": model.tools,
        "images": model.images,
        "reasoning": model.reasoning,
        "loaded": model.loaded,
        "input_price": model.input_price,
        "output_price": model.output_price,
    }


def _print_table(models: tuple[Model, ...]) -> None:
    wide = max((len(model.id) for model in models), default=0)
    if models:
        say("\n".join(f"{model.id:<{wide}}  {facts_of(model)}".rstrip() for model in models))
