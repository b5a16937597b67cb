"""How a model and the age of a list are told to people. Pure functions."""

from __future__ import annotations

from ...providers.base import Model

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def facts_of(model: Model) -> str:
    """What is known of a model, such as "200k, tools, images, $3 / $15"; of what is not known, nothing."""
    known = (
        _tokens(model.context),
        "tools" if model.tools else "",
        "images" if model.images else "",
        "thinks" if model.reasoning else "",
        "loaded" if model.loaded else "",
        _price(model),
    )
    return ", ".join(word for word in known if word)


def list_words(count: int, age: float | None = None) -> str:
    """Such as "42 models, 3 minutes old"."""
    counted = f"{count:,} model{'' if count == 1 else 's'}"
    return counted if age is None else f"{counted}, {_age(age)}"


def _age(seconds: float) -> str:
    for size, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'' if count == 1 else 's'} old"
    return "just listed"


def _tokens(count: int | None) -> str:
    if not count:
        return ""
    if count < 1000:
        return str(count)
    return f"{count // 1000}k" if count < 1_000_000 else f"{count / 1_000_000:.3g}M"


def _price(model: Model) -> str:
    """Of a million tokens that are read, and that are written."""
    prices = (model.input_price, model.output_price)
    if prices == (0, 0):
        return "free"
    if None in prices:
        return ""
    return " / ".join(f"${price:.3g}" for price in prices if price is not None)
