"""What a user is told when the way ends at the proxy.

Owns the words; `http` and `reach` find out what happened. A password is in none of them. `detail` comes redacted.
"""

from __future__ import annotations

from dataclasses import replace

from ..errors import ProviderError, Service
from .proxies import Proxy, UnusableProxy

_TOLD_BY = {
    "system": "It was taken from the settings of this computer.",
    "settings": "It is the one in the network settings.",
}
_CAUSES = {
    "host_unknown": "its name was not found",
    "server_not_running": "nothing is listening there",
    "connect_timeout": "it does not answer",
    "offline": "there is no way to it from here",
}
_OF_ENCRYPTION = frozenset({"cert_untrusted", "cert_name", "cert_expired", "tls_on_http", "tls_failed"})


def unusable(error: UnusableProxy, service: Service) -> ProviderError:
    return service.error("proxy_refused", other=error.place or "of the settings", reason=str(error))


def unreachable(proxy: Proxy, service: Service, kind: str, detail: str) -> ProviderError:
    """`kind`: what kept from reaching it, as if it were the server."""
    if kind in _OF_ENCRYPTION:
        return replace(service, name=f"The proxy {proxy.place}", host=proxy.place).error(kind, detail=detail)
    cause = _CAUSES.get(kind, "the connection to it broke")
    return _failed(proxy, service, f"The proxy cannot be reached: {cause}. {_TOLD_BY[proxy.told_by]}", detail)


def no_proxy(proxy: Proxy, service: Service, detail: str = "", *, speaks_tls: bool) -> ProviderError:
    """What it said is no answer of a proxy."""
    if speaks_tls:
        return _failed(proxy, service, "The proxy speaks https: begin its address with https://.", detail)
    return _failed(proxy, service, "What answers there is no HTTP proxy.", detail)


def hung_up(proxy: Proxy, service: Service, detail: str = "") -> ProviderError:
    return _failed(proxy, service, "The proxy hung up without an answer.", detail)


def answered(proxy: Proxy, service: Service, status: int, detail: str = "", *, with_login: bool) -> ProviderError:
    """It said no. `with_login`: it was given a user name and a password."""
    if status != 407:
        reason = f"The proxy answered with HTTP {status} when it was asked for {service.host}."
        return _failed(proxy, service, reason, detail)
    wanted = service.problem("proxy_auth", status=status, detail=detail)
    if with_login:
        why = f"{proxy.place} refused the user name or the password that it was given."
        wanted = replace(wanted, why=why, next="Correct them in the proxy settings.")
    return ProviderError(wanted)


def silent(proxy: Proxy, service: Service, seconds: float, detail: str) -> ProviderError:
    """The time for connecting is over, and which of the two did not answer cannot be told."""
    late = service.problem("connect_timeout", seconds=seconds, detail=detail)
    why = f"It was asked for through the proxy {proxy.place}: that one or the server behind it is silent."
    return ProviderError(replace(late, why=why, next="Check the proxy settings, or try without the proxy."))


def _failed(proxy: Proxy, service: Service, reason: str, detail: str) -> ProviderError:
    return service.error("proxy_refused", other=proxy.place, reason=reason, detail=detail)
