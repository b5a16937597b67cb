"""What can be set about the network. Passwords are not among it: they are asked for as keys are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ProxyMode = Literal["system", "none", "manual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """`proxy_address` and `proxy_user` count for "manual". Loopback and `direct_hosts` are never reached by a proxy.

    `direct_hosts`: as `direct.is_listed` reads them. `ca_file`: certificates that are trusted besides those of the
    system, PEM; "" for none. There is no way to trust everybody.
    """

    proxy: ProxyMode = "system"
    proxy_address: str = ""
    proxy_user: str = ""
    direct_hosts: tuple[str, ...] = ()
    ca_file: str = ""
