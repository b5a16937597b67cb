"""asyncio and Qt on one thread, in one loop.

What is where:

    panel_loop   `PanelLoop`: its two lives, standalone and attached to a running host
    batches      when callbacks run
    qt           how Qt wakes the loop, and how descriptors become ready
    base         qasync, and the private names of asyncio that are used
"""

from .panel_loop import PanelLoop

__all__ = ["PanelLoop"]
