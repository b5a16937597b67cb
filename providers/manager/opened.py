"""The providers that are in use: their settings, their sessions, and the answers that run over them.

Owns the count of what is open, and the end of what new settings have replaced. It opens nothing by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..base import Provider
from ..catalog import ProviderRow

if TYPE_CHECKING:
    from ..http import HttpSession


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """How one provider is set up. An empty `base_url` is the row's own; `model` is asked where a request names none."""

    row: ProviderRow
    base_url: str = ""
    model: str = ""

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def address(self) -> str:
        """As it was typed."""
        return self.base_url or self.row.base_url

    @property
    def url(self) -> str:
        """The base URL that the address means; "" for the guide. Raises ProviderError `bad_address`."""
        return "" if self.row.format == "offline" else self.row.base_url_of(self.address)


@dataclass(frozen=True, slots=True)
class ConnectionStats:
    """What is open of one provider. `name` is its id; while its connection is tested there is a "test of ID" beside it.

    Two sessions: the settings were changed, and the old one waits for its last stream.
    """

    name: str
    sessions: int = 0
    sockets: int = 0
    streams: int = 0


@dataclass(slots=True)
class Opened:
    """A provider that was used, with its session (the guide has none) and the streams that run on it."""

    config: ProviderConfig
    provider: Provider
    session: HttpSession | None
    streams: int = 0
    retired: bool = False

    async def close_if_done(self) -> None:
        if self.retired and not self.streams and self.session is not None:
            await self.session.close()
            self.session = None


class OpenedProviders:
    """One of each provider, and those that were replaced and still have a stream."""

    def __init__(self) -> None:
        self._current: dict[str, Opened] = {}
        self._retired: list[Opened] = []

    def __contains__(self, provider_id: str) -> bool:
        return provider_id in self._current

    def find(self, provider_id: str) -> Opened | None:
        return self._current.get(provider_id)

    def add(self, opened: Opened) -> Opened:
        self._current[opened.config.id] = opened
        return opened

    def retire(self, is_old: Callable[[ProviderConfig], bool]) -> None:
        """Those are opened anew when they are next used."""
        for opened in tuple(self._current.values()):
            if is_old(opened.config):
                del self._current[opened.config.id]
                opened.retired = True
                self._retired.append(opened)

    async def sweep(self) -> None:
        """Closes what was replaced and has no stream any more."""
        for opened in tuple(self._retired):
            await opened.close_if_done()
        # One that was retired while another was being closed stays until the next call.
        self._retired = [opened for opened in self._retired if opened.streams or opened.session]

    async def close(self) -> tuple[str, ...]:
        """Closes all sessions; gives the names of what was still in use."""
        everything = self._all
        left = tuple(f"{opened.streams} x stream of {opened.config.id}" for opened in everything if opened.streams)
        for opened in everything:
            if opened.session is not None:
                await opened.session.close()
        self._current.clear()
        self._retired.clear()
        return left

    @property
    def streams(self) -> int:
        return sum(opened.streams for opened in self._all)

    def stats(self, sockets: Iterable[tuple[str, int]]) -> tuple[ConnectionStats, ...]:
        """Of each provider that has anything open. `sockets`: each session's name, and how many it holds."""
        found: dict[str, ConnectionStats] = {}
        for name, count in sockets:
            before = found.get(name, ConnectionStats(name))
            found[name] = replace(before, sessions=before.sessions + 1, sockets=before.sockets + count)
        for opened in self._all:
            if opened.streams:
                before = found.get(opened.config.id, ConnectionStats(opened.config.id))
                found[opened.config.id] = replace(before, streams=before.streams + opened.streams)
        return tuple(found.values())

    @property
    def _all(self) -> tuple[Opened, ...]:
        return (*self._current.values(), *self._retired)
