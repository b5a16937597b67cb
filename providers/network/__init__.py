"""How this computer gets to the network: through which proxy, and whose certificates it trusts.

    values         `Network`: what can be set
    direct         which servers are reached without a proxy
    proxies        the proxy for one server; what the system says is read here
    certificates   the one TLS context: the system's certificates and a file of one's own

It opens no connection: `http` and `reach` follow what is found here. What may hang is marked as blocking.
"""

from .values import Network, ProxyMode

__all__ = ["Network", "ProxyMode"]
