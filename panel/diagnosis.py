"""What can be said of a running panel when something is wrong: collected as values, for a page and for a ticket. No Qt.

`figures` are another a moment later and cost nothing to ask for. What has to be looked at, and may hang, is in
`surroundings`. `examine` is both. Nothing here asks for a key, and nothing is contacted beyond this computer.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..providers.manager import ConnectionStats
from . import surroundings
from .loop_stats import LoopStats
from .reports import Report, ReportCounts
from .reports.sink import SinkStats
from .surroundings import Surroundings
from .tasks.stats import ScopeStats
from .threads import DaemonExecutor, ThreadStats

if TYPE_CHECKING:
    from .app import Application


@dataclass(frozen=True, slots=True)
class Figures:
    """What lives at this moment. `loop` None: nobody measures it; `threads` None: there is no loop yet."""

    loop: LoopStats | None
    scopes: tuple[ScopeStats, ...]
    connections: tuple[ConnectionStats, ...]
    threads: ThreadStats | None
    reports: tuple[Report, ...]
    counts: ReportCounts
    sinks: tuple[SinkStats, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`taken`: seconds since 1970."""

    taken: float
    figures: Figures
    surroundings: Surroundings


async def examine(app: Application) -> Diagnosis:
    """Looks around, then takes the figures, so that a look that was given up is among them. Takes a second at most."""
    around = await surroundings.look_around(app)
    return Diagnosis(time.time(), figures(app, asyncio.get_running_loop()), around)


def figures(app: Application, loop: asyncio.AbstractEventLoop | None) -> Figures:
    """`loop`: the one whose threads are meant; from a Qt slot there is no running one to ask."""
    executor = getattr(loop, "_default_executor", None)  # asyncio has no public way to ask for it
    return Figures(
        loop=app.loop_stats(),
        scopes=(app.scope.stats(), app.reporting.stats()),
        connections=app.providers.stats(),
        threads=executor.stats() if isinstance(executor, DaemonExecutor) else None,
        reports=app.reports.recent(),
        counts=app.reports.counts(),
        sinks=app.forwarder.stats(),
    )
