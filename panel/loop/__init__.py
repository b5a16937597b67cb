"""asyncio and Qt on one thread, in one loop.

What is where, top to bottom:

    watchdog      tells when the thread does not turn
    panel_loop    `PanelLoop`: its two lives, standalone and attached to a running host
    batches       when callbacks run, and what holds in a nested Qt loop
    timers        what is due, and when
    pieces        how much of a stream is read at a time
    pulse         how it turns, by its own account
    waker         how Qt wakes it
    descriptors   how descriptors become ready
    completions   the same on Windows, where operations complete
    base          qasync, and the private names of asyncio that are used
"""

from .panel_loop import PanelLoop
from .watchdog import Stall, Watchdog

__all__ = ["PanelLoop", "Stall", "Watchdog"]
