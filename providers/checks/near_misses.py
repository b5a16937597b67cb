"""What can be found out about an address that is nearly right: another path, another scheme, another kind of server.

Asks the server only, at other paths; the user is told what to choose, and chooses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ..address import other_forms, parse_address, spelling_of
from ..base import Provider
from ..catalog import PROVIDERS
from ..errors import Problem, ProviderError

if TYPE_CHECKING:
    from ..http import HttpSession, Reply

_TRADEMARKS = (
    ("ollama", "/", b"Ollama is running"),
    ("lmstudio", "/", b"Unexpected endpoint or method"),
    ("lmstudio", "/api/v1/models", b'"loaded_instances"'),
    ("llama_cpp", "/props", b'"default_generation_settings"'),
)
"""By what a local server gives itself away, at which path."""


class NearMiss:
    """A base URL at which the test of a provider failed. `seconds` for all that is asked there."""

    def __init__(
        self,
        provider_id: str,
        url: str,
        seconds: float,
        *,
        open_session: Callable[[str], HttpSession],
        open_provider: Callable[[str], Provider],
    ) -> None:
        self._provider_id = provider_id
        self._url = url
        self._seconds = seconds
        self._open_session = open_session
        self._open_provider = open_provider

    async def hinted(self, problem: Problem, step: str) -> Problem:
        """What can be found out about an address that is nearly right."""
        match problem.kind:
            case "not_an_api":
                return await self._with_place(problem)
            case "http_on_tls" | "tls_on_http":
                return replace(problem, address=self._with_other_scheme(step))
            case _:
                return problem

    async def _with_place(self, problem: Problem) -> Problem:
        """A wrong path is often a /v1 too many or too few, or the path of another kind of server: if something else
        is found there, the user is told what to choose.
        """
        name = form = ""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                name = await self._known_server()
                form = await self._other_form()
        there = spelling_of(form) if form else ""
        if name:
            use = f", or use the address {there}" if there else ""
            return replace(problem, next=f"This is {name}: choose it as the provider{use}.", address=there)
        return replace(problem, next=f"It answers at {there}: use that address.", address=there) if there else problem

    def _with_other_scheme(self, step: str) -> str:
        """What the server speaks; "" where a proxy is meant, and where encryption would be given up on the internet."""
        address = parse_address(self._url)
        if address.scheme == "http":
            return spelling_of(replace(address, scheme="https").url)
        return spelling_of(replace(address, scheme="http").url) if step == "TLS" and address.local else ""

    async def _other_form(self) -> str:
        """The base URL at which it answers, "" if at none."""
        for other in other_forms(self._url):
            with suppress(ProviderError):
                await self._open_provider(other).models()
                return other
        return ""

    async def _known_server(self) -> str:
        """The name of the local server that is there, if it is not the one that was chosen. No key is sent."""
        session, origin = self._open_session(self._url), parse_address(self._url).origin
        seen: dict[str, Reply] = {}
        for known, path, mark in _TRADEMARKS:
            with suppress(ProviderError):
                reply = seen[path] = seen.get(path) or await session.get(origin + path, {})
                if mark in reply.body:
                    return PROVIDERS[known].label if known != self._provider_id else ""
        return ""
