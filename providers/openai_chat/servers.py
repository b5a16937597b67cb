"""What the servers behind the format offer beside it: their own model lists, and who they are.

Owns which endpoint is asked, and what is asked where there is none; their shapes are read elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..api.model_lists import models_in
from ..api.wire_format import ApiCalls
from ..base import Model
from ..errors import ProviderError
from ..messages import JSON
from ..wire.json_values import as_object, as_text
from . import litellm, lm_studio
from .quirks import Server

T = TypeVar("T")


async def listed_models(calls: ApiCalls, server: Server) -> tuple[Model, ...]:
    """The list that says most. Raises ProviderError."""
    match server:
        case "lmstudio":
            newest = await _if_there(calls, _root(calls) + lm_studio.NEWEST, lm_studio.models_in_newest)
            if newest is not None:
                return newest
            older = await _if_there(calls, _root(calls) + lm_studio.OLDER, lm_studio.models_in_older)
            return await calls.get("/models", models_in) if older is None else older
        case "litellm":
            models = await calls.get("/models", models_in)
            facts = await _if_allowed(calls, _root(calls) + litellm.INFO, litellm.facts_in)
            return litellm.with_facts(models, facts) if facts else models
        case "azure":
            await calls.get("/models", models_in)  # what could be deployed; what is deployed under which name it hides
            return ()
        case _:
            return await calls.get("/models", models_in)


async def who_answers(calls: ApiCalls, server: Server) -> str:
    """The name of the server by a public endpoint of its own; "" where none tells. Raises ProviderError."""
    root = _root(calls)
    match server:
        case "lmstudio":
            if await _if_allowed(calls, root + lm_studio.NEWEST, lm_studio.models_in_newest) is not None:
                return "LM Studio"
            older = await _if_allowed(calls, root + lm_studio.OLDER, lm_studio.models_in_older)
            return "" if older is None else "LM Studio, before 0.4"
        case "llama_cpp":
            return await _if_allowed(calls, f"{root}/health", _llama_cpp) or ""
        case "vllm":
            return await _if_allowed(calls, f"{root}/version", _vllm) or ""
        case _:
            return ""


def _llama_cpp(document: JSON) -> str | None:
    return "llama.cpp server" if as_object(document).get("status") == "ok" else None


def _vllm(document: JSON) -> str | None:
    version = as_text(as_object(document).get("version"))
    return f"vLLM {version[:40]}" if version else None


def _root(calls: ApiCalls) -> str:
    """What stands beside the format's own endpoints, which are under /v1."""
    return calls.endpoint.base_url.removesuffix("/v1")


async def _if_there(calls: ApiCalls, path: str, read: Callable[[JSON], T | None]) -> T | None:
    """What is read at `path`, or None where the server has no such thing. Raises ProviderError."""
    try:
        return await calls.get(path, read)
    except ProviderError as error:
        if error.problem.kind == "not_an_api":
            return None
        raise


async def _if_allowed(calls: ApiCalls, path: str, read: Callable[[JSON], T | None]) -> T | None:
    """As `_if_there`; None also where the server says no. Raises ProviderError if it is loading, or not reached."""
    try:
        return await _if_there(calls, path, read)
    except ProviderError as error:
        if error.problem.status is None or error.problem.kind == "model_loading":
            raise
        return None
