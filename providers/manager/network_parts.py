"""The network parts: imported when first needed, on a thread, since that takes longer than a window.

Owns the sessions and the settings that they are opened with. It knows no provider.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ..base import RunBlocking
from ..errors import ProviderError, problem
from ..limits import Limits
from ..network import Network
from ..redact import Redactor

if TYPE_CHECKING:
    from ..http import HttpSessions
    from ..http.routes import PasswordFor

_IMPORT_DEADLINE = 60.0


class NetworkParts:
    """`network` may be changed at any time; it counts from the next `ready` on."""

    def __init__(
        self,
        *,
        network: Network,
        limits: Limits,
        run_blocking: RunBlocking,
        proxy_password: PasswordFor,
        redactor: Redactor,
    ) -> None:
        self.network = network
        self._limits = limits
        self._run_blocking = run_blocking
        self._proxy_password = proxy_password
        self._redactor = redactor
        self._sessions: HttpSessions | None = None

    @property
    def limits(self) -> Limits:
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._limits = limits
        if self._sessions is not None:
            self._sessions.limits = limits

    @property
    def open(self) -> tuple[str, ...]:
        """The names of the sessions that are not closed."""
        return self._sessions.open if self._sessions else ()

    def sockets(self) -> tuple[tuple[str, int], ...]:
        """The name of each open session and how many connections it holds."""
        return self._sessions.sockets() if self._sessions else ()

    async def ready(self) -> HttpSessions:
        """The sessions, to be opened with the settings of this moment. Raises ProviderError."""
        try:
            sessions = await self._loaded()
            while (await sessions.use(self.network)).network != self.network:
                pass  # they were changed meanwhile
        except (ImportError, OSError) as error:  # TimeoutError is an OSError
            reason, detail = "Its network part could not be loaded.", f"{type(error).__name__}: {error}"
            raise ProviderError(problem("unknown", name="The panel", reason=reason, detail=detail)) from error
        return sessions

    async def close(self) -> tuple[str, ...]:
        """Closes all sessions; gives the names of those that nobody had closed."""
        return await self._sessions.close() if self._sessions else ()

    async def _loaded(self) -> HttpSessions:
        if self._sessions is None:
            http = await self._run_blocking(_import_http, deadline=_IMPORT_DEADLINE)
            if self._sessions is None:  # another task may have waited for it too
                self._sessions = http(
                    limits=self._limits,
                    redactor=self._redactor,
                    run_blocking=self._run_blocking,
                    password_for=self._proxy_password,
                )
        return self._sessions


def _import_http() -> type[HttpSessions]:
    return importlib.import_module("..http", __package__).HttpSessions
