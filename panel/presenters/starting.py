"""How the window and the pane in a host start alike: the services are imported on a thread, and the screen is alive.

Owns that import and its bound in time. It imports nothing else itself, or a pane would wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..threads import run_blocking
from .ways_in import LOADING, WayIn

if TYPE_CHECKING:
    from ..settings import Settings
    from .panel import Panel


async def start_panel(way_in: WayIn) -> Panel:
    """The services, and what makes panes of them. Raises whatever is wrong with the installation; TimeoutError."""
    panel, settings = await run_blocking(_load, deadline=LOADING)
    return panel(settings, way_in)


def _load() -> tuple[type[Panel], Settings]:
    from .. import settings
    from .panel import Panel

    return Panel, settings.load(settings.settings_path())
