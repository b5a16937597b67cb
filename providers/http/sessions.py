"""The sessions that there are: made, counted and closed here, all with the same trust and the same way out.

Owns the one TLS context of all connections, which is made on a thread and anew when the settings change.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from ..address import parse_address
from ..base import RunBlocking
from ..errors import Service
from ..limits import Limits
from ..network import Network
from ..network.certificates import Trust, load_trust
from ..redact import Redactor
from .routes import PasswordFor, Route, Routes
from .session import HttpSession

_TRUST_DEADLINE = 5.0
"""Seconds for reading certificates, which takes 0.03: the file may lie on a share that does not answer."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What one set of network settings means for a session."""

    network: Network
    trust: Trust
    routes: Routes


class HttpSessions:
    """Makes, counts and closes the sessions. `use` says how they get out, and comes first."""

    def __init__(
        self, *, limits: Limits, redactor: Redactor, run_blocking: RunBlocking, password_for: PasswordFor
    ) -> None:
        self.limits = limits
        self.redactor = redactor
        self._run_blocking = run_blocking
        self._password_for = password_for
        self._surroundings: Surroundings | None = None
        self._changing = asyncio.Lock()
        self._open: list[HttpSession] = []

    @property
    def open(self) -> tuple[str, ...]:
        """The names of the sessions that are not closed."""
        return tuple(session.name for session in self._open)

    @property
    def surroundings(self) -> Surroundings:
        """What is in use."""
        assert self._surroundings is not None, "`use` comes first"
        return self._surroundings

    def sockets(self) -> tuple[tuple[str, int], ...]:
        """The name of each open session and how many connections it holds, in use or kept for the next request."""
        return tuple((session.name, session.sockets) for session in self._open)

    async def use(self, network: Network) -> Surroundings:
        """From now on sessions are opened with these settings; those that are open keep theirs."""
        async with self._changing:
            known = self._surroundings
            if known is not None and known.network == network:
                return known
            trust = await self._load(network.ca_file)
            routes = Routes(
                network, password_for=self._password_for, run_blocking=self._run_blocking, redactor=self.redactor
            )
            self._surroundings = Surroundings(network, trust, routes)
            return self._surroundings

    def open_session(self, name: str, service: Service, origin: str) -> HttpSession:
        """A new session that speaks to `origin` and to nobody else. To be called on the loop, after `use`."""
        trust, routes = self.surroundings.trust, self.surroundings.routes

        async def route() -> Route:
            return await routes.to(parse_address(origin), service, self.limits.connect)

        session = HttpSession(
            name,
            service,
            origin,
            trust=trust,
            route=route,
            limits=self.limits,
            redactor=self.redactor,
            on_close=self.forget,
        )
        self._open.append(session)
        return session

    def forget(self, session: HttpSession) -> None:
        """For sessions that close themselves."""
        if session in self._open:
            self._open.remove(session)

    async def close(self) -> tuple[str, ...]:
        """Closes all sessions; gives the names of those that nobody had closed."""
        left = self.open
        for session in tuple(self._open):
            await session.close()
        return left

    async def _load(self, ca_file: str) -> Trust:
        """A file that hangs on its disk is done without, as is one that cannot be read."""
        try:
            return await self._run_blocking(load_trust, ca_file, deadline=_TRUST_DEADLINE)
        except TimeoutError:
            trust = await self._run_blocking(load_trust, "", deadline=_TRUST_DEADLINE)
            return replace(trust, trouble=f"{ca_file} cannot be read: its disk does not answer.")
