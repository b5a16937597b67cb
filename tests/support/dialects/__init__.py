"""One module for each wire format; `ALL` has them by name."""

from __future__ import annotations

import importlib
import importlib.util

from dialect import Dialect

# Until all of them are there.
ALL: dict[str, Dialect] = {
    name: importlib.import_module(f"{__name__}.{name}").DIALECT
    for name in ("openai_chat", "openai_responses", "anthropic", "gemini", "ollama")
    if importlib.util.find_spec(f"{__name__}.{name}")
}
