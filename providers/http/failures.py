"""What `aiohttp` raises, as what it means to a user.

Owns the reading of its exceptions. Whose fault it is when a proxy is on the way depends on how far the request came:
until the way stands it is the proxy's, and without encryption every word there is the proxy's as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from ..connection_errors import kind_of_os_error
from ..errors import ProviderError, Service
from ..network import proxy_problems
from ..network.proxies import Proxy
from ..redact import Redactor
from .routes import Route

FAILURES = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError)
"""What a request may raise. TimeoutError and ssl.SSLError are OSErrors, bad URLs and headers ValueErrors."""

_TLS_ALERT = r"\x15\x03"
"""How encryption begins to complain, as aiohttp's message shows the bytes."""
_DETAIL = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """The line on which something failed. `connected`: the way to the server stood; `answered`: it spoke before."""

    service: Service
    secure: bool
    route: Route
    connected: bool
    answered: bool
    connect_seconds: float

    @property
    def at_proxy(self) -> Proxy | None:
        """The proxy, if it is the one who speaks at this point."""
        return None if self.connected and self.secure else self.route.proxy


def read_failure(error: BaseException, line: Line, redactor: Redactor) -> ProviderError:
    """What any of `FAILURES` means, but for a time that we set ourselves."""
    proxy, detail = line.at_proxy, detail_of(error, redactor)
    found = _of_proxy(error, line, proxy, detail) if proxy else None
    return found or line.service.error(_kind(error, line), seconds=line.connect_seconds, detail=detail)


def detail_of(error: BaseException, redactor: Redactor) -> str:
    return redactor.excerpt(f"{type(error).__name__}: {error}", _DETAIL)


def _of_proxy(error: BaseException, line: Line, proxy: Proxy, detail: str) -> ProviderError | None:
    """What is the proxy's; None if it is the server's all the same."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return proxy_problems.silent(proxy, line.service, line.connect_seconds, detail)
        case aiohttp.ClientConnectorDNSError():
            return proxy_problems.unreachable(proxy, line.service, "host_unknown", detail)
        case aiohttp.ClientProxyConnectionError():
            kind = kind_of_os_error(error.os_error, line.service)
            return proxy_problems.unreachable(proxy, line.service, kind, detail)
        case aiohttp.ClientHttpProxyError():
            with_login = line.route.login is not None
            return proxy_problems.answered(proxy, line.service, error.status, detail, with_login=with_login)
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            if not _is_with(proxy, error):
                return None
            return proxy_problems.unreachable(proxy, line.service, _kind(error, line), detail)
        case aiohttp.ClientResponseError() | HttpProcessingError():
            return proxy_problems.no_proxy(proxy, line.service, detail, speaks_tls=_TLS_ALERT in error.message)
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError() if not (line.connected and line.answered):
            return proxy_problems.hung_up(proxy, line.service, detail)
        case _:
            return None


def _is_with(proxy: Proxy, error: aiohttp.ClientConnectorError) -> bool:
    """There are two handshakes, if the proxy has one of its own."""
    return (error.host, error.port) == (proxy.host, proxy.port)


def _kind(error: BaseException, line: Line) -> str:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "host_unknown"
        case aiohttp.ClientConnectorCertificateError():
            return kind_of_os_error(error.certificate_error, line.service)
        case aiohttp.ConnectionTimeoutError():
            return "connect_timeout"
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return "bad_address"
        case aiohttp.ClientPayloadError():
            return "stream_cut"
        case aiohttp.ServerDisconnectedError() if not (line.answered or line.secure):
            return "http_on_tls"
        case aiohttp.ClientResponseError() | HttpProcessingError():
            return "http_on_tls" if _TLS_ALERT in error.message else "not_an_api"
        case OSError():
            cause = error.os_error if type(error) is aiohttp.ClientConnectorError else error
            kind = kind_of_os_error(cause, line.service)
            return "tls_failed" if kind == "stream_cut" and line.secure and not line.connected else kind
        case aiohttp.ClientConnectionError():
            return "stream_cut" if line.connected else "tls_failed"
        case _:
            return "unknown"
