"""All providers behind one door: `ProviderManager`.

places          whose turn it is
retrying        how often is asked, and what is told meanwhile
opened          what is open, and who closes it
making          makes a provider of its row, a session and a key
network_parts   the sessions, imported when first needed
manager         the door
"""

from .manager import ProviderManager
from .opened import ConnectionStats, ProviderConfig
from .retrying import RequestPolicy, Timing

__all__ = ["ConnectionStats", "ProviderConfig", "ProviderManager", "RequestPolicy", "Timing"]
